// What is wanted and not published: the publication is missing or empty, or lacks tables of the options.

import type { CatalogTable, Sql } from './catalog.js';
import type { Finding } from './finding.js';
import {
  isPublishable,
  keyedTables,
  namedTables,
  nameFindings,
  similarTables,
  type KnownTable,
} from './known-tables.js';
import {
  createPublication,
  setPublication,
  tableClause,
  type Publication,
  type TableClause,
} from './publication-sql.js';
import { tableNameOf, type Selection, type TableOption } from './selection.js';
import { quoteIdentifier } from './statements.js';

export interface Unpublished {
  readonly findings: readonly Finding[];
  /** Oids of tables that will be published once the findings are mended, so that they can be checked at once. */
  readonly oids: readonly number[];
  readonly viaRoot: boolean;
}

/** More than a person would paste. */
const MOST_SUGGESTED = 50;

/** `publication`: undefined, there is none. `found`: all that it publishes. */
export async function unpublishedFindings(
  sql: Sql,
  selection: Selection,
  publication: Publication | undefined,
  found: readonly CatalogTable[],
): Promise<Unpublished> {
  const { tables } = selection;
  if (publication === undefined) {
    const { known, findings } = await lookUp(sql, tables);
    const { oids, viaRoot, clauses } = additions(known, tables);
    const problem = `there is no publication ${quoteIdentifier(selection.publication)} in this database`;
    const creation = { problem, sql: createPublication(selection.publication, clauses, { viaRoot }) };
    return { findings: [...findings, creation], oids, viaRoot };
  }
  if (tables === undefined) {
    return found.length > 0 ? { findings: [], oids: [], viaRoot: false } : emptyFindings(sql, publication);
  }
  const published = new Set(found.map(({ topic }) => topic));
  const missing = tables.filter((option) => !published.has(tableNameOf(option)));
  const { known, findings } = await lookUp(sql, missing);
  const lacking = known.flatMap((table) => {
    const isUnlogged = table.persistence === 'u' && isMember(publication, table);
    return isUnlogged ? [] : [lackingFinding(table, missing, publication, published)];
  });
  const { oids, viaRoot } = additions(
    known.filter(({ above }) => !above.some((root) => published.has(root))),
    missing,
  );
  return { findings: [...findings, ...lacking], oids, viaRoot: viaRoot || publication.viaRoot };
}

/** Tables of `options` that can be published, or all with a key; and what there is to say of the others. */
async function lookUp(
  sql: Sql,
  options: readonly TableOption[] | undefined,
): Promise<{ readonly known: readonly KnownTable[]; readonly findings: Finding[] }> {
  if (options === undefined)
    return { known: (await keyedTables(sql)).slice(0, MOST_SUGGESTED), findings: [] };
  if (options.length === 0) return { known: [], findings: [] };
  const topics = options.map(tableNameOf);
  const known = await namedTables(sql, topics);
  const similar = known.length === topics.length ? [] : await similarTables(sql, topics);
  return {
    known: known.filter(isPublishable),
    findings: options.flatMap((option) => nameFindings(option, known, similar)),
  };
}

interface Additions {
  readonly oids: readonly number[];
  readonly viaRoot: boolean;
  readonly clauses: readonly TableClause[];
}

function additions(tables: readonly KnownTable[], options: readonly TableOption[] = []): Additions {
  return {
    oids: tables.map(({ oid }) => oid),
    viaRoot: tables.some(({ kind }) => kind === 'p'),
    clauses: tables.map((table) => clauseFor(table, options)),
  };
}

function clauseFor(table: KnownTable, options: readonly TableOption[]): TableClause {
  const option = options.find((candidate) => tableNameOf(candidate) === table.topic);
  return { table, filter: typeof option === 'object' ? option.where : undefined };
}

async function emptyFindings(sql: Sql, publication: Publication): Promise<Unpublished> {
  const { known } = await lookUp(sql, undefined);
  const { oids, viaRoot, clauses } = additions(known);
  const name = quoteIdentifier(publication.name);
  const add =
    clauses.length === 0
      ? []
      : [`ALTER PUBLICATION ${name} ADD TABLE ${clauses.map(tableClause).join(', ')};`];
  const through = viaRoot && !publication.viaRoot ? [throughRoots(publication)] : [];
  const problem = `the publication ${name} publishes no table`;
  return { findings: [{ problem, sql: [...through, ...add].join(' ') }], oids, viaRoot };
}

function throughRoots({ name }: Publication): string {
  return setPublication(name, 'publish_via_partition_root = true');
}

function isMember({ isAllTables, members }: Publication, { oid }: KnownTable): boolean {
  return isAllTables || members.includes(oid);
}

function lackingFinding(
  table: KnownTable,
  options: readonly TableOption[],
  publication: Publication,
  published: ReadonlySet<string>,
): Finding {
  const { topic } = table;
  const name = quoteIdentifier(publication.name);
  const root = table.above.find((above) => published.has(above));
  if (root !== undefined) {
    return {
      problem: `the publication ${name} publishes the rows of ${topic} as those of ${root}; name that one in \`tables\`, or publish partitions as their own`,
      sql: setPublication(publication.name, 'publish_via_partition_root = false'),
    };
  }
  const isIn = isMember(publication, table);
  const add = isIn ? [] : [`ALTER PUBLICATION ${name} ADD TABLE ${tableClause(clauseFor(table, options))};`];
  const through = table.kind === 'p' && !publication.viaRoot ? [throughRoots(publication)] : [];
  return {
    problem: isIn
      ? `the publication ${name} publishes the partitions of ${topic}, and not ${topic} itself`
      : `the publication ${name} does not publish ${topic}`,
    // A root can have a filter only where it is published as such.
    sql: [...through, ...add].join(' '),
  };
}
