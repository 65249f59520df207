// What a database says of the tables that a publication publishes, and of their types: exactly the columns that pgoutput sends, in its
// order, and what names a row. Whether all of that is good enough is asked by checks.ts.

import { OptionsRejected } from '../../contract.js';
import type { Column, ReplicaIdentity, Table } from '../wire/table.js';
import { typeKindsOf, type TypeKinds } from '../wire/type-kinds.js';
import { publicationQuery, tablesQuery, TYPE_DETAILS_QUERY, TYPES_QUERY } from './catalog-query.js';
import { findingsText } from './finding.js';
import { keyFindings } from './key-findings.js';
import type { Publication } from './publication-sql.js';
import { tableNameOf, type Selection } from './selection.js';
import { quoteIdentifier } from './statements.js';

/** A session of SQL. Every value comes as the text that Postgres writes. */
export interface Sql {
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, string | null>[]>;
}

/** A table, and what tells that its rows changed by DDL, of which the stream says nothing. */
export interface PublishedTable extends Table {
  /** Where its rows are: itself, or the partitions below it. */
  readonly leaves: readonly Leaf[];
  /** Labels of enums and make of composite types in its columns, by a name of their own. */
  readonly typeDetails: ReadonlyMap<string, string>;
}

export interface Leaf {
  readonly oid: number;
  /** Its file: new after TRUNCATE, VACUUM FULL, and what rewrites rows. */
  readonly file: number;
  /** Differs after ALTER TABLE has touched a column, not after TRUNCATE and VACUUM FULL. */
  readonly columnsStamp: string;
}

/** As the catalog has it: maybe without a key, or with `nothing` for its identity. */
export interface CatalogTable extends Omit<PublishedTable, 'replicaIdentity'> {
  readonly replicaIdentity: ReplicaIdentity | 'nothing';
  /** Names of the columns of its key in table order, published or not. Empty: nothing names its rows. */
  readonly key: readonly string[];
  /** Its key as a replica identity: `DEFAULT` or `USING INDEX name`; undefined: it has none. */
  readonly keyIdentity: string | undefined;
  /** The publication lists its columns. */
  readonly hasColumnList: boolean;
}

/**
 * The tables of `selection`, as the transaction sees them that `sql` is in. A table that is selected but not published is left out:
 * the probe tells. Throws OptionsRejected, with the SQL that mends it, where the publication is missing or rows have no name.
 */
export async function publishedTables(sql: Sql, selection: Selection): Promise<PublishedTable[]> {
  const found = await readPublication(sql, selection.publication);
  if (found === undefined) throw new OptionsRejected(missingPublication(selection));
  const tables = selectedOf(found.tables, selection);
  const findings = await keyFindings(sql, tables, found.publication);
  if (findings.length > 0) throw new OptionsRejected(findingsText(findings));
  return tables.map(withKey);
}

/** A publication with all its tables; undefined: there is none of that name. */
export async function readPublication(
  sql: Sql,
  name: string,
): Promise<{ readonly publication: Publication; readonly tables: CatalogTable[] } | undefined> {
  const version = await serverVersion(sql);
  const [row] = await sql.query(publicationQuery(version), [name]);
  if (row === undefined) return undefined;
  const tables = await readTables(sql, tablesQuery(version, 'published'), [name]);
  return { publication: publicationOf(name, row), tables };
}

/** Tables as they would be if a publication had them whole. */
export async function readAsIfPublished(
  sql: Sql,
  oids: readonly number[],
  { viaRoot }: { readonly viaRoot: boolean },
): Promise<CatalogTable[]> {
  if (oids.length === 0) return [];
  const query = tablesQuery(await serverVersion(sql), 'as if published');
  return readTables(sql, query, [`{${oids.join(',')}}`, viaRoot]);
}

/** server_version_num: 150018 is 15.18. */
export async function serverVersion(sql: Sql): Promise<number> {
  const [row] = await sql.query(`SELECT current_setting('server_version_num') AS version`);
  return Number(row?.['version']);
}

async function readTables(sql: Sql, query: string, values: readonly unknown[]): Promise<CatalogTable[]> {
  const tables = (await sql.query(query, values)).map(tableOf);
  const details = await typeDetails(sql, tables);
  return tables.map((table) => ({ ...table, typeDetails: detailsOf(table, details) }));
}

