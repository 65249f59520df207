// The SQL that changes what a publication publishes. A table's column list and row filter cannot be altered alone: it is taken out and
// put in again, in one transaction; and a publication of whole schemas or of all tables has no filters, so it is made anew.

import type { Table } from '../wire/table.js';
import { GENERATED_SINCE } from './catalog-query.js';
import type { CatalogTable } from './catalog.js';
import { quoteIdentifier, quoteTable } from './statements.js';

/** A publication as it is. */
export interface Publication {
  readonly name: string;
  /** It is FOR ALL TABLES, or has schemas: its tables have neither column lists nor row filters. */
  readonly isWhole: boolean;
  readonly isAllTables: boolean;
  /** Oids of the tables and roots that are in it, by name or schema, whether they are published as such or by their partitions. */
  readonly members: readonly number[];
  readonly viaRoot: boolean;
  /** publish_generated_columns = stored; undefined: the server has no such option. */
  readonly publishesGenerated: boolean | undefined;
  /** Of insert, update, delete, truncate: what it leaves out. */
  readonly unpublished: readonly string[];
}

/** One table of a publication. */
export interface TableClause {
  readonly table: Pick<Table, 'schema' | 'name'>;
  /** undefined: all, also those that are added later. */
  readonly columns?: readonly string[] | undefined;
  readonly filter?: string | undefined;
}

export function tableClause({ table, columns, filter }: TableClause): string {
  const list = columns === undefined ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`;
  if (filter === undefined) return `${quoteTable(table)}${list}`;
  const end = filter.includes('--') ? '\n' : ''; // of a remark
  return `${quoteTable(table)}${list} WHERE (${filter}${end})`;
}

/** All tables of `clauses`, and no others. */
export function createPublication(
  name: string,
  clauses: readonly TableClause[],
  { viaRoot }: { readonly viaRoot: boolean },
): string {
  const what = clauses.length === 0 ? '' : ` FOR TABLE ${clauses.map(tableClause).join(', ')}`;
  return `CREATE PUBLICATION ${quoteIdentifier(name)}${what}${viaRoot ? ' WITH (publish_via_partition_root = true)' : ''};`;
}

/** `setting` as `name = value`. */
export function setPublication(name: string, setting: string): string {
  return `ALTER PUBLICATION ${quoteIdentifier(name)} SET (${setting});`;
}

/** `table` with another column list or filter; what is not said stays. Only for publications that are not whole. */
export function publishAgain(
  { name }: Publication,
  table: CatalogTable,
  { columns, filter }: { readonly columns?: readonly string[]; readonly filter?: string },
): string {
  const alter = `ALTER PUBLICATION ${quoteIdentifier(name)}`;
  const clause = tableClause({
    table,
    columns: columns ?? (table.hasColumnList ? table.columns.map((column) => column.name) : undefined),
    filter: filter ?? table.rowFilter,
  });
  return `BEGIN; ${alter} DROP TABLE ${quoteTable(table)}; ${alter} ADD TABLE ${clause}; COMMIT;`;
}

/** One that does not exist yet, as {@link createPublication} makes it. `version`: server_version_num. */
export function newPublication(
  name: string,
  { viaRoot, version }: { viaRoot: boolean; version: number },
): Publication {
  return {
    ...{ name, viaRoot, isWhole: false, isAllTables: false, members: [], unpublished: [] },
    publishesGenerated: version < GENERATED_SINCE ? undefined : false,
  };
}
