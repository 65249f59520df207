// The operator's port: metrics and health. It is not for the internet: nothing here asks who is asking.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Ms } from '../topic/update.js';
import { listen, newHttpServer, type Address } from './http-listen.js';

/** One thing that must be so before this process should get clients. */
export interface ReadinessCheck {
  readonly name: string;
  readonly isReady: boolean;
  /** For people: `37 % of 2.1 M records`. */
  readonly detail?: string;
}

export interface AdminServerOptions {
  readonly listen: Address;
  /** The text of a scrape and its content type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** All must hold. An upstream that fails later changes none: what is served is marked stale instead. */
  readonly readiness: () => readonly ReadinessCheck[];
}

const REQUEST_MS: Ms = 10_000;

/** Holds the listening socket, nothing else. */
export class AdminServer {
  readonly #o: AdminServerOptions;
  readonly #http: Server;

  constructor(options: AdminServerOptions) {
    this.#o = options;
    this.#http = newHttpServer(REQUEST_MS);
    this.#http.on('request', (request, response) => void this.#request(request, response));
  }

  /** Rejects with a TailraceError `address-unavailable`. */
  listen(): Promise<Address> {
    return listen(this.#http, this.#o.listen);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [pathname, query = ''] = (request.url ?? '/').split('?', 2); // new URL throws on what a client may send
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'only GET');
    switch (pathname) {
      case '/livez':
        return answer(response, 200, 'ok'); // the event loop answers: that is all it says
      case '/readyz':
        return this.#readiness(response, new URLSearchParams(query).has('verbose'));
      case '/metrics':
        return this.#metrics(response);
      default:
        return answer(response, 404, 'not found');
    }
  }

  #readiness(response: ServerResponse, isVerbose: boolean): void {
    const checks = this.#o.readiness();
    const isReady = checks.every((check) => check.isReady);
    const lines = checks.map(
      ({ name, isReady: ok, detail }) => `${ok ? 'ok' : 'waiting'} ${name}${detail ? ` (${detail})` : ''}`,
    );
    const verdict = isReady ? 'ready' : 'not ready';
    answer(response, isReady ? 200 : 503, isVerbose ? [...lines, verdict].join('\n') : verdict);
  }

  async #metrics(response: ServerResponse): Promise<void> {
    try {
      const { contentType, body } = await this.#o.metrics();
      response.writeHead(200, { 'Content-Type': contentType }).end(body);
    } catch {
      answer(response, 500, 'the metrics could not be read');
    }
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${text}\n`);
}
