// The port that clients reach: the WebSocket, values by HTTP, and nothing else but the pages that it is given.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { FanOut } from '../fanout/fan-out.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import type { Authenticator } from './auth/authenticator.js';
import { Connection, type ConnectionContext, type ConnectionLimits, type Peer } from './connection.js';
import { Drain, type DrainPlan } from './drain.js';
import { FrameCache } from './frame.js';
import { listen, newHttpServer, type Address } from './http-listen.js';
import { checkOrigin } from './origin.js';
import type { PageHandler } from './pages.js';
import type { SessionFigures } from './session-figures.js';
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

const REQUEST_MS: Ms = 10_000;

/** Invariant: `#connections` are those whose socket is not gone, and none is added once the drain has begun. */
export class PublicServer {
  readonly traffic: Traffic = newTraffic();
  readonly #o: PublicServerOptions;
  readonly #origins: Set<string>;
  readonly #http: Server;
  readonly #upgrades: Upgrades;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<Connection>();
  #drain: Drain | undefined;
  #empty: Promise<void> | undefined;
  #emptied: () => void = () => undefined;

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
   * Goes on for the plan's wait, then accepts nobody any more and tells every client to come back elsewhere, over the plan's
   * spread. Resolves when all are gone, after the plan's grace at the latest. Call it once.
   */
  async stop(plan: DrainPlan): Promise<void> {
    const { clock, log } = this.#o;
    const { waitMs, spreadMs, graceMs } = plan;
    const since = clock.monotonic();
    let terminated = 0;
    log.info('draining', { connections: this.#connections.size, waitMs, spreadMs });
    this.traffic.isStopping = true;
    const cancel = clock.after(graceMs, () => (terminated = this.#terminateAll()));
    if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    const closed = this.#acceptNoMore();
    const connections = this.#connections.size;
    const drain = this.#startDrain(spreadMs);
    await Promise.all([closed, this.#untilEmpty()]);
    cancel();
    const tookMs = Math.round(clock.monotonic() - since);
    log.info('drained', { connections, closed: drain.told, terminated, tookMs });
  }

  /** From here on browsers may connect from these pages, and no others. */
  useOrigins(origins: readonly string[]): void {
    this.#origins.clear();
    for (const origin of origins) this.#origins.add(origin);
  }

  /**
   * Who is let in, and as whom, is decided otherwise now: sessions get no data until they show a token that counts, and those
   * that do not are closed over `spreadMs`, so that they do not all come back in one moment.
   */
  reauthenticate(spreadMs: Ms): void {
    const { clock, limits } = this.#o;
    const clients = [...this.#connections].map((connection) => {
      connection.distrust();
      return { stop: () => connection.endIfExpired(), terminate: () => undefined };
    });
    new Drain({ clock, clients, spreadMs, joinsPerSecond: limits.upgradesPerSecond }).start();
  }

  #acceptNoMore(): Promise<void> {
    this.#upgrades.stop();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    return closed;
  }

  #startDrain(spreadMs: Ms): Drain {
    const { clock, limits } = this.#o;
    const joinsPerSecond = limits.upgradesPerSecond;
    this.#drain = new Drain({ clock, clients: this.#connections, spreadMs, joinsPerSecond });
    this.#drain.start();
    return this.#drain;
  }

  /** How many it were. */
  #terminateAll(): number {
    const left = [...this.#connections];
    for (const connection of left) connection.terminate();
    this.#http.closeAllConnections();
    return left.length;
  }

  /** Every session that is open now, for the operator. */
  *sessions(): Iterable<SessionFigures> {
    for (const { figures } of this.#connections) if (figures !== undefined) yield figures;
  }

  #untilEmpty(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return (this.#empty ??= new Promise((resolve) => (this.#emptied = resolve)));
  }

  #accepted(peer: Peer): void {
    const connection = new Connection(this.#context, peer);
    this.#connections.add(connection);
    peer.ws.on('close', () => {
      this.#connections.delete(connection);
      this.#drain?.gone(connection);
      if (this.#connections.size === 0) this.#emptied();
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const pathname = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (this.traffic.isStopping) response.shouldKeepAlive = false; // the next request finds another process
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
      this.#o.log.error('value-failed', { error });
      response.destroy();
    });
  }
}
