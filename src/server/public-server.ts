// The port that clients reach: the WebSocket, values by HTTP, and nothing else but the pages that it is given.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { FanOut } from '../fanout/fan-out.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import type { Authenticator } from './auth/authenticator.js';
import { Connection, type ConnectionContext, type ConnectionLimits, type Peer } from './connection.js';
import { FrameCache } from './frame.js';
import { listen, newHttpServer, type Address } from './http-listen.js';
import { checkOrigin } from './origin.js';
import type { PageHandler } from './pages.js';
import { newTraffic, type Traffic } from './traffic.js';
import { STREAM_PATH, Upgrades, type UpgradeLimits } from './upgrades.js';
import { answerValue, VALUES_PREFIX } from './values.js';

export type ServerLimits = ConnectionLimits & UpgradeLimits;

export interface PublicServerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly fanOut: FanOut;
  readonly authenticator: Authenticator;
  readonly listen: Address & { readonly origins: readonly string[] };
  readonly limits: ServerLimits;
  /** Asked for what is neither stream nor value. Absent: 404. */
  readonly pages?: PageHandler;
  /** Time that a request, or an upgrade, may take to arrive. */
  readonly requestMs?: Ms;
}

/** When clients should come back after a stop: the next process needs about this long. */
const RETRY_AFTER_STOP_MS: Ms = 1_000;
const REQUEST_MS: Ms = 10_000;

/** Invariant: `#connections` are those whose socket is not gone, and none is added after a stop has begun. */
export class PublicServer {
  readonly traffic: Traffic = newTraffic();
  readonly #o: PublicServerOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #http: Server;
  readonly #upgrades: Upgrades;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<Connection>();
  #emptied: (() => void) | undefined;

  constructor(options: PublicServerOptions) {
    this.#o = options;
    this.#origins = new Set(options.listen.origins);
    this.#context = { ...options, traffic: this.traffic, frames: new FrameCache() };
    this.#upgrades = new Upgrades({
      ...options,
      origins: this.#origins,
      traffic: this.traffic,
      accepted: (peer) => this.#accepted(peer),
    });
    this.#http = newHttpServer(options.requestMs ?? REQUEST_MS);
    this.#http.on('upgrade', (request, socket, head) => this.#upgrades.upgrade(request, socket, head));
    this.#http.on('request', (request, response) => this.#request(request, response));
  }

  /** Resolves once clients can connect. Rejects with a TailraceError `address-unavailable`. */
  listen(): Promise<Address> {
    return listen(this.#http, this.#o.listen);
  }

  /**
   * Accepts nobody any more, tells every session to come back elsewhere, and resolves when all are gone, after `graceMs`
   * at the latest. All sessions are closed at once: whoever wants them spread calls {@link Connection.stop} over time.
   */
  async stop(graceMs: Ms): Promise<void> {
    this.#upgrades.stop();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    for (const connection of [...this.#connections]) connection.stop(RETRY_AFTER_STOP_MS);
    const cancel = this.#o.clock.after(graceMs, () => {
      for (const connection of [...this.#connections]) connection.terminate();
      this.#http.closeAllConnections();
    });
    await Promise.all([closed, this.#untilEmpty()]);
    cancel();
  }

  #untilEmpty(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }

  #accepted(peer: Peer): void {
    const connection = new Connection(this.#context, peer);
    this.#connections.add(connection);
    peer.ws.on('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#emptied?.();
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const pathname = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (pathname === STREAM_PATH) {
      response
        .writeHead(426, { Upgrade: 'websocket', Connection: 'Upgrade' })
        .end('a WebSocket is required here');
    } else if (pathname.startsWith(VALUES_PREFIX)) {
      this.#requestValue(request, response, pathname.slice(VALUES_PREFIX.length));
    } else if (this.#o.pages?.(request, response, pathname) !== true) {
      response.writeHead(404).end('not found');
    }
  }

  #requestValue(request: IncomingMessage, response: ServerResponse, rawPath: string): void {
    const { origin } = request.headers;
    const check = checkOrigin(origin, this.#origins);
    response.setHeader('Vary', 'Origin');
    if (check === 'refused') return void response.writeHead(403).end();
    if (check === 'allowed') response.setHeader('Access-Control-Allow-Origin', origin ?? '');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, {
        'Access-Control-Allow-Headers': 'Authorization',
        'Access-Control-Max-Age': '600',
      });
      return void response.end();
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void response.writeHead(405, { Allow: 'GET, HEAD, OPTIONS' }).end();
    }
    answerValue({ ...this.#context }, request, response, rawPath).catch((error: unknown) => {
      this.#o.log.error('value-failed', { code: 'unexpected', error });
      response.destroy();
    });
  }
}
