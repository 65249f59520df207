// What became of the tables of a publication since they were read: told by looks at the catalog, and by what the stream says of a table.
// What to do about it is decided by the reading.

import type { Relation } from '../wire/pgoutput.js';
import type { ReplicaIdentity, Table } from '../wire/table.js';
import { publishedTables, type PublishedTable, type Sql } from './catalog.js';
import type { Selection } from './selection.js';

export type TableChangeKind =
  /** There is no such table any more. */
  | 'dropped'
  /** It exists under its name, but is not published any more. */
  | 'left'
  /** Published now, and not before; also one that was made anew under an old name. */
  | 'added'
  /** It exists, and its topic is another. */
  | 'renamed'
  /** What was read of it does not tell what it holds now, though the stream may say nothing of that. */
  | 'reshaped';

/** `words`: a clause for people, which names the table and what became of it. */
export interface TableChange {
  readonly kind: TableChangeKind;
  /** As it was before; of `added` as it is now. */
  readonly table: PublishedTable;
  readonly words: string;
}

/**
 * One look at the catalog: what differs from `before`, which are the `tables` of the look before it or what was read at first. Two
 * looks may have more than one alteration between them; what then looks like one that changed rows is taken for it. Rejects as
 * {@link publishedTables} does.
 */
export async function lookAtTables(
  sql: Sql,
  selection: Selection,
  before: readonly PublishedTable[],
): Promise<{ readonly tables: PublishedTable[]; readonly changes: TableChange[] }> {
  const tables = await publishedTables(sql, selection);
  const oids = new Set(tables.map(({ oid }) => oid));
  const missing = before.filter(({ oid }) => !oids.has(oid));
  return { tables, changes: changesBetween(before, tables, await topicsOf(sql, missing)) };
}

/** `existing`: topics by oid of the tables that are in `before`, not in `now`, and exist. */
export function changesBetween(
  before: readonly PublishedTable[],
  now: readonly PublishedTable[],
  existing: ReadonlyMap<number, string>,
): TableChange[] {
  const byOid = new Map(now.map((table) => [table.oid, table]));
  const known = new Set(before.map(({ oid }) => oid));
  const ofKnown = before.map((table) => {
    const next = byOid.get(table.oid);
    return next === undefined ? gone(table, existing.get(table.oid)) : changed(table, next);
  });
  const added = now.filter(({ oid }) => !known.has(oid)).map((table) => addition(table, before));
  return [...ofKnown.filter((change) => change !== undefined), ...added];
}

/**
 * How `relation`, which the stream says comes next, is not what `table` was when it was read; undefined: it is the same, so that its tuples
 * hold `table.columns`.
 */
export function differs(table: Table, relation: Relation): string | undefined {
  const topic = `${relation.schema}.${relation.name}`;
  if (topic !== table.topic) return `${table.topic} is now ${topic}`;
  // With FULL the stream calls every column one of the key, which says nothing of the key that names rows.
  const isKeyed = table.replicaIdentity !== 'full';
  const columns = relation.columns.map((column) => ({ ...column, isKey: column.isKey && isKeyed }));
  const shape = table.columns.map((column) => ({ ...column, isKey: column.isKey && isKeyed }));
  if (IDENTITY_LETTERS[table.replicaIdentity] !== relation.replicaIdentity) {
    return `${topic} has another replica identity`;
  }
  const difference = columnsDiffer(shape, columns);
  return difference === undefined ? undefined : `${topic} ${difference}`;
}

const IDENTITY_LETTERS: Readonly<Record<ReplicaIdentity, Relation['replicaIdentity']>> = {
  default: 'd',
  index: 'i',
  full: 'f',
};

async function topicsOf(sql: Sql, tables: readonly Table[]): Promise<ReadonlyMap<number, string>> {
  if (tables.length === 0) return new Map();
  const rows = await sql.query(
    `SELECT c.oid, n.nspname || '.' || c.relname AS topic FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])`,
    [`{${tables.map(({ oid }) => oid).join(',')}}`],
  );
  return new Map(rows.map((row) => [Number(row['oid']), row['topic'] ?? '']));
}

