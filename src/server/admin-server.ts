// The operator's port: metrics and health for everybody who reaches it, the admin API for who has the token. It is not for
// the internet.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import { refusal, type Answer } from './admin-api.js';
import { AdminGuard, type AdminRefusal, type SealedToken } from './admin-guard.js';
import { ADMIN_ROUTES, type AdminRoute, type AdminSuppliers } from './admin-routes.js';
import { listen, newHttpServer, type Address } from './http-listen.js';

export interface AdminServerOptions extends AdminSuppliers {
  readonly clock: Clock;
  readonly log: Log;
  readonly listen: Address & { readonly token?: SealedToken | undefined };
  /** Time that a request may take to arrive. */
  readonly requestMs?: Ms;
}

const REQUEST_MS: Ms = 10_000;
/** No command has a body yet; room for an empty document. */
const MAX_BODY_BYTES = 1_024;

/** Invariant: nothing but the routes that are open is answered, not even by 404, before the token is checked. */
export class AdminServer {
  readonly #o: AdminServerOptions;
  readonly #http: Server;
  readonly #guard: AdminGuard;

  constructor(options: AdminServerOptions) {
    this.#o = options;
    this.#guard = new AdminGuard(options.clock, options.log);
    this.#guard.useToken(options.listen.token);
    this.#http = newHttpServer(options.requestMs ?? REQUEST_MS);
    this.#http.on('request', (request, response) => void this.#request(request, response));
  }

  /** Requests to the API that were refused for their token, since the start. */
  get refusals(): ReadonlyMap<AdminRefusal, number> {
    return this.#guard.refusals;
  }

  /** From the next request on this token is the right one. Undefined: none is. */
  useToken(token: SealedToken | undefined): void {
    this.#guard.useToken(token);
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
    try {
      send(request, response, await this.#answer(request));
    } catch (error) {
      if (request.errored !== null) return; // it broke off in its body
      this.#o.log.error('unexpected', { error });
      send(request, response, refusal(500, { code: 'unexpected', message: 'a bug: see the log' }));
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const [pathname, query = ''] = (request.url ?? '/').split('?', 2); // new URL throws on what a client may send
    const routes = ADMIN_ROUTES.filter(({ path }) => path === pathname);
    const isOpen = routes.length > 0 && routes.every(({ access }) => access === 'open');
    const refused = isOpen ? undefined : this.#guard.check(request);
    if (refused !== undefined) return refused;
    if (routes.length === 0) return refusal(404, { code: 'not_found', message: 'there is no such route' });
    const route = routes.find(({ method }) => method === request.method || isHead(method, request));
    if (route === undefined) return notAllowed(routes);
    if (route.method === 'POST' && !(await isBodySmall(request))) {
      return refusal(413, { code: 'too_large', message: `a body has at most ${MAX_BODY_BYTES} bytes` });
    }
    return await route.answer(this.#o, new URLSearchParams(query));
  }
}

function isHead(method: AdminRoute['method'], request: IncomingMessage): boolean {
  return method === 'GET' && request.method === 'HEAD';
}

function notAllowed(routes: readonly AdminRoute[]): Answer {
  const methods = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  const allow = methods.join(', ');
  return refusal(405, { code: 'method_not_allowed', message: `only ${allow}` }, { Allow: allow });
}

/** Reads the body to its end, or as far as it may go. What it says is of no use yet. */
async function isBodySmall(request: IncomingMessage): Promise<boolean> {
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return false;
  }
  return true;
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const isText = typeof body === 'string';
  if (!request.complete && hasBody(request)) response.shouldKeepAlive = false; // what it still sends is not read
  response.writeHead(status, {
    'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(isText ? body : `${JSON.stringify(body)}\n`);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
