// The rows of a table as COPY has to write them for a RowWriter to read.

import { selectRows } from './catalog/statements.js';
import type { RowWriter } from './wire/row-writer.js';
import type { Table } from './wire/table.js';

/** As `SELECT`, with columns named `c0`, `c1`, ... by their place in `table.columns`. */
export function selectCopied(table: Table, { copied }: Pick<RowWriter, 'copied'>): string {
  const rows = selectRows(table);
  if (copied.length === table.columns.length) return rows;
  return `SELECT ${copiedNames(table, { copied }).join(', ')} FROM (${rows}) AS published`;
}

/** Names of those columns. */
export function copiedNames(table: Table, { copied }: Pick<RowWriter, 'copied'>): readonly string[] {
  return copied.map((column) => `c${table.columns.indexOf(column)}`);
}