/** Those of `all` that are selected, with the columns that are wanted of them. */
export function selectedOf(all: readonly CatalogTable[], { tables }: Selection): CatalogTable[] {
  if (tables === undefined) return [...all];
  const byTopic = new Map(tables.map((option) => [tableNameOf(option), option]));
  return all.flatMap((table) => {
    const option = byTopic.get(table.topic);
    if (option === undefined) return [];
    const columns = typeof option === 'string' ? undefined : option.columns;
    return [columns === undefined ? table : { ...table, wanted: new Set(columns) }];
  });
}

/** The kinds of all types of the database. One that is made later is unknown to it, and has text. */
export async function typeKinds(sql: Sql): Promise<TypeKinds> {
  const rows = await sql.query(TYPES_QUERY);
  return typeKindsOf(
    rows.map((row) => ({
      oid: Number(row['oid']),
      baseOid: Number(row['base']),
      elementOid: Number(row['element']),
      delimiter: row['delimiter'] ?? ',',
    })),
  );
}

function missingPublication({ publication, tables }: Selection): string {
  const name = quoteIdentifier(publication);
  const what = tables?.map(tableNameOf).join(', ') ?? '...';
  return `there is no publication ${name} in this database any more: CREATE PUBLICATION ${name} FOR TABLE ${what};`;
}

function publicationOf(name: string, row: Readonly<Record<string, string | null>>): Publication {
  return {
    name,
    isWhole: row['is_whole'] === 'true',
    isAllTables: row['is_all'] === 'true',
    members: listOf<number>(row['members']),
    viaRoot: row['via_root'] === 'true',
    publishesGenerated: row['generated'] === null ? undefined : row['generated'] === 'true',
    unpublished: listOf<string>(row['unpublished']),
  };
}

const IDENTITIES: Readonly<Record<string, CatalogTable['replicaIdentity']>> = {
  d: 'default',
  i: 'index',
  f: 'full',
  n: 'nothing',
};

type ColumnRow = readonly [
  name: string,
  typeOid: number,
  typeModifier: number,
  isKey: boolean,
  isToastable: boolean,
];
type LeafRow = readonly [oid: number, file: number, columnsStamp: string];

function tableOf(row: Readonly<Record<string, string | null>>): CatalogTable {
  const { schema, name } = row;
  if (typeof schema !== 'string' || typeof name !== 'string') throw new TypeError('a table without a name');
  const columns = listOf<ColumnRow>(row['columns']).map(
    ([column, typeOid, typeModifier, isKey, isToastable]): Column => ({
      ...{ name: column, typeOid, typeModifier, isKey, isToastable },
    }),
  );
  return {
    ...{ oid: Number(row['oid']), schema, name, topic: `${schema}.${name}` },
    replicaIdentity: IDENTITIES[row['identity'] ?? ''] ?? 'nothing',
    isPartitioned: row['kind'] === 'p',
    columns,
    wanted: new Set(columns.map((column) => column.name)),
    rowFilter: row['filter'] ?? undefined,
    leaves: listOf<LeafRow>(row['leaves']).map(([oid, file, columnsStamp]) => ({ oid, file, columnsStamp })),
    typeDetails: new Map(),
    key: listOf<string>(row['key']),
    keyIdentity: row['key_identity'] ?? undefined,
    hasColumnList: row['has_list'] === 't' || row['has_list'] === 'true',
  };
}

function listOf<T>(json: string | null | undefined): readonly T[] {
  return json === null || json === undefined ? [] : (JSON.parse(json) as T[]);
}

/** By type. */
async function typeDetails(
  sql: Sql,
  tables: readonly CatalogTable[],
): Promise<ReadonlyMap<number, ReadonlyMap<string, string>>> {
  const types = new Set(tables.flatMap(({ columns }) => columns.map(({ typeOid }) => typeOid)));
  const byType = new Map<number, Map<string, string>>();
  if (types.size === 0) return byType;
  for (const row of await sql.query(TYPE_DETAILS_QUERY, [`{${[...types].join(',')}}`])) {
    const type = Number(row['root']);
    const known = byType.get(type) ?? new Map<string, string>();
    byType.set(type, known.set(row['what'] ?? '', row['detail'] ?? ''));
  }
  return byType;
}

function detailsOf(
  { columns }: CatalogTable,
  byType: ReadonlyMap<number, ReadonlyMap<string, string>>,
): ReadonlyMap<string, string> {
  return new Map(columns.flatMap(({ typeOid }) => [...(byType.get(typeOid) ?? [])]));
}

/** Of one that {@link keyFindings} found no fault with. */
function withKey({ replicaIdentity, ...table }: CatalogTable): PublishedTable {
  if (replicaIdentity === 'nothing') throw new TypeError(`${table.topic} has no replica identity`);
  return { ...table, replicaIdentity };
}
