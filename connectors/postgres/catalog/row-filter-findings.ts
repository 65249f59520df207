// Whether the publication filters rows as the options say it must. The server itself compares: it plans to read the table with either
// condition, and equal plans have equal conditions. Nothing is executed, and nothing but a condition is let through.

import { StatementRefused } from '../connection/access-error.js';
import { FILTERS_SINCE } from './catalog-query.js';
import { serverVersion, type CatalogTable, type Sql } from './catalog.js';
import type { Finding } from './finding.js';
import { createPublication, publishAgain, type Publication } from './publication-sql.js';
import { tableNameOf, type TableOption } from './selection.js';
import { quoteTable } from './statements.js';

/** Of `where` in the options. `sql` must not be in a transaction. */
export async function rowFilterFindings(
  sql: Sql,
  options: readonly TableOption[],
  publication: Publication,
  tables: readonly CatalogTable[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const table of tables) {
    const option = options.find((candidate) => tableNameOf(candidate) === table.topic);
    const where = typeof option === 'object' ? option.where : undefined;
    if (where === undefined) continue;
    const problem = await difference(sql, table, where);
    if (problem !== undefined)
      findings.push({
        problem: problem.text,
        sql: problem.isInvalid ? '' : await mend(sql, { publication, table, where, options, tables }),
      });
  }
  return findings;
}

interface Difference {
  readonly text: string;
  readonly isInvalid: boolean;
}

/** undefined: none, or nobody can tell just now. */
async function difference(sql: Sql, table: CatalogTable, where: string): Promise<Difference | undefined> {
  const parameter = parameterIn(where);
  const wanted =
    parameter === undefined
      ? await planOf(sql, table, where)
      : { refused: `it has a parameter, ${parameter}` };
  if (wanted === 'unknown') return undefined;
  if ('refused' in wanted) {
    return {
      text: `\`where\` of ${table.topic} is no condition on its rows: ${wanted.refused}`,
      isInvalid: true,
    };
  }
  const published = await planOf(sql, table, table.rowFilter ?? 'true');
  if (published === 'unknown' || 'refused' in published || published.plan === wanted.plan) return undefined;
  const has = table.rowFilter === undefined ? 'all rows of it' : `those with ${table.rowFilter}`;
  return {
    text: `\`where\` of ${table.topic} says ${where}, and the publication publishes ${has}`,
    isInvalid: false,
  };
}

/** Outside of quotes. The server would not only refuse the statement, but call it a fault of the protocol, which ends sessions. */
function parameterIn(where: string): string | undefined {
  const unquoted = where.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '');
  return /(?<![\w$])\$[0-9]+/.exec(unquoted)?.[0];
}

type Plan = { readonly plan: string } | { readonly refused: string } | 'unknown';

/** lock_not_available, query_canceled, insufficient_privilege (which is a finding of its own). */
const NOT_TOLD = new Set(['55P03', '57014', '42501']);

/** Index scans and the like would show the condition elsewhere than in `Filter`. */
const PLAIN_PLANS = [
  'enable_indexscan',
  'enable_indexonlyscan',
  'enable_bitmapscan',
  'enable_tidscan',
  'enable_partition_pruning',
  'constraint_exclusion',
];

/**
 * The transaction is read only, and the parameter makes it a prepared statement, of which there is never more than one. The line break ends
 * a comment in `condition`.
 */
async function planOf(sql: Sql, table: CatalogTable, condition: string): Promise<Plan> {
  await sql.query('BEGIN TRANSACTION READ ONLY');
  try {
    const settings = PLAIN_PLANS.map((name) => `set_config('${name}', 'off', true)`);
    await sql.query(`SELECT ${settings.join(', ')}, set_config('max_parallel_workers_per_gather', '0', true),
      set_config('statement_timeout', '5s', true), set_config('lock_timeout', '5s', true)`);
    const [row] = await sql.query(
      `EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT $1::text FROM ${quoteTable(table)} WHERE (${condition}\n)`,
      ['x'],
    );
    const [explained] = JSON.parse(row?.['QUERY PLAN'] ?? '[]') as { readonly Plan?: unknown }[];
    return { plan: JSON.stringify(explained?.Plan) };
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
    return NOT_TOLD.has(error.sqlState) ? 'unknown' : { refused: error.text };
  } finally {
    await sql.query('ROLLBACK');
  }
}

interface Mending {
  readonly publication: Publication;
  readonly table: CatalogTable;
  readonly where: string;
  readonly options: readonly TableOption[];
  readonly tables: readonly CatalogTable[];
}

async function mend(sql: Sql, { publication, table, where, options, tables }: Mending): Promise<string> {
  if ((await serverVersion(sql)) < FILTERS_SINCE)
    return '-- row filters need version 15 of the server: leave `where` out';
  if (!publication.isWhole) return publishAgain(publication, table, { filter: where });
  const clauses = tables.map((each) => {
    const option = options.find((candidate) => tableNameOf(candidate) === each.topic);
    return { table: each, filter: typeof option === 'object' ? option.where : undefined };
  });
  const drop = `DROP PUBLICATION "${publication.name.replaceAll('"', '""')}";`;
  return `BEGIN; ${drop} ${createPublication(publication.name, clauses, publication)} COMMIT;`;
}
