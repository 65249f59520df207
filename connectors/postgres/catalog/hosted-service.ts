// Where a managed service keeps what elsewhere is a setting of the server or an attribute of a role. It is known by the role that
// each such service makes.

import type { Sql } from './catalog.js';

export interface HostedService {
  readonly name: string;
  /** How logical decoding is turned on there. */
  readonly logicalDecoding: string;
  /** The role whose members may replicate; undefined: it is the attribute REPLICATION, as everywhere. */
  readonly replicationRole?: string;
}

const BY_ROLE: ReadonlyMap<string, HostedService> = new Map([
  [
    'rds_superuser',
    {
      name: 'Amazon RDS or Aurora',
      logicalDecoding:
        'set rds.logical_replication to 1 in the parameter group (of the cluster, for Aurora) and reboot the instance',
      replicationRole: 'rds_replication',
    },
  ],
  [
    'alloydbsuperuser',
    {
      name: 'AlloyDB',
      logicalDecoding: 'set the flag alloydb.logical_decoding to on; the instance restarts',
    },
  ],
  [
    'cloudsqlsuperuser',
    {
      name: 'Cloud SQL',
      logicalDecoding: 'set the flag cloudsql.logical_decoding to on; the instance restarts',
    },
  ],
  [
    'azure_pg_admin',
    {
      name: 'Azure Database',
      logicalDecoding: 'set the server parameter wal_level to logical and restart the server',
    },
  ],
  [
    'neon_superuser',
    { name: 'Neon', logicalDecoding: "turn on logical replication in the project's settings" },
  ],
  [
    'supabase_admin',
    {
      name: 'Supabase',
      logicalDecoding: 'have the support turn it on: it is on in projects as they are made',
    },
  ],
]);

/** undefined: a server of one's own, or of a service that is not known here. */
export async function hostedService(sql: Sql): Promise<HostedService | undefined> {
  const names = [...BY_ROLE.keys()];
  const rows = await sql.query(`SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[])`, [
    names,
  ]);
  const found = new Set(rows.map((row) => row['rolname']));
  return BY_ROLE.get(names.find((name) => found.has(name)) ?? '');
}
