// What the server counts, as plain numbers that metrics read at scrape time. Names of limits and results are closed sets.

import { AUTH_REFUSALS, type AuthRefusal } from './auth/authenticator.js';

/** Limits on what a client can do to the server itself, by the name of their metric label. */
export const SERVER_LIMITS = [
  'upgrades',
  'unauthenticated',
  'sessions',
  'inbound',
  'filters',
  'message',
  'fragments',
  'auth_timeout',
] as const;
export type ServerLimit = (typeof SERVER_LIMITS)[number];

/** Why an upgrade was refused with an HTTP answer. */
export const UPGRADE_REFUSALS = ['stopping', 'not_found', 'origin', 'subprotocol', 'token', 'limit'] as const;
export type UpgradeRefusal = (typeof UPGRADE_REFUSALS)[number];

export interface Traffic {
  /** Connections in the state of an open WebSocket, by whether they have shown who they are. */
  unauthenticated: number;
  sessions: number;
  /** The server has been told to stop: no connection has a future here. */
  isStopping: boolean;
  /** Of `sessions`, those that a stop is yet to close: all of them from its first moment on, none before. */
  readonly draining: number;
  opens: number;
  /** By close code as decided here or given by the peer; 1006 where there was none, `other` for a peer's invention. */
  readonly closes: Map<number | 'other', number>;
  readonly upgradeRefusals: Map<UpgradeRefusal, number>;
  readonly authenticated: { token: number; anonymous: number; refreshed: number };
  readonly authRefusals: Map<AuthRefusal, number>;
  readonly limitHits: Map<ServerLimit, number>;
  /** Commands taken, and those answered with an error in band. */
  commands: number;
  commandErrors: number;
  /** WebSocket messages of data and control lines, their bytes with headers. */
  socketWrites: number;
  socketBytes: number;
}

export function newTraffic(): Traffic {
  return {
    unauthenticated: 0,
    sessions: 0,
    isStopping: false,
    get draining() {
      return this.isStopping ? this.sessions : 0;
    },
    opens: 0,
    closes: new Map(),
    upgradeRefusals: zeros(UPGRADE_REFUSALS),
    authenticated: { token: 0, anonymous: 0, refreshed: 0 },
    authRefusals: zeros(AUTH_REFUSALS),
    limitHits: zeros(SERVER_LIMITS),
    commands: 0,
    commandErrors: 0,
    socketWrites: 0,
    socketBytes: 0,
  };
}

/** A rate over a series that is not there before its first count misses that count. */
function zeros<K>(keys: readonly K[]): Map<K, number> {
  return new Map(keys.map((key) => [key, 0]));
}

export function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
