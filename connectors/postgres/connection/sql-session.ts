// A session of SQL: queries, and rows by COPY. It knows no tables.

import { SourceUnavailable } from '../../contract.js';
import type { Access } from './access.js';
import type { Row } from './client.js';
import { HeldMessages } from './held-messages.js';
import { connectToPrimary } from './primary.js';
import type { ServerConnection } from './server-connection.js';

/**
 * Rejects with SourceUnavailable, OptionsRejected, or the signal's reason. The session ends when `signal` aborts: whatever is pending
 * then rejects with its reason.
 */
export async function openSql(access: Access, signal: AbortSignal): Promise<SqlSession> {
  return new SqlSession(await connectToPrimary(access, 'sql', signal));
}

/** Invariant: at most one statement runs at a time; others wait for their turn. */
export class SqlSession {
  readonly #connection: ServerConnection;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** 15, 18. */
  get majorVersion(): number {
    return this.#connection.majorVersion;
  }

  /** `host:port/database`, for messages. */
  get place(): string {
    return this.#connection.peer.place;
  }

  /**
   * Rows of the last statement of `text`, each value as Postgres writes it. With values (text, numbers, null, lists of these: `$1`), one
   * statement. Rejects with StatementRefused, or with SourceUnavailable when the connection is gone.
   */
  query(text: string, values?: readonly unknown[]): Promise<Row[]> {
    return this.#connection.query(text, values);
  }

  /**
   * Of a statement `COPY ... TO STDOUT`: pieces of one or more whole lines, which are the taker's to keep. Reading pauses while nobody
   * takes. The session cannot be used any more when this is left before its end, or when `signal` aborts, with whose reason it throws.
   */
  async *copyOut(statement: string, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    signal.throwIfAborted();
    const held = new HeldMessages<Buffer>(this.#connection);
    const abort = (): void => this.#leave(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const copied = this.#connection.copy(statement, 'statement', {
      take: (lines) => {
        const piece = Buffer.concat(lines);
        held.put([piece], piece.length);
      },
    });
    copied.then(
      () => held.end(),
      (error: Error) => held.end(error),
    );
    try {
      for (let taken = await held.take(); taken !== undefined; taken = await held.take()) {
        for (const piece of taken) {
          signal.throwIfAborted();
          yield piece;
        }
      }
    } finally {
      signal.removeEventListener('abort', abort);
      if (!held.isExhausted) this.#leave();
    }
  }

  /** Everything pending rejects. Done within half a second. Idempotent. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  #leave(reason: Error = new SourceUnavailable(`reading from ${this.place} was given up`)): void {
    this.#connection.fail({ kind: 'closed', reason });
  }
}
