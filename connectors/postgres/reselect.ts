// Asks the database for what an update left out because it is stored out of line and unchanged. The answer is of now, the update of
// then: the row is taken only if it is as the update says in everything else. If it is not, what changed it is still to come.

import { setTimeout as wait } from 'node:timers/promises';

import { quoteLiteral } from './catalog/statements.js';
import { contractError, StatementRefused } from './connection/access-error.js';
import { copiedNames, selectCopied } from './copied-rows.js';
import type { Filled, RowUpdate } from './streamed-rows.js';
import { ByteScratch } from './wire/byte-scratch.js';
import { RowWriter } from './wire/row-writer.js';
import type { Table } from './wire/table.js';
import type { TypeKinds } from './wire/type-kinds.js';

/** A session that answers COPY; what it yields together is the whole answer. */
export interface CopyingSql {
  copyOut(text: string, signal: AbortSignal): AsyncIterable<Buffer>;
}

export interface Reselection {
  readonly table: Table;
  readonly types: TypeKinds;
  readonly update: RowUpdate;
  /** Of its transaction. */
  readonly xid: number;
}

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;
/** The table or a column is not there under this name any more: a look at the catalog tells what became of it. */
const UNDEFINED = new Set(['42P01', '42703', '3F000']);
const TAB = 0x09;
const TRUE = 0x74;

/**
 * Rejects as `copyOut` does. A commit is in the log, and so in the stream, a little before others see it, or long before where it
 * waits for a standby. The row that is seen until then is older than the update, and no change of it is to come.
 */
export async function reselect(sql: CopyingSql, asked: Reselection, signal: AbortSignal): Promise<Filled> {
  const { table, types, update } = asked;
  const writer = new RowWriter(table, types, new ByteScratch());
  const text = question(table, writer, writer.keyTexts(update.row, update.key));
  for (let pauseMs = FIRST_WAIT_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_WAIT_MS)) {
    const answer = await answerTo(sql, text, signal);
    if (answer === undefined) return 'moved on';
    if (isVisible(asked.xid, answer.snapshot)) return filled(writer, update, answer.line);
    await wait(pauseMs, undefined, { signal });
  }
}

/** One line: the snapshot in which it was seen, whether there is such a row, and its columns. */
function question(table: Table, writer: RowWriter, keyTexts: readonly string[]): string {
  const keyColumns = table.columns.flatMap(({ isKey }, index) => (isKey ? [`c${index}`] : []));
  const condition = keyColumns.map((column, at) => `${column} = ${quoteLiteral(keyTexts[at] ?? '')}`);
  const rows = `SELECT * FROM (${selectCopied(table, writer)}) AS published WHERE ${condition.join(' AND ')}`;
  const fields = copiedNames(table, writer).map((name) => `seen.${name}`);
  return `COPY (SELECT pg_catalog.pg_current_snapshot(), seen.${keyColumns[0] ?? 'c0'} IS NOT NULL, ${fields.join(', ')}
    FROM (SELECT) AS always LEFT JOIN (${rows}) AS seen ON true) TO STDOUT`;
}

interface Answer {
  readonly snapshot: string;
  /** undefined: there is no such row. */
  readonly line: Buffer | undefined;
}

/** undefined: there is no such table. */
async function answerTo(sql: CopyingSql, text: string, signal: AbortSignal): Promise<Answer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of sql.copyOut(text, signal)) chunks.push(Buffer.from(chunk));
  } catch (error) {
    if (error instanceof StatementRefused && UNDEFINED.has(error.sqlState)) return undefined;
    throw contractError(error);
  }
  const answer = Buffer.concat(chunks);
  const end = answer.indexOf(TAB);
  const snapshot = answer.toString('latin1', 0, end);
  const isThere = answer[end + 1] === TRUE;
  return { snapshot, line: isThere ? answer.subarray(end + 3) : undefined };
}

/** `snapshot`: `xmin:xmax:xip,xip`, where transactions have 64 bits; the stream has the lower 32. */
export function isVisible(xid: number, snapshot: string): boolean {
  const [, end = '0', running = ''] = snapshot.split(':');
  const next = BigInt(end);
  const near = next - BigInt.asIntN(32, next - BigInt(xid));
  return near < next && !running.split(',').includes(String(near));
}

function filled(writer: RowWriter, { row }: RowUpdate, line: Buffer | undefined): Filled {
  if (line === undefined || !writer.isSame(row, line)) return 'moved on';
  const missing = writer.unchangedIn(row);
  writer.fromCopyLine(line);
  return new Map(missing.map((column) => [column, writer.jsonOfLast(column)]));
}
