// Whether every row of a table has a name by which changes can say which row they mean. Without one Postgres itself refuses updates
// and deletes of a published table, and a row that was read could never be found again.

import { namesRows } from './catalog-query.js';
import type { CatalogTable, Sql } from './catalog.js';
import type { Finding } from './finding.js';
import { publishAgain, type Publication } from './publication-sql.js';
import { quoteIdentifier, quoteTable } from './statements.js';

/** One for each of `tables` whose rows have no name, or one that changes do not carry. */
export async function keyFindings(
  sql: Sql,
  tables: readonly CatalogTable[],
  publication: Publication,
): Promise<Finding[]> {
  const unnamed = tables.filter(
    ({ key, replicaIdentity }) => replicaIdentity === 'nothing' || key.length === 0,
  );
  const ways = unnamed.length === 0 ? new Map<number, Ways>() : await waysToNameRows(sql, unnamed);
  return [
    ...unnamed.map((table) => unnamedFinding(table, ways.get(table.oid) ?? NO_WAYS)),
    ...tables
      .filter((table) => !unnamed.includes(table))
      .flatMap((table) => unpublishedKey(table, publication)),
    ...(await partitionFindings(sql, tables)),
  ];
}

/** What a table has that could name its rows. */
interface Ways {
  readonly hasPrimaryKey: boolean;
  /** Of a primary key that is DEFERRABLE: its constraint and columns. */
  readonly deferrable: { readonly name: string; readonly columns: readonly string[] } | undefined;
  /** A unique index that would do. */
  readonly index: string | undefined;
  /** Columns that every unique index of a partitioned table must hold; undefined: some are expressions, so that it can have none. */
  readonly partitionedBy: readonly string[] | undefined;
  readonly columns: readonly string[];
}

const NO_WAYS: Ways = {
  ...{ hasPrimaryKey: false, deferrable: undefined, index: undefined, partitionedBy: [], columns: [] },
};

function unnamedFinding(table: CatalogTable, ways: Ways): Finding {
  return { problem: `${table.topic} ${missingName(table, ways)}`, sql: namingSql(table, ways) };
}

function missingName({ replicaIdentity }: CatalogTable, { hasPrimaryKey, deferrable }: Ways): string {
  switch (replicaIdentity) {
    case 'nothing':
      return 'has REPLICA IDENTITY NOTHING: updates and deletes cannot say which row they mean';
    case 'index':
      return 'has lost the index that was its replica identity: updates and deletes cannot say which row they mean';
    case 'full':
      return deferrable === undefined
        ? 'has neither a primary key nor a unique index of columns that are NOT NULL: nothing names its rows'
        : 'has a primary key that is DEFERRABLE: it does not name rows at all times';
    case 'default':
      if (deferrable !== undefined)
        return 'has a primary key that is DEFERRABLE: Postgres refuses updates and deletes';
      return hasPrimaryKey ? 'has an invalid primary key' : 'has no primary key: nothing names its rows';
  }
}

/** The least that gives it a name, best first. */
function namingSql(table: CatalogTable, ways: Ways): string {
  const alter = `ALTER TABLE ${quoteTable(table)}`;
  const useDefault =
    table.replicaIdentity === 'default' || table.replicaIdentity === 'full'
      ? ''
      : ` ${alter} REPLICA IDENTITY DEFAULT;`;
  if (ways.hasPrimaryKey) return `${alter} REPLICA IDENTITY DEFAULT;`;
  if (ways.index !== undefined)
    return `${alter} REPLICA IDENTITY USING INDEX ${quoteIdentifier(ways.index)};`;
  if (ways.deferrable !== undefined) {
    const { name, columns } = ways.deferrable;
    return `${alter} DROP CONSTRAINT ${quoteIdentifier(name)}, ADD PRIMARY KEY (${namesOf(columns)});${useDefault}`;
  }
  if (ways.partitionedBy === undefined) return '';
  const column =
    ['id', 'row_id', 'tailrace_row_id'].find((name) => !ways.columns.includes(name)) ?? 'tailrace_id';
  const key = namesOf([column, ...ways.partitionedBy]);
  return (
    `${alter} ADD COLUMN ${column} uuid DEFAULT gen_random_uuid(), ADD PRIMARY KEY (${key});${useDefault}` +
    ` -- or, if columns of its own name a row: ${alter} ADD PRIMARY KEY (...);`
  );
}

function namesOf(columns: readonly string[]): string {
  return columns.map(quoteIdentifier).join(', ');
}

async function waysToNameRows(sql: Sql, tables: readonly CatalogTable[]): Promise<ReadonlyMap<number, Ways>> {
  const rows = await sql.query(WAYS_QUERY, [`{${tables.map(({ oid }) => oid).join(',')}}`]);
  return new Map(
    rows.map((row): [number, Ways] => {
      const deferrable = row['deferrable'] ?? undefined;
      return [
        Number(row['oid']),
        {
          hasPrimaryKey: row['has_primary_key'] === 'true',
          deferrable:
            deferrable === undefined
              ? undefined
              : { name: deferrable, columns: listOf(row['deferrable_columns']) },
          index: row['unique_index'] ?? undefined,
          partitionedBy: row['by_expression'] === 'true' ? undefined : listOf(row['partitioned_by']),
          columns: listOf(row['columns']),
        },
      ];
    }),
  );
}

