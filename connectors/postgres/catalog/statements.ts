// SQL about tables: names and values written so that no name and no value is anything else than that, and the statements that read rows.

import type { Table } from '../wire/table.js';

/** `"Weird ""Name"""`: any name, also one that is a word of SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Means the same whatever standard_conforming_strings is. */
export function quoteLiteral(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/**
 * Rows of `table` that are published, as `SELECT`: all columns in the order of `table.columns`, named `c0`, `c1`, ... A root is read
 * with its partitions, any other table without those that inherit from it.
 */
export function selectRows(table: Table): string {
  const columns = table.columns.map(({ name }, index) => `${quoteIdentifier(name)} AS c${index}`);
  const from = `${table.isPartitioned ? '' : 'ONLY '}${quoteTable(table)}`;
  const filter = table.rowFilter === undefined ? '' : ` WHERE (${table.rowFilter})`;
  return `SELECT ${columns.join(', ')} FROM ${from}${filter}`;
}
