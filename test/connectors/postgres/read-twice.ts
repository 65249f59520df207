// Reads the rows of a table in both ways, with the settings with which the connector connects: by COPY, as a snapshot does, and from a
// slot's stream.

import { publishedTables, typeKinds } from '../../../connectors/postgres/catalog/catalog.js';
import { accessSettings } from '../../../connectors/postgres/connection/access.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import type { ReplicationStream } from '../../../connectors/postgres/connection/replication-stream.js';
import { openSql } from '../../../connectors/postgres/connection/sql-session.js';
import { selectCopied } from '../../../connectors/postgres/copied-rows.js';
import { ByteScratch } from '../../../connectors/postgres/wire/byte-scratch.js';
import { decodeMessage } from '../../../connectors/postgres/wire/pgoutput.js';
import { RowWriter } from '../../../connectors/postgres/wire/row-writer.js';

const TIMEOUT_MS = 20_000;
const SLOT = 'read_twice';

/** A row as JSON: of each column, by name, and as a record has it. */
export interface ReadRow {
  readonly key: string;
  readonly value: string;
  readonly columns: ReadonlyMap<string, string>;
}

export interface ReadTwice {
  readonly copied: readonly ReadRow[];
  readonly streamed: readonly ReadRow[];
}

/**
 * `write` inserts rows into the one table of `publication`; they come back as COPY has them, and as the stream has them, each in the
 * order of the numbers in their keys.
 */
export async function readTwice(
  url: string,
  publication: string,
  write: () => Promise<unknown>,
): Promise<ReadTwice> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const access = { settings: accessSettings({ url }) };
  const replication = await openReplication(access, signal);
  const sql = await openSql(access, signal);
  try {
    const slot = await replication.createSlot({ name: SLOT, temporary: true, failover: false });
    await write();
    const [table] = await publishedTables(sql, { publication });
    if (table === undefined) throw new Error(`${publication} has no table`);
    const writer = new RowWriter(table, await typeKinds(sql), new ByteScratch());
    const read = (key: Buffer, value: Buffer): ReadRow => ({
      ...{ key: key.toString(), value: value.toString() },
      columns: new Map(table.columns.map(({ name }, column) => [name, writer.jsonOfLast(column).toString()])),
    });
    const copied: ReadRow[] = [];
    for await (const chunk of sql.copyOut(`COPY (${selectCopied(table, writer)}) TO STDOUT`, signal)) {
      for (let at = 0; at < chunk.length;) {
        const row = writer.fromCopyLine(chunk, at);
        copied.push(read(row.key, row.value));
        at = row.end;
      }
    }
    const stream = replication.start({ slot: SLOT, publication, from: slot.consistentPoint });
    const streamed = await streamedRows(stream, { count: copied.length, writer, read, signal });
    return { copied: copied.sort(byKey), streamed: streamed.sort(byKey) };
  } finally {
    await Promise.all([replication.close(), sql.close()]);
  }
}

function byKey(one: ReadRow, other: ReadRow): number {
  return one.key.localeCompare(other.key, 'en', { numeric: true });
}

interface Streamed {
  readonly count: number;
  readonly writer: RowWriter;
  readonly read: (key: Buffer, value: Buffer) => ReadRow;
  readonly signal: AbortSignal;
}

async function streamedRows(
  stream: ReplicationStream,
  { count, writer, read, signal }: Streamed,
): Promise<ReadRow[]> {
  const rows: ReadRow[] = [];
  for await (const messages of stream.messages(signal)) {
    for (const message of messages) {
      if (message.kind !== 'data') continue;
      const decoded = decodeMessage(message.payload);
      if (decoded.kind !== 'insert') continue;
      const value = writer.valueOf(decoded.row);
      if (value === 'incomplete') throw new Error('an insert left out a column');
      rows.push(read(writer.keyOf(decoded.row), value));
    }
    if (rows.length >= count) break;
  }
  await stream.close();
  return rows;
}
