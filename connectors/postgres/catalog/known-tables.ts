// What a database has under the names of tables in the options, published or not.

import type { Sql } from './catalog.js';
import type { Finding } from './finding.js';
import { tableNameOf, type TableOption } from './selection.js';
import { quoteTable } from './statements.js';

/** A relation that exists, whether it can be published or not. */
export interface KnownTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly topic: string;
  /** relkind: `p` is the root of partitions. */
  readonly kind: string;
  /** relpersistence: `u` is not logged. */
  readonly persistence: string;
  readonly isSystem: boolean;
  /** Topics of the roots above it. */
  readonly above: readonly string[];
}

/** Those of `topics` that exist, by name. */
export function namedTables(sql: Sql, topics: readonly string[]): Promise<KnownTable[]> {
  return tablesWhere(sql, `n.nspname || '.' || c.relname = ANY ($1::text[])`, topics);
}

/** Tables and roots that people made and that have a primary key, by name. */
export function keyedTables(sql: Sql): Promise<KnownTable[]> {
  return tablesWhere(sql, KEYED, []);
}

/** What is written as one of `topics` but for capitals, or has its name in another schema. */
export function similarTables(sql: Sql, topics: readonly string[]): Promise<KnownTable[]> {
  const similar = `c.relkind IN ('r', 'p') AND c.oid >= 16384 AND EXISTS (SELECT FROM unnest($1::text[]) AS wanted
    WHERE lower(wanted) = lower(n.nspname || '.' || c.relname) OR lower(wanted) LIKE '%.' || lower(c.relname))`;
  return tablesWhere(sql, similar, topics);
}

export function isPublishable({ kind, persistence, isSystem }: KnownTable): boolean {
  return (kind === 'r' || kind === 'p') && persistence !== 't' && !isSystem;
}

/** There is no such table, or none that can be published as it is. */
export function nameFindings(
  option: TableOption,
  known: readonly KnownTable[],
  similar: readonly KnownTable[],
): Finding[] {
  const topic = tableNameOf(option);
  const table = known.find((candidate) => candidate.topic === topic);
  if (table === undefined)
    return [{ problem: `there is no table ${topic}${meant(topic, similar)}`, sql: '' }];
  const { kind, persistence, isSystem } = table;
  if (isSystem) return [{ problem: `${topic} is a system table, which cannot be published`, sql: '' }];
  if (kind !== 'r' && kind !== 'p') {
    const what = KINDS.get(kind) ?? 'no table';
    return [{ problem: `${topic} is ${what}; only tables can be published`, sql: '' }];
  }
  if (persistence !== 'u') return [];
  const problem = `${topic} is UNLOGGED: nobody is told of its changes`;
  return [{ problem, sql: `ALTER TABLE ${quoteTable(table)} SET LOGGED;` }];
}

function meant(topic: string, similar: readonly KnownTable[]): string {
  const name = topic.slice(topic.lastIndexOf('.')).toLowerCase();
  const found = similar.map((table) => table.topic).filter((other) => other.toLowerCase().endsWith(name));
  return found.length === 0 ? '' : `; there is ${found.slice(0, 3).join(', ')}`;
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['v', 'a view'],
  ['m', 'a materialized view'],
  ['f', 'a foreign table'],
  ['S', 'a sequence'],
  ['i', 'an index'],
  ['I', 'an index'],
  ['c', 'a type'],
]);

/** Not of an extension, and no partition. */
const KEYED = `cardinality($1::text[]) = 0 AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
  AND NOT c.relispartition AND c.oid >= 16384
  AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')`;

/** `condition`: on `c` of pg_class and `n` of pg_namespace, with `$1` for `topics`. */
async function tablesWhere(sql: Sql, condition: string, topics: readonly string[]): Promise<KnownTable[]> {
  const rows = await sql.query(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
       (c.oid < 16384)::text AS is_system,
       (WITH RECURSIVE up AS (
           SELECT inhparent AS oid FROM pg_catalog.pg_inherits WHERE inhrelid = c.oid AND c.relispartition
           UNION SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid)
         SELECT json_agg(un.nspname || '.' || uc.relname) FROM up JOIN pg_catalog.pg_class uc ON uc.oid = up.oid
           JOIN pg_catalog.pg_namespace un ON un.oid = uc.relnamespace) AS above
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${condition} ORDER BY n.nspname, c.relname`,
    [topics],
  );
  return rows.map((row) => ({
    oid: Number(row['oid']),
    schema: row['schema'] ?? '',
    name: row['name'] ?? '',
    topic: `${row['schema']}.${row['name']}`,
    kind: row['kind'] ?? '',
    persistence: row['persistence'] ?? '',
    isSystem: row['is_system'] === 'true',
    above: JSON.parse(row['above'] ?? '[]') as string[],
  }));
}
