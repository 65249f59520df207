// The rows as they were when the slot was made: exactly those whose transactions the stream will not bring. One transaction on a
// connection of its own reads the catalog and then each table; what the rows become after that is the stream's.

import { HistoryLost, SourceUnavailable, type SourceEvent, type SourceRecord } from '../contract.js';
import { publishedTables, typeKinds, type PublishedTable, type Sql } from './catalog/catalog.js';
import type { Selection } from './catalog/selection.js';
import { quoteLiteral } from './catalog/statements.js';
import { contractError, StatementRefused } from './connection/access-error.js';
import { selectCopied } from './copied-rows.js';
import type { CopyingSql } from './reselect.js';
import type { StreamedRows } from './streamed-rows.js';
import { EVENT_BYTES, EVENT_RECORDS, PARTITION } from './transaction-events.js';
import type { ByteScratch } from './wire/byte-scratch.js';
import type { TypeKinds } from './wire/type-kinds.js';

/** What the snapshot saw. */
export interface SeenCatalog {
  readonly tables: readonly PublishedTable[];
  readonly types: TypeKinds;
}

type RecordsEvent = Extract<SourceEvent, { type: 'records' }>;

/** Few enough for people, and nothing to those who count. */
const PROGRESS_MS = 250;
/** Of tables that nobody has analyzed. */
const GUESSED_ROW_BYTES = 100;

/**
 * Puts the session into the snapshot, for as long as its transaction lasts, and reads the catalog as it was then. Rejects with
 * SourceUnavailable where the connection that keeps the snapshot has ended.
 */
export async function enterSnapshot(sql: Sql, name: string, selection: Selection): Promise<SeenCatalog> {
  await sql.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await adopt(sql, name);
  // Row security would leave rows out without a word: now it is an error.
  await sql.query('SET LOCAL row_security = off');
  return { tables: await publishedTables(sql, selection), types: await typeKinds(sql) };
}

