// The connection of a loop to its broker, replaced while the loop goes on: before the broker ends a session, and when other
// credentials are to be used.

import type { FetchSocket } from './cluster.js';
import { FetchConnection } from './fetch-connection.js';
import type { FetchVersion } from './fetch-request.js';

export interface OpenConnection {
  readonly connection: FetchConnection;
  readonly version: FetchVersion;
  /** Monotonic times: a successor is opened from the first on; at the second the broker hangs up. */
  readonly renewAt: number;
  readonly endsAt: number;
}

/** Share of a session after which a successor is opened. Brokers hang up on the first request after its end (KIP-368). */
const RENEW_AFTER = 0.8;
/** After a successor could not be opened. */
const RETRY_RENEWAL_MS = 5_000;

/**
 * Invariant: at most one connection is in use and at most one is being opened; a successor takes its place between two exchanges, and
 * the old one is used until then.
 */
export class BrokerConnection {
  readonly #open: () => Promise<FetchSocket>;
  readonly #timeoutMs: () => number;
  #current: OpenConnection | undefined;
  #next: OpenConnection | undefined;
  #renewing: Promise<void> | undefined;
  /** What is open was opened before the last renewal was asked for. */
  #isDue = false;
  #retryAt = 0;
  #isClosed = false;

  /** `timeoutMs`: how long an answer may take on a connection that is opened now. */
  constructor(open: () => Promise<FetchSocket>, timeoutMs: () => number) {
    this.#open = open;
    this.#timeoutMs = timeoutMs;
  }

  /** The connection for the next exchange. Throws what opening one throws. */
  async take(): Promise<OpenConnection> {
    const current = this.#newest();
    const now = performance.now();
    if (isUsable(current, now)) {
      if ((this.#isDue || now >= current.renewAt) && now >= this.#retryAt) void this.renew();
      return current;
    }
    await this.#renewing;
    const renewed = this.#newest();
    return isUsable(renewed, performance.now()) ? renewed : this.#use(await this.#opened());
  }

  /**
   * Opens a successor. Resolves when it is there, or could not be opened: then the old one stays in use, and it is tried again. Never
   * rejects.
   */
  renew(): Promise<void> {
    this.#isDue = this.#renewing !== undefined; // one that is being opened may be opened in the old way
    this.#renewing ??= this.#opened()
      .then(
        (opened) => {
          this.#next?.connection.close();
          this.#next = opened;
        },
        () => {
          this.#isDue = true;
          this.#retryAt = performance.now() + RETRY_RENEWAL_MS;
        },
      )
      .finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** The exchange failed: nothing that is open is used any more. */
  drop(): void {
    this.#current?.connection.close();
    this.#next?.connection.close();
    this.#current = undefined;
    this.#next = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  #newest(): OpenConnection | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next === undefined ? this.#current : this.#use(next);
  }

  #use(opened: OpenConnection): OpenConnection {
    this.#current?.connection.close();
    this.#current = opened;
    return opened;
  }

  async #opened(): Promise<OpenConnection> {
    const { socket, version, sessionMs } = await this.#open();
    const now = performance.now();
    const connection = new FetchConnection(socket, this.#timeoutMs());
    if (this.#isClosed) connection.close();
    const lastsMs = sessionMs > 0 ? sessionMs : Infinity;
    return { connection, version, renewAt: now + lastsMs * RENEW_AFTER, endsAt: now + lastsMs };
  }
}

function isUsable(open: OpenConnection | undefined, now: number): open is OpenConnection {
  return open !== undefined && !open.connection.isLost && now < open.endsAt;
}
