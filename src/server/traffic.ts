// What the server counts, as plain numbers that metrics read at scrape time. Names of limits and results are closed sets.

import type { AuthRefusal } from './auth/authenticator.js';

/** Limits on what a client can do to the server itself, by the name of their metric label. */
export type ServerLimit =
  | 'upgrades'
  | 'unauthenticated'
  | 'sessions'
  | 'inbound'
  | 'filters'
  | 'message'
  | 'fragments'
  | 'auth_timeout';

/** Why an upgrade was refused with an HTTP answer. */
export type UpgradeRefusal =
  'stopping' | 'not_found' | 'origin' | 'subprotocol' | 'handshake' | 'token' | 'limit';

export interface Traffic {
  /** Connections in the state of an open WebSocket, by whether they have shown who they are. */
  unauthenticated: number;
  sessions: number;
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
    opens: 0,
    closes: new Map(),
    upgradeRefusals: new Map(),
    authenticated: { token: 0, anonymous: 0, refreshed: 0 },
    authRefusals: new Map(),
    limitHits: new Map(),
    commands: 0,
    commandErrors: 0,
    socketWrites: 0,
    socketBytes: 0,
  };
}

export function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