async function adopt(sql: Sql, name: string): Promise<void> {
  try {
    await sql.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(name)}`);
  } catch (error) {
    if (!(error instanceof StatementRefused) || !isSnapshotGone(error)) throw error;
    throw new SourceUnavailable(`${error.message}; the connection that kept it has ended`, { cause: error });
  }
}

/** Until version 16 the server took such a name for a wrong one. */
function isSnapshotGone({ sqlState }: StatementRefused): boolean {
  return sqlState === '42704' || sqlState === '22023' || sqlState === '55000';
}

export interface SnapshotTable {
  readonly table: PublishedTable;
  readonly rows: StreamedRows;
}

export interface SnapshotOptions {
  /** In the snapshot. */
  readonly sql: Sql & CopyingSql;
  /** Each with its rows. */
  readonly tables: readonly SnapshotTable[];
  /** Into which the rows are written. */
  readonly scratch: ByteScratch;
  /** Of all events. */
  readonly position: string;
  /** Of records; the number of the row within its table follows. */
  readonly offsetPrefix: string;
}

/** All rows, as records in events of bounded size, with progress in between; then ends the transaction. Rejects as `sql` does. */
export async function* snapshotEvents(
  options: SnapshotOptions,
  signal: AbortSignal,
): AsyncGenerator<SourceEvent> {
  const progress = new Progress(await estimatedRows(options.sql, options.tables));
  yield progress.event();
  for (const { table, rows } of options.tables) {
    for await (const event of tableEvents(options, rows, signal)) {
      yield event;
      progress.add(table.oid, event.records.length);
      if (progress.isDue) yield progress.event();
    }
    progress.complete(table.oid);
  }
  await options.sql.query('COMMIT');
  yield progress.event();
}

async function* tableEvents(
  { sql, scratch, position, offsetPrefix }: SnapshotOptions,
  rows: StreamedRows,
  signal: AbortSignal,
): AsyncGenerator<RecordsEvent> {
  const { table } = rows;
  const origin = { partition: PARTITION, topic: table.topic, partitionNumber: 0, position };
  let records: SourceRecord[] = [];
  let bytes = 0;
  let rowsRead = 0;
  for await (const chunk of copyOf(sql, rows, signal)) {
    for (let at = 0; at < chunk.length;) {
      if (records.length === 0) scratch.reset();
      const { key, value, end } = rows.copied(chunk, at);
      records.push({
        key,
        value,
        headers: undefined,
        timestampMs: -1,
        offset: `${offsetPrefix}${++rowsRead}`,
      });
      bytes += key.length + value.length;
      at = end;
      if (records.length < EVENT_RECORDS && bytes < EVENT_BYTES) continue;
      yield { type: 'records', ...origin, records };
      records = [];
      bytes = 0;
    }
  }
  if (records.length > 0) yield { type: 'records', ...origin, records };
}

/** The savepoint lets go of the table's lock, so that one who alters it waits for this table only, not for the whole snapshot. */
async function* copyOf(
  sql: Sql & CopyingSql,
  { table, writer }: StreamedRows,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    await sql.query('SAVEPOINT one_table');
    yield* sql.copyOut(`COPY (${selectCopied(table, writer)}) TO STDOUT`, signal);
    await sql.query('ROLLBACK TO SAVEPOINT one_table');
  } catch (error) {
    if (!(error instanceof StatementRefused) || !isAltered(error)) throw contractError(error);
    throw new HistoryLost(`${table.topic} was altered or dropped while it was being read: ${error.message}`, {
      cause: error,
    });
  }
}

/** A table, column or schema is not there under its name any more. */
function isAltered({ sqlState }: StatementRefused): boolean {
  return sqlState === '42P01' || sqlState === '42703' || sqlState === '3F000';
}

/** By oid of the table; as the server last counted or, where it never has, by size. */
async function estimatedRows(sql: Sql, tables: SnapshotOptions['tables']): Promise<Map<number, number>> {
  const oids = tables.flatMap(({ table }) => table.leaves.map(({ oid }) => oid));
  const rows = await sql.query(
    `SELECT oid, CASE WHEN reltuples < 0 OR relpages = 0 THEN coalesce(pg_catalog.pg_relation_size(oid), 0) / ${GUESSED_ROW_BYTES}
            ELSE reltuples END::int8 AS estimate FROM pg_catalog.pg_class WHERE oid = ANY ($1::oid[])`,
    [`{${oids.join(',')}}`],
  );
  const byLeaf = new Map(rows.map((row) => [Number(row['oid']), Number(row['estimate'])]));
  const sum = (leaves: PublishedTable['leaves']): number =>
    leaves.reduce((total, { oid }) => total + (byLeaf.get(oid) ?? 0), 0);
  return new Map(tables.map(({ table }) => [table.oid, sum(table.leaves)]));
}

/** Invariant: `done` never exceeds `total`, whose estimates are replaced by what was counted. */
class Progress {
  readonly #estimates: Map<number, number>;
  readonly #counts = new Map<number, number>();
  #saidAtMs = 0;

  constructor(estimates: Map<number, number>) {
    this.#estimates = estimates;
  }

  get isDue(): boolean {
    return performance.now() - this.#saidAtMs >= PROGRESS_MS;
  }

  add(oid: number, rows: number): void {
    this.#counts.set(oid, (this.#counts.get(oid) ?? 0) + rows);
  }

  complete(oid: number): void {
    this.#estimates.set(oid, this.#counts.get(oid) ?? 0);
  }

  event(): Extract<SourceEvent, { type: 'progress' }> {
    this.#saidAtMs = performance.now();
    let [done, total] = [0, 0];
    for (const [oid, estimate] of this.#estimates) {
      const count = this.#counts.get(oid) ?? 0;
      done += count;
      total += Math.max(count, estimate);
    }
    return { type: 'progress', done, total };
  }
}
