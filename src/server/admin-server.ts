// The operator's port: metrics and health for everybody who reaches it, the admin API for who has the token. It is not for
// the internet.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import { refusal, type Answer } from './admin-api.js';
import { PUSH_OUTCOMES, pushOutcome, type PushOutcome } from './admin-push.js';
import { AdminGuard, type AdminRefusal, type SealedToken } from './admin-guard.js';
import {
  ADMIN_ROUTES,
  EMPTY_DOCUMENT_BYTES,
  type AdminRequestHead,
  type AdminRoute,
  type AdminSuppliers,
} from './admin-routes.js';
import { listen, newHttpServer, type Address } from './http-listen.js';
import { hasBody, RequestBodies } from './request-bodies.js';
import { matchPath, type PathParameters } from './route-path.js';
import { count } from './traffic.js';

export interface AdminServerOptions extends AdminSuppliers {
  readonly clock: Clock;
  readonly log: Log;
  readonly listen: Address & { readonly token?: SealedToken | undefined };
  /** Time that a request may take to arrive. */
  readonly requestMs?: Ms;
}

const REQUEST_MS: Ms = 10_000;
/** Of all bodies that arrive at one time; eight of the largest that `push` may take. */
const ARRIVING_BYTES = 64 * 1024 * 1024;
/** How long a sender that is refused may go on sending, so that it reads why instead of a broken connection. */
const LINGER_MS: Ms = 1_000;

/** A route with what its path says. */
interface MatchedRoute {
  readonly route: AdminRoute;
  readonly parameters: PathParameters;
}

/** A request that was let in. */
interface AdmittedRequest {
  readonly route: AdminRoute;
  readonly head: AdminRequestHead;
}

/** Invariant: nothing but the routes that are open is answered, not even by 404, before the token is checked. */
export class AdminServer {
  /** Requests to sources, by what became of them, since the start. */
  readonly pushes = new Map<PushOutcome, number>(PUSH_OUTCOMES.map((outcome) => [outcome, 0]));
  readonly #o: AdminServerOptions;
  readonly #http: Server;
  readonly #guard: AdminGuard;
  readonly #bodies = new RequestBodies(ARRIVING_BYTES);

  constructor(options: AdminServerOptions) {
    this.#o = options;
    this.#guard = new AdminGuard(options.clock, options.log);
    this.#guard.useToken(options.listen.token);
    this.#http = newHttpServer(options.requestMs ?? REQUEST_MS);
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#request(request, response);
    this.#http.on('request', answer);
    this.#http.on('checkContinue', answer); // who waits for `100 Continue` is refused before it sends its body
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
      this.#send(request, response, await this.#answer(request, response));
    } catch (error) {
      if (request.errored !== null) return; // it broke off in its body
      this.#o.log.error('unexpected', { error });
      this.#send(request, response, refusal(500, { code: 'unexpected', message: 'a bug: see the log' }));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const [pathname = '', query = ''] = (request.url ?? '/').split('?', 2); // new URL throws on what a client may send
    const routes = matchedRoutes(pathname);
    const refused = this.#check(request, routes);
    if (refused !== undefined) return refused;
    if (routes.length === 0) return refusal(404, { code: 'not_found', message: 'there is no such route' });
    const matched = routes.find(
      ({ route: { method } }) => method === request.method || isHead(method, request),
    );
    if (matched === undefined) return notAllowed(routes);
    const { route, parameters } = matched;
    const head = { parameters, query: new URLSearchParams(query), headers: request.headers };
    const answer = await this.#answerOf(request, response, { route, head });
    if (route.access === 'sender') count(this.pushes, pushOutcome(answer));
    return answer;
  }

  async #answerOf(
    request: IncomingMessage,
    response: ServerResponse,
    { route, head }: AdmittedRequest,
  ): Promise<Answer> {
    const signal = senderGone(response);
    const body = route.method === 'POST' ? await this.#body(request, response, { route, head }) : NO_BODY;
    return Buffer.isBuffer(body) ? await route.answer(this.#o, { ...head, body, signal }) : body;
  }

  /** Undefined: let it in. All routes of one path let in the same. */
  #check(request: IncomingMessage, [matched]: readonly MatchedRoute[]): Answer | undefined {
    switch (matched?.route.access) {
      case 'open':
        return undefined;
      case 'sender':
        return this.#guard.checkSender(request, matched.route.senderToken?.(this.#o, matched.parameters));
      case 'token':
      case undefined:
        return this.#guard.check(request);
    }
  }

  async #body(
    request: IncomingMessage,
    response: ServerResponse,
    { route, head }: AdmittedRequest,
  ): Promise<Buffer | Answer> {
    const maxBytes = route.maxBodyBytes?.(this.#o, head) ?? EMPTY_DOCUMENT_BYTES;
    if (typeof maxBytes !== 'number') return maxBytes;
    const body = await this.#bodies.read(request, maxBytes, () => response.writeContinue());
    switch (body) {
      case 'too large':
        return refusal(413, { code: 'too_large', message: `a body has at most ${maxBytes} bytes` });
      case 'full':
        return refusal(503, { code: 'busy', message: 'too much arrives at once' }, { 'Retry-After': '1' });
      default:
        return body;
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
    if (response.headersSent || response.destroyed) return;
    const isText = typeof body === 'string';
    const text = isText ? body : `${JSON.stringify(body)}\n`;
    response.writeHead(status, {
      'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(isUnread(request) && { Connection: 'close' }),
      ...headers,
    });
    if (!isUnread(request)) {
      response.end(text);
      return;
    }
    response.write(text);
    const end = (): void => {
      cancel();
      response.end();
    };
    const cancel = this.#o.clock.after(LINGER_MS, end);
    request.on('end', end).on('error', cancel).resume();
  }
}

const NO_BODY = Buffer.alloc(0);

function matchedRoutes(pathname: string): readonly MatchedRoute[] {
  return ADMIN_ROUTES.flatMap((route) => {
    const parameters = matchPath(route.path, pathname);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
}

function isHead(method: AdminRoute['method'], request: IncomingMessage): boolean {
  return method === 'GET' && request.method === 'HEAD';
}

function notAllowed(routes: readonly MatchedRoute[]): Answer {
  const methods = routes.flatMap(({ route: { method } }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  const allow = methods.join(', ');
  return refusal(405, { code: 'method_not_allowed', message: `only ${allow}` }, { Allow: allow });
}

function senderGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

/** There is a body, and its end has not been seen. */
function isUnread(request: IncomingMessage): boolean {
  return !request.complete && hasBody(request);
}
