// Looks at the server now and then while it is read: whether the tables are what they were, and how much WAL is kept for us. Has the one
// connection on which the database can be asked something meanwhile.

import { HistoryLost, SourceUnavailable, type SourceLog } from '../contract.js';
import type { PublishedTable } from './catalog/catalog.js';
import { retainedWal, type WalAlarm } from './catalog/retained-wal.js';
import type { Selection } from './catalog/selection.js';
import { lookAtTables } from './catalog/table-watch.js';
import { contractError } from './connection/access-error.js';
import type { Access } from './connection/access.js';
import { openSql, type SqlSession } from './connection/sql-session.js';

export interface LookoutOptions {
  readonly access: Access;
  readonly selection: Selection;
  readonly slot: string;
  /** Bytes. */
  readonly walBudget: number;
  readonly alarm: WalAlarm;
  readonly log: SourceLog;
  /** Between two looks. */
  readonly lookEveryMs: number;
  /** Ends it, with its connection. */
  readonly signal: AbortSignal;
}

/**
 * Invariant: looks happen one after the other, on one connection at most. What was seen stays until it is taken. A server that cannot be
 * asked just now is asked again at the next look.
 */
export class Lookout {
  /** Called when there is something to be taken, or to {@link check}. */
  onNews: () => void = () => undefined;
  readonly #options: LookoutOptions;
  #tables: readonly PublishedTable[] | undefined;
  #gone: PublishedTable[] = [];
  #retained: number | undefined;
  #failure: Error | undefined;
  #superseded = 0;
  #looks: Promise<unknown> = Promise.resolve();
  #session: Promise<SqlSession> | undefined;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  /** Looks regularly until the signal aborts. */
  start(): void {
    const { lookEveryMs, signal } = this.#options;
    if (signal.aborted) return;
    const timer = setInterval(() => this.hasten(), lookEveryMs);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** From now on it looks at these too: as they were read, and then as each look finds them. */
  watch(tables: readonly PublishedTable[]): void {
    this.#tables = tables;
  }

  /** Tables that are no more, or are not published any more, and that nobody was told of. */
  get gone(): readonly PublishedTable[] {
    return this.#gone;
  }

  takeGone(): readonly PublishedTable[] {
    return this.#gone.splice(0);
  }

  /** What the last look found, bytes; undefined: nobody has looked since this was asked. */
  takeRetained(): number | undefined {
    const retained = this.#retained;
    this.#retained = undefined;
    return retained;
  }

  /** Throws HistoryLost when what is read is not what the database has, OptionsRejected when it does not let us look any more. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A change was left out, because what became of its row is still to come. Told with the next look. */
  countSuperseded(): void {
    this.#superseded++;
  }

  /** Looks as soon as it can. What it finds is news. */
  hasten(): void {
    void this.look().catch((error: unknown) => {
      if (error instanceof SourceUnavailable || this.#options.signal.aborted) return;
      this.#failure ??= error instanceof Error ? error : new Error('a look failed', { cause: error });
      this.onNews();
    });
  }

  /** Looks at all that is so now. Rejects with SourceUnavailable when it cannot, and with what {@link check} would throw. */
  look(): Promise<void> {
    const look = this.#looks.then(() => this.ask((sql) => this.#look(sql)));
    this.#looks = look.catch(() => undefined);
    return look;
  }

  /** Rejects as `question` does, in terms of the contract. One question at a time has the connection. */
  async ask<Answer>(question: (sql: SqlSession) => Promise<Answer>): Promise<Answer> {
    const { access, signal } = this.#options;
    const session = (this.#session ??= openLookout(access, signal));
    try {
      return await question(await session);
    } catch (error) {
      const known = contractError(error);
      if (known instanceof SourceUnavailable && this.#session === session) {
        this.#session = undefined;
        void session.then((sql) => sql.close()).catch(() => undefined);
      }
      throw known;
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.then((sql) => sql.close()).catch(() => undefined);
  }

  async #look(sql: SqlSession): Promise<void> {
    this.#tellSuperseded();
    await this.#lookAtWal(sql);
    if (this.#tables !== undefined) await this.#lookAtTables(sql, this.#tables);
    this.onNews();
  }

  async #lookAtWal(sql: SqlSession): Promise<void> {
    const { slot, walBudget, alarm } = this.#options;
    const retained = await retainedWal(sql, slot, walBudget);
    if (retained === undefined) return; // whoever streams from it is told
    alarm.look(retained);
    this.#retained = retained.bytes;
    if (retained.status !== 'lost') return;
    const why = retained.invalidation === undefined ? '' : ` (${retained.invalidation})`;
    throw new HistoryLost(
      `the server has given up slot ${slot}${why}: it kept more WAL than max_slot_wal_keep_size allows, or the slot was idle for too long`,
    );
  }

  async #lookAtTables(sql: SqlSession, before: readonly PublishedTable[]): Promise<void> {
    const { tables, changes } = await lookAtTables(sql, this.#options.selection, before);
    const lasting = changes.filter(({ kind }) => kind !== 'dropped' && kind !== 'left');
    if (lasting.length > 0)
      throw new HistoryLost(`${lasting.map(({ words }) => words).join('; ')}: all is read anew`);
    this.#tables = tables; // so that what was harmless is not added up with what comes
    if (changes.length === 0) return;
    const { log } = this.#options;
    for (const { table, words } of changes) log.warn('table-gone', { table: table.topic, reason: words });
    this.#gone.push(...changes.map(({ table }) => table));
  }

  #tellSuperseded(): void {
    if (this.#superseded === 0) return;
    this.#options.log.info('changes-superseded', { changes: this.#superseded });
    this.#superseded = 0;
  }
}

async function openLookout(access: Access, signal: AbortSignal): Promise<SqlSession> {
  const sql = await openSql(access, signal);
  // Row security would leave rows out without a word: now it is an error.
  await sql.query('SET row_security = off');
  return sql;
}
