// How a connection ends: once, for the first reason given, and within a deadline.

import type { WebSocket } from 'ws';
import type { Cancel, Clock } from '../clock.js';
import { CloseCode } from '../protocol/close-codes.js';
import type { Ms } from '../topic/update.js';

/** Time that the peer has to answer our close frame. */
const CLOSE_HANDSHAKE_MS: Ms = 5_000;

export interface Outcome {
  /** As decided here, or as the peer gave it; 1006: it just went. */
  readonly code: number;
  readonly reason: string;
}

/** Codes of RFC 6455 that a peer may send, or ws reports, beside ours. */
const STANDARD_CODES = [1001, 1002, 1005, 1006, 1007, 1010, 1014, 1015];
const KNOWN_CODES: ReadonlySet<number> = new Set([...Object.values(CloseCode), ...STANDARD_CODES]);

/** The code as a metric label: a peer can invent three thousand others. */
export function closeLabel(code: number): number | 'other' {
  return KNOWN_CODES.has(code) ? code : 'other';
}

/** Invariant: the first outcome stays, and once there is one the socket is gone at most 5 s later. */
export class Ending {
  readonly #ws: WebSocket;
  readonly #clock: Clock;
  #outcome: Outcome | undefined;
  #cancel: Cancel | undefined;

  constructor(ws: WebSocket, clock: Clock) {
    this.#ws = ws;
    this.#clock = clock;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Notes why; false if that is known already. What closes the socket is up to the caller. */
  note(outcome: Outcome): boolean {
    if (this.#outcome !== undefined) return false;
    this.#outcome = outcome;
    this.#cancel = this.#clock.after(CLOSE_HANDSHAKE_MS, () => this.#ws.terminate());
    return true;
  }

  /** Says the outcome to the peer and waits for its answer. A reason has at most 123 bytes (RFC 6455 section 5.5). */
  tellPeer(): void {
    if (this.#outcome === undefined) return;
    this.#ws.close(this.#outcome.code, this.#outcome.reason);
    this.#ws.resume(); // a paused socket would never read the answer
  }

  /** The socket is gone. */
  done(): void {
    this.#cancel?.();
  }
}
