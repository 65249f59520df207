// What is wrong with tables that are published: they cannot be read, not all of their rows can, or Postgres refuses to update them.

import type { CatalogTable, Sql } from './catalog.js';
import type { Finding } from './finding.js';
import { setPublication, type Publication } from './publication-sql.js';
import { quoteIdentifier, quoteTable } from './statements.js';

export async function tableFindings(
  sql: Sql,
  tables: readonly CatalogTable[],
  publication: Publication,
): Promise<Finding[]> {
  if (tables.length === 0) return [];
  return [
    ...(await readingFindings(sql, tables)),
    ...(await leafFindings(sql, tables)),
    ...(await refusedUpdates(sql, tables, publication)),
  ];
}

/** All tables in one finding per right: what is pasted should be short. */
async function readingFindings(sql: Sql, tables: readonly CatalogTable[]): Promise<Finding[]> {
  const asked = tables.map(({ oid, columns }) => ({ oid, columns: columns.map(({ name }) => name) }));
  const rows = await sql.query(READING_QUERY, [JSON.stringify(asked)]);
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const where = (right: string): CatalogTable[] =>
    rows.filter((row) => row[right] === 'true').flatMap((row) => byOid.get(Number(row['oid'])) ?? []);
  const role = quoteIdentifier(rows[0]?.['role'] ?? '');
  return [...denied(where('no_usage'), where('no_select'), role), ...hiddenRows(where('is_secured'), role)];
}

/** `$1`: `[{"oid": 1, "columns": ["id"]}]`. */
const READING_QUERY = `
SELECT c.oid, current_user AS role,
  (NOT has_schema_privilege(c.relnamespace, 'USAGE'))::text AS no_usage,
  (NOT has_table_privilege(c.oid, 'SELECT') AND EXISTS (
    SELECT FROM json_array_elements_text(asked.columns) AS name WHERE NOT has_column_privilege(c.oid, name, 'SELECT')))::text AS no_select,
  row_security_active(c.oid)::text AS is_secured
FROM json_to_recordset($1::json) AS asked(oid oid, columns json)
JOIN pg_catalog.pg_class c ON c.oid = asked.oid`;

function denied(schemas: readonly CatalogTable[], tables: readonly CatalogTable[], role: string): Finding[] {
  const names = [...new Set(schemas.map(({ schema }) => schema))];
  const usage =
    names.length === 0 ? [] : [`GRANT USAGE ON SCHEMA ${names.map(quoteIdentifier).join(', ')} TO ${role};`];
  const select =
    tables.length === 0 ? [] : [`GRANT SELECT ON ${tables.map(quoteTable).join(', ')} TO ${role};`];
  const all = [...new Set([...schemas, ...tables])];
  if (all.length === 0) return [];
  return [
    { problem: `the role ${role} may not read ${topicsOf(all)}`, sql: [...usage, ...select].join(' ') },
  ];
}

function hiddenRows(tables: readonly CatalogTable[], role: string): Finding[] {
  if (tables.length === 0) return [];
  const policies = tables.map(
    (table) => `CREATE POLICY tailrace ON ${quoteTable(table)} FOR SELECT TO ${role} USING (true);`,
  );
  return [
    {
      problem: `row security hides rows of ${topicsOf(tables)} from the role ${role}, though their changes are sent`,
      sql: `ALTER ROLE ${role} BYPASSRLS; -- or, where nobody may do that, as owner of the tables: ${policies.join(' ')}`,
    },
  ];
}

function topicsOf(tables: readonly CatalogTable[]): string {
  return tables.map(({ topic }) => topic).join(', ');
}

