// What the probe checks: that the server, the role, the publication and its tables are set up so that what is read is what is there.
// All faults are found in one go, each with the SQL that mends it, so that whoever sets up a source pastes once.

import {
  readAsIfPublished,
  readPublication,
  selectedOf,
  serverVersion,
  type CatalogTable,
  type Sql,
} from './catalog.js';
import type { Finding } from './finding.js';
import { keyFindings } from './key-findings.js';
import { publicationFindings } from './publication-findings.js';
import { newPublication } from './publication-sql.js';
import { rowFilterFindings } from './row-filter-findings.js';
import { tableNameOf, type Selection } from './selection.js';
import { serverFindings, versionFindings, type DurableSlot } from './server-findings.js';
import { tableFindings } from './table-findings.js';
import { unpublishedFindings } from './unpublished-findings.js';

export interface ProbeOptions extends Selection {
  /** undefined: a temporary one. */
  readonly slot?: DurableSlot | undefined;
}

/**
 * Empty: all is well. `sql` must not be in a transaction, and the source must not have a replication connection open, which would count as
 * somebody else's. Rejects as `sql` does.
 */
export async function probeFindings(sql: Sql, options: ProbeOptions): Promise<Finding[]> {
  const version = await serverVersion(sql);
  const tooOld = versionFindings(version);
  if (tooOld.length > 0) return tooOld;
  const ofServer = await serverFindings(sql, options.slot, version);
  const found = await readPublication(sql, options.publication);
  const unpublished = await unpublishedFindings(sql, options, found?.publication, found?.tables ?? []);
  const added = await readAsIfPublished(sql, unpublished.oids, unpublished);
  const publication = found?.publication ?? newPublication(options.publication, { ...unpublished, version });
  const tables = [
    ...selectedOf(found?.tables ?? [], options),
    ...selectedOf(added, options).map((table) => filteredAsWanted(table, options)),
  ];
  return [
    ...ofServer,
    ...unpublished.findings,
    ...(await publicationFindings(sql, tables, publication)),
    ...(await keyFindings(sql, tables, publication)),
    ...(await tableFindings(sql, tables, publication)),
    ...(await rowFilterFindings(sql, options.tables ?? [], publication, tables)),
  ];
}

/** The SQL that adds it has the filter that is asked for: only whether that is one is left to be checked. */
function filteredAsWanted(table: CatalogTable, { tables = [] }: Selection): CatalogTable {
  const option = tables.find((candidate) => tableNameOf(candidate) === table.topic);
  return { ...table, rowFilter: typeof option === 'object' ? option.where : undefined };
}
