// What the tables of a database hold, as a subscriber should see it: asked of the server itself and written by its own JSON
// functions, with nothing of the connector's.

import type { Json } from '../../../src/topic/json.js';
import { escapeSegment } from '../../../src/topic/path.js';
import type { Row, TestDatabase } from '../../support/postgres.js';

type Ask = (sql: string) => Promise<readonly Row[]>;

/** Where the rules of {@link rowMapping} put a row. */
export function rowPath(topic: string, key: Readonly<Record<string, Json>>): string {
  return `rows/${topic}/${escapeSegment(JSON.stringify(key))}`;
}

/** Every row of every published table has a path of its own, whatever its key is. */
export const rowMapping = [{ path: 'rows/{topic}/{key}' }];

interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
}

/** Rows of the tables that `publication` publishes, by path; all of one moment. */
export async function publishedRows(
  database: TestDatabase,
  publication = 'tailrace',
): Promise<Map<string, Json>> {
  const session = await database.connect();
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await rowsOf(async (sql) => (await session.query<Row>(sql)).rows, publication);
  } finally {
    await session.end();
  }
}

async function rowsOf(ask: Ask, publication: string): Promise<Map<string, Json>> {
  const rows = new Map<string, Json>();
  const tables = await ask(
    `SELECT c.oid::int, schemaname || '.' || tablename AS topic, rowfilter FROM pg_publication_tables
     JOIN pg_class c ON c.relname = tablename AND c.relnamespace = schemaname::regnamespace WHERE pubname = '${publication}'`,
  );
  for (const { oid, topic, rowfilter } of tables) {
    const columns = await columnsOf(ask, Number(oid));
    const where = typeof rowfilter === 'string' ? `WHERE ${rowfilter}` : '';
    const found = await ask(`SELECT ${columns.map(jsonOf).join()} FROM ${String(topic)} ${where}`);
    for (const row of found) {
      const key = columns.filter(({ isKey }) => isKey).map(({ name }) => [name, row[name] as Json]);
      rows.set(rowPath(String(topic), Object.fromEntries(key) as Record<string, Json>), row as Json);
    }
  }
  return rows;
}

/** In the order of the table; the key is that of the replica identity, of FULL the primary key. */
async function columnsOf(ask: Ask, oid: number): Promise<ColumnFacts[]> {
  const columns = await ask(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type,
       attnum = ANY (SELECT unnest(indkey) FROM pg_index, pg_class c WHERE indrelid = ${oid} AND c.oid = ${oid}
         AND CASE WHEN relreplident = 'i' THEN indisreplident ELSE indisprimary END) AS "isKey"
     FROM pg_attribute WHERE attrelid = ${oid} AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
  );
  return columns as unknown as ColumnFacts[];
}

function jsonOf({ name, type }: ColumnFacts): string {
  const column = `"${name}"`;
  return `CASE WHEN ${column} IS NOT NULL THEN ${jsonExpression(column, type)} END AS ${column}`;
}

function jsonExpression(column: string, type: string): string {
  switch (type) {
    case 'integer':
    case 'boolean':
    case 'jsonb':
    case 'json':
    case 'text[]':
    case 'integer[]':
      return `to_jsonb(${column})`;
    case 'bigint':
      return `CASE WHEN abs(${column}) > 9007199254740991 THEN to_jsonb(${column}::text) ELSE to_jsonb(${column}) END`;
    case 'timestamp with time zone':
      return `to_jsonb(replace((${column} AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z')`;
    case 'bytea':
      return `to_jsonb(replace(encode(${column}, 'base64'), E'\\n', ''))`;
    default:
      return `to_jsonb(${column}::text)`;
  }
}