/** Partitions whose rows are read through the root, while nobody is told of their changes. Foreign ones have no place below a key. */
async function leafFindings(sql: Sql, tables: readonly CatalogTable[]): Promise<Finding[]> {
  const roots = tables.filter(({ isPartitioned }) => isPartitioned);
  const topics = new Map(roots.flatMap(({ topic, leaves }) => leaves.map(({ oid }) => [oid, topic])));
  if (topics.size === 0) return [];
  const rows = await sql.query(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ANY ($1::oid[]) AND c.relpersistence = 'u'`,
    [`{${[...topics.keys()].join(',')}}`],
  );
  return rows.map((row) => {
    const leaf = { schema: row['schema'] ?? '', name: row['name'] ?? '' };
    return {
      problem: `the partition ${leaf.schema}.${leaf.name} of ${topics.get(Number(row['oid']))} is UNLOGGED: nobody is told of its changes`,
      sql: `ALTER TABLE ${quoteTable(leaf)} SET LOGGED;`,
    };
  });
}

/** Where the application's UPDATE and DELETE fail, because what is published does not fit the replica identity. */
async function refusedUpdates(
  sql: Sql,
  tables: readonly CatalogTable[],
  publication: Publication,
): Promise<Finding[]> {
  const rows = await sql.query(REFUSED_QUERY, [
    publication.name,
    `{${tables.map(({ oid }) => oid).join(',')}}`,
  ]);
  const facts = new Map(rows.map((row) => [Number(row['oid']), row]));
  const findings: Finding[] = [];
  for (const table of tables) {
    const row = facts.get(table.oid) ?? {};
    if (table.replicaIdentity === 'full') findings.push(...unfitFull(table, row, publication));
    else findings.push(...(await unfitFilter(sql, table, row)));
  }
  return findings;
}

type Facts = Readonly<Record<string, string | null>>;

const refused = ({ topic }: CatalogTable): string => `Postgres refuses UPDATE and DELETE of ${topic}: `;

/** FULL wants every column to be published. */
function unfitFull(table: CatalogTable, row: Facts, publication: Publication): Finding[] {
  const problem = `${refused(table)}it has REPLICA IDENTITY FULL and `;
  const useKey =
    table.keyIdentity === undefined
      ? ''
      : `ALTER TABLE ${quoteTable(table)} REPLICA IDENTITY ${table.keyIdentity};`;
  if (table.hasColumnList) return [{ problem: `${problem}a column list`, sql: useKey }];
  if (publication.publishesGenerated === undefined) return [];
  if (row['has_virtual'] === 'true') return [{ problem: `${problem}virtual generated columns`, sql: useKey }];
  if (row['has_stored'] !== 'true' || publication.publishesGenerated) return [];
  return [
    {
      problem: `${problem}generated columns that are not published`,
      sql: setPublication(publication.name, 'publish_generated_columns = stored'),
    },
  ];
}

/** A row filter may look at nothing but the replica identity. */
async function unfitFilter(sql: Sql, table: CatalogTable, row: Facts): Promise<Finding[]> {
  const filtered = JSON.parse(row['filtered'] ?? '[]') as string[];
  const outside = filtered.filter((name) => !table.key.includes(name));
  if (table.rowFilter === undefined || outside.length === 0) return [];
  const columns = `${outside.map(quoteIdentifier).join(', ')}, which ${outside.length === 1 ? 'is' : 'are'}`;
  const noFull = table.hasColumnList ? ', and a column list rules FULL out' : '';
  return [
    {
      problem: `${refused(table)}its row filter uses ${columns} not of the replica identity${noFull}`,
      sql: table.hasColumnList ? '' : await fullIdentitySql(sql, table),
    },
  ];
}

/** Partitions have replica identities of their own. */
async function fullIdentitySql(sql: Sql, { oid }: CatalogTable): Promise<string> {
  const rows = await sql.query(
    `SELECT n.nspname AS schema, c.relname AS name
       FROM (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid) UNION SELECT $1::oid) AS part
       JOIN pg_catalog.pg_class c ON c.oid = part.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
    [oid],
  );
  const tables = rows.map((row) => ({ schema: row['schema'] ?? '', name: row['name'] ?? '' }));
  return tables.map((table) => `ALTER TABLE ${quoteTable(table)} REPLICA IDENTITY FULL;`).join(' ');
}

/**
 * `$1`: the publication, `$2`: oids of tables. `filtered`: columns that the row filter uses, by its
 * parse tree, as dependencies do not tell them from those of the column list.
 */
const REFUSED_QUERY = `
SELECT c.oid,
  EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 's' AND NOT a.attisdropped)::text AS has_stored,
  EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 'v' AND NOT a.attisdropped)::text AS has_virtual,
  (SELECT json_agg(DISTINCT a.attname)
     FROM pg_catalog.pg_publication p
     JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
    CROSS JOIN LATERAL regexp_matches(to_jsonb(r) ->> 'prqual', ':varattno ([0-9]+)', 'g') AS used
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = used[1]::int2
    WHERE p.pubname = $1) AS filtered
FROM pg_catalog.pg_class c WHERE c.oid = ANY ($2::oid[])`;
