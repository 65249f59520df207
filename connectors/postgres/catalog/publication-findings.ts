// What is wrong with a publication that exists: it leaves out operations, or columns that the options want. What it lacks altogether is
// told by unpublished-findings.ts.

import type { CatalogTable, Sql } from './catalog.js';
import type { Finding } from './finding.js';
import { publishAgain, setPublication, type Publication } from './publication-sql.js';
import { quoteIdentifier, quoteTable } from './statements.js';

/** `tables`: those of it that are selected. */
export async function publicationFindings(
  sql: Sql,
  tables: readonly CatalogTable[],
  publication: Publication,
): Promise<Finding[]> {
  return [
    ...operationFindings(publication),
    ...(await columnFindings(sql, tables, publication)),
    ...sameNameFindings(tables),
  ];
}

function operationFindings({ name, unpublished }: Publication): Finding[] {
  if (unpublished.length === 0) return [];
  return [
    {
      problem: `the publication ${quoteIdentifier(name)} leaves out ${unpublished.join(', ')}`,
      sql: setPublication(name, `publish = 'insert, update, delete, truncate'`),
    },
  ];
}

/** Of `columns` in the options. */
async function columnFindings(
  sql: Sql,
  tables: readonly CatalogTable[],
  publication: Publication,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const table of tables) {
    const published = new Set(table.columns.map(({ name }) => name));
    const missing = [...table.wanted].filter((name) => !published.has(name));
    if (missing.length > 0) findings.push(...(await missingColumns(sql, table, missing, publication)));
  }
  return findings;
}

async function missingColumns(
  sql: Sql,
  table: CatalogTable,
  missing: readonly string[],
  publication: Publication,
): Promise<Finding[]> {
  const rows = await sql.query(
    `SELECT attname, attgenerated FROM pg_catalog.pg_attribute
      WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname = ANY ($2::text[])`,
    [table.oid, missing],
  );
  const generated = new Map(rows.map((row) => [row['attname'] ?? '', row['attgenerated'] ?? '']));
  return missing.map((name) => {
    const column = `${quoteIdentifier(name)} of ${table.topic}`;
    const kind = generated.get(name);
    const sendsGenerated = publication.publishesGenerated !== undefined;
    if (kind === undefined) return { problem: `there is no column ${column}`, sql: '' };
    if (kind === 'v' || (kind === 's' && !sendsGenerated)) {
      return {
        problem: `the column ${column} is generated and cannot be published${sendsGenerated ? ', as it is not stored' : ' before version 18 of the server'}`,
        sql: '',
      };
    }
    return {
      problem: `the column ${column} is not published`,
      sql: table.hasColumnList
        ? publishAgain(publication, table, {
            columns: [...table.columns.map((published) => published.name), ...missing],
          })
        : setPublication(publication.name, 'publish_generated_columns = stored'),
    };
  });
}

/** `a.b` may be the table b of the schema a, or one whose name has a dot: their records could not be told apart. */
function sameNameFindings(tables: readonly CatalogTable[]): Finding[] {
  const seen = new Map<string, CatalogTable>();
  return tables.flatMap((table) => {
    const other = seen.get(table.topic);
    seen.set(table.topic, table);
    if (other === undefined) return [];
    return [
      {
        problem: `${quoteTable(other)} and ${quoteTable(table)} are both called ${table.topic}; rename one, or publish only one`,
        sql: '',
      },
    ];
  });
}