/** `$1`: oids of tables. */
const WAYS_QUERY = `
SELECT c.oid,
  EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND ${namesRows('i')})::text AS has_primary_key,
  d.name AS deferrable, d.columns AS deferrable_columns,
  (SELECT x.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND ${namesRows('i')} ORDER BY i.indnkeyatts, i.indexrelid LIMIT 1) AS unique_index,
  (0 = ANY (p.partattrs::int2[]))::text AS by_expression,
  (SELECT json_agg(a.attname) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum = ANY (p.partattrs)) AS partitioned_by,
  (SELECT json_agg(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid) AS columns
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid
LEFT JOIN LATERAL (
  SELECT k.conname AS name, (SELECT json_agg(a.attname ORDER BY array_position(k.conkey, a.attnum))
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey)) AS columns
  FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p' AND k.condeferrable
) d ON true
WHERE c.oid = ANY ($1::oid[])`;

function unpublishedKey(table: CatalogTable, publication: Publication): Finding[] {
  const published = new Set(table.columns.map(({ name }) => name));
  const missing = table.key.filter((name) => !published.has(name));
  if (missing.length === 0) return [];
  const what = `${missing.map(quoteIdentifier).join(', ')} of the key of ${table.topic}`;
  if (table.hasColumnList) {
    return [
      {
        problem: `the publication leaves out ${what}: changes cannot say which row they mean`,
        sql: publishAgain(publication, table, { columns: [...missing, ...published] }),
      },
    ];
  }
  return [
    {
      problem: `${what} is a generated column, which ${publication.publishesGenerated === undefined ? 'servers before 18 do not' : 'the publication does not'} send`,
      sql:
        publication.publishesGenerated === undefined
          ? ''
          : `ALTER PUBLICATION ${quoteIdentifier(publication.name)} SET (publish_generated_columns = stored);`,
    },
  ];
}

/** What a partition logs of an old row goes by its own replica identity, and must hold the key of the root. */
async function partitionFindings(sql: Sql, tables: readonly CatalogTable[]): Promise<Finding[]> {
  const roots = new Map(
    tables
      .filter(({ isPartitioned, key }) => isPartitioned && key.length > 0)
      .map((table) => [table.oid, table]),
  );
  if (roots.size === 0) return [];
  const leaves = [...roots.values()].flatMap((root) => root.leaves.map(({ oid }) => [root.oid, oid]));
  const rows = await sql.query(PARTITIONS_QUERY, [
    `{${leaves.map(([root]) => root).join(',')}}`,
    `{${leaves.map(([, leaf]) => leaf).join(',')}}`,
  ]);
  return rows.flatMap((row) => {
    const root = roots.get(Number(row['root']));
    const { schema, name, index } = row;
    if (root === undefined || typeof schema !== 'string' || typeof name !== 'string') return [];
    const carried = listOf(row['carried']);
    if (row['identity'] === 'f' || root.key.every((column) => carried.includes(column))) return [];
    const how =
      root.replicaIdentity === 'default'
        ? 'DEFAULT'
        : typeof index === 'string'
          ? `USING INDEX ${quoteIdentifier(index)}`
          : 'FULL';
    return [
      {
        problem: `the partition ${schema}.${name} of ${root.topic} has another replica identity, which leaves out columns of the root's key`,
        sql: `ALTER TABLE ${quoteTable({ schema, name })} REPLICA IDENTITY ${how};`,
      },
    ];
  });
}

/** `$1`, `$2`: oids of roots and of their leaves, in pairs. `index`: the leaf's part of the index that is the root's identity. */
const PARTITIONS_QUERY = `
SELECT pair.root, n.nspname AS schema, c.relname AS name, c.relreplident AS identity,
  (SELECT json_agg(a.attname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
      ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
    WHERE i.indrelid = c.oid AND ${namesRows('i')}
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END) AS carried,
  (SELECT x.relname FROM pg_catalog.pg_index own JOIN pg_catalog.pg_class x ON x.oid = own.indexrelid
     JOIN pg_catalog.pg_partition_tree(upper.indexrelid) t ON t.relid = own.indexrelid
    WHERE own.indrelid = c.oid LIMIT 1) AS index
FROM unnest($1::oid[], $2::oid[]) AS pair(root, leaf)
JOIN pg_catalog.pg_class c ON c.oid = pair.leaf AND c.relkind = 'r'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index upper ON upper.indrelid = pair.root AND upper.indisreplident`;

function listOf(json: string | null | undefined): readonly string[] {
  return json === null || json === undefined ? [] : (JSON.parse(json) as string[]);
}