function gone(table: PublishedTable, topic: string | undefined): TableChange {
  if (topic === undefined) return { kind: 'dropped', table, words: `${table.topic} was dropped` };
  if (topic !== table.topic) return renamed(table, topic);
  return { kind: 'left', table, words: `${table.topic} is no longer published` };
}

function renamed(table: PublishedTable, topic: string): TableChange {
  return { kind: 'renamed', table, words: `${table.topic} was renamed to ${topic}` };
}

function addition(table: PublishedTable, before: readonly PublishedTable[]): TableChange {
  const isAnew = before.some(({ topic }) => topic === table.topic);
  const words = isAnew ? `${table.topic} was dropped and made anew` : `${table.topic} is published now`;
  return { kind: 'added', table, words };
}

function changed(before: PublishedTable, now: PublishedTable): TableChange | undefined {
  if (before.topic !== now.topic) return renamed(before, now.topic);
  const difference =
    columnsDiffer(before.columns, now.columns) ?? settingsDiffer(before, now) ?? rowsDiffer(before, now);
  if (difference === undefined) return undefined;
  return { kind: 'reshaped', table: before, words: `${before.topic} ${difference}` };
}

interface ShapedColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  readonly isKey: boolean;
  readonly isToastable?: boolean;
}

function columnsDiffer(before: readonly ShapedColumn[], now: readonly ShapedColumn[]): string | undefined {
  const names = (columns: readonly ShapedColumn[]): Set<string> => new Set(columns.map(({ name }) => name));
  const [had, has] = [names(before), names(now)];
  const lost = [...had].filter((name) => !has.has(name));
  const gained = [...has].filter((name) => !had.has(name));
  const words = [
    lost.length > 0 ? `lost ${columnList(lost)}` : [],
    gained.length > 0 ? `gained ${columnList(gained)}` : [],
  ].flat();
  if (words.length > 0) return words.join(' and ');
  for (const [index, column] of before.entries()) {
    const other = now[index];
    if (other?.name !== column.name) return 'has its columns in another order';
    if (other.typeOid !== column.typeOid || other.typeModifier !== column.typeModifier) {
      return `has another type for ${columnList([column.name])}`;
    }
    if (other.isKey !== column.isKey) return 'has another key';
    if (
      other.isToastable !== column.isToastable &&
      other.isToastable !== undefined &&
      column.isToastable !== undefined
    ) {
      return `stores ${columnList([column.name])} in another way`;
    }
  }
  return undefined;
}

function columnList(names: readonly string[]): string {
  return `${names.length === 1 ? 'column' : 'columns'} ${names.map((name) => JSON.stringify(name)).join(', ')}`;
}

function settingsDiffer(before: PublishedTable, now: PublishedTable): string | undefined {
  if (before.replicaIdentity !== now.replicaIdentity) return 'has another replica identity';
  if (before.isPartitioned !== now.isPartitioned) return 'is published in another way';
  if (before.rowFilter !== now.rowFilter) return 'has another row filter in the publication';
  for (const [what, detail] of before.typeDetails) {
    if (now.typeDetails.get(what) !== detail) return 'has values whose type was altered';
  }
  return undefined;
}

/**
 * What changed rows without a word in the stream. A partition that comes or goes takes its rows with it. A new file alone is a
 * TRUNCATE, which the stream tells, or VACUUM FULL and the like, which change nothing; together with a column that was touched
 * it is ALTER TABLE having written all rows anew. Of a partition that is published through its root the server does not tell TRUNCATE.
 */
function rowsDiffer(before: PublishedTable, now: PublishedTable): string | undefined {
  const leaves = new Map(now.leaves.map((leaf) => [leaf.oid, leaf]));
  if (before.leaves.length < now.leaves.length) return 'has a new partition';
  for (const { oid, file, columnsStamp } of before.leaves) {
    const leaf = leaves.get(oid);
    if (leaf === undefined) return 'has lost a partition';
    if (leaf.file !== file && leaf.columnsStamp !== columnsStamp) return 'was rewritten by ALTER TABLE';
    if (leaf.file !== file && now.isPartitioned) return 'has a partition that was truncated or rewritten';
  }
  return undefined;
}
