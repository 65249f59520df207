// From an HTTP upgrade to an open WebSocket, or to an HTTP answer that says why not. What cannot become a session is refused
// here, before it costs a WebSocket.

import { randomBytes } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions } from 'ws';
import type { Clock } from '../clock.js';
import { offersSubprotocol, SUBPROTOCOL_JSON } from '../protocol/subprotocol.js';
import type { Log } from '../telemetry/logger.js';
import type { Authenticator } from './auth/authenticator.js';
import type { Identity, Peer } from './connection.js';
import { RateLimit } from './limits.js';
import { bearerToken, checkOrigin } from './origin.js';
import { count, type Traffic, type UpgradeRefusal } from './traffic.js';

/** Where the WebSocket is. */
export const STREAM_PATH = '/v1/stream';

/** Browsers hardly fragment; a million empty fragments are an attack. */
const MAX_FRAGMENTS = 128;
const MAX_BUFFERED_CHUNKS = 4_096;

export interface UpgradeLimits {
  readonly maxMessageBytes: number;
  readonly upgradesPerSecond: number;
  readonly unauthenticatedSessions: number;
  readonly sessions: number;
}

export interface UpgradesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly limits: UpgradeLimits;
  readonly traffic: Traffic;
  readonly origins: ReadonlySet<string>;
  /** Called for each accepted upgrade, with the WebSocket open. */
  readonly accepted: (peer: Peer) => void;
}

interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 503;
  readonly why: UpgradeRefusal;
  readonly text: string;
}

/** Invariant: an upgrade is accepted only while it passes every check, the last of them after its token was verified. */
export class Upgrades {
  readonly #o: UpgradesOptions;
  readonly #rate: RateLimit;
  readonly #wss: WebSocketServer;
  #isStopping = false;
  /** Upgrades whose token is being verified: they count against the cap as well. */
  #verifying = 0;

  constructor(options: UpgradesOptions) {
    const { limits, clock } = options;
    this.#o = options;
    this.#rate = new RateLimit(clock, {
      perSecond: limits.upgradesPerSecond,
      burst: limits.upgradesPerSecond,
    });
    this.#wss = new WebSocketServer(socketOptions(limits.maxMessageBytes));
  }

  /** From here on everybody is sent elsewhere. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Handles the `upgrade` event of an HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', destroy); // a reset before ws has the socket
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return this.#refuse(socket, refusal);
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) return this.#accept(request, socket, head, undefined);
    if (token === null)
      return this.#refuse(socket, { status: 401, why: 'token', text: 'use Authorization: Bearer' });
    this.#verifying += 1;
    void this.#o.authenticator.authenticate(token).then((answer) => {
      this.#verifying -= 1;
      if (answer.ok) return this.#accept(request, socket, head, answer);
      count(this.#o.traffic.authRefusals, answer.reason);
      this.#o.log.info('token-refused', { reason: answer.reason });
      if (answer.reason === 'keys_unavailable')
        return this.#refuse(socket, busy('the token cannot be checked'));
      this.#refuse(socket, { status: 401, why: 'token', text: 'the token was refused' });
    });
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { traffic, limits, origins } = this.#o;
    const pathname = (request.url ?? '/').split('?', 1)[0];
    if (this.#isStopping) return { status: 503, why: 'stopping', text: 'the server stops' };
    if (pathname !== STREAM_PATH) return { status: 404, why: 'not_found', text: 'not found' };
    if (checkOrigin(request.headers.origin, origins) === 'refused') {
      return { status: 403, why: 'origin', text: 'pages of this origin are not allowed' };
    }
    if (!offersSubprotocol(request.headers['sec-websocket-protocol'])) {
      return { status: 400, why: 'subprotocol', text: `the subprotocol ${SUBPROTOCOL_JSON} is required` };
    }
    const waiting = traffic.unauthenticated + this.#verifying;
    if (waiting >= limits.unauthenticatedSessions) {
      count(traffic.limitHits, 'unauthenticated');
      return busy('too many connections are not authenticated yet');
    }
    if (waiting + traffic.sessions >= limits.sessions) {
      count(traffic.limitHits, 'sessions');
      return busy('too many sessions');
    }
    if (this.#rate.take()) return undefined;
    count(traffic.limitHits, 'upgrades');
    return busy('too many connections at once');
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, identity: Identity | undefined): void {
    if (this.#isStopping)
      return this.#refuse(socket, { status: 503, why: 'stopping', text: 'the server stops' });
    if (socket.destroyed) return;
    const remote = request.socket.remoteAddress;
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      this.#o.accepted({ ws, socket, id: `s_${randomBytes(9).toString('base64url')}`, remote, identity });
    });
  }

  #refuse(socket: Duplex, refusal: Refusal): void {
    count(this.#o.traffic.upgradeRefusals, refusal.why);
    const { status, text } = refusal;
    const headers = [
      'Connection: close',
      'Content-Type: text/plain',
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    if (status === 401) headers.push('WWW-Authenticate: Bearer');
    if (status === 503) headers.push(`Retry-After: ${1 + Math.floor(this.#o.clock.random() * 5)}`); // spread, not in step
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('\r\n')}\r\n\r\n${text}`);
    socket.once('finish', () => socket.destroy());
  }
}

function destroy(this: Duplex): void {
  this.destroy();
}

function busy(text: string): Refusal {
  return { status: 503, why: 'limit', text };
}

/** ws 8.23 has two options more than its types. Deadlines are ours (ending.ts), so that of ws only backs them up. */
function socketOptions(maxPayload: number): ServerOptions {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    handleProtocols: () => SUBPROTOCOL_JSON,
  };
  return options;
}
