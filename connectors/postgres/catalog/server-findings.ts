// What is wrong with the server and the role, whatever the tables: version, logical decoding, rights, and what is left for one more
// reader.

import type { Sql } from './catalog.js';
import type { Finding } from './finding.js';
import { hostedService, type HostedService } from './hosted-service.js';
import { quoteIdentifier, quoteLiteral } from './statements.js';

/** A slot that stays, as the options have it. */
export interface DurableSlot {
  readonly name: string;
  readonly failover?: boolean;
}

/** publish_via_partition_root and max_slot_wal_keep_size came with it. */
const OLDEST = 130_000;
const FAILOVER_SINCE = 170_000;

/** Of a server that is not to be asked for more. `version`: server_version_num. */
export function versionFindings(version: number): Finding[] {
  if (version >= OLDEST) return [];
  return [
    {
      problem: `the server is version ${Math.floor(version / 10_000)}, and 13 is the oldest that will do`,
      sql: '',
    },
  ];
}

/** Ask before the source has a replication connection of its own: that one would count as another's. */
export async function serverFindings(
  sql: Sql,
  slot: DurableSlot | undefined,
  version: number,
): Promise<Finding[]> {
  const [row = {}] = await sql.query(SERVER_QUERY, [slot?.name ?? null]);
  const hosted = await hostedService(sql);
  return [
    row['is_standby'] === 'true' ? [STANDBY] : [],
    walLevelFindings(row['wal_level'] ?? '', hosted),
    await roleFindings(sql, hosted),
    sendersLeft(Number(row['max_wal_senders']), Number(row['senders'])),
    slotsLeft(Number(row['max_replication_slots']), Number(row['slots'])),
    slot === undefined ? [] : await slotFindings(sql, slot, version),
  ].flat();
}

/** `$1`: the durable slot, which counts as free. */
const SERVER_QUERY = `
SELECT pg_is_in_recovery()::text AS is_standby, current_setting('wal_level') AS wal_level,
  current_setting('max_wal_senders') AS max_wal_senders,
  (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS senders,
  current_setting('max_replication_slots') AS max_replication_slots,
  (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name IS DISTINCT FROM $1) AS slots`;

const STANDBY: Finding = {
  problem:
    'the server is a standby, which is only read; name the primary in `url`, or all hosts with commas between them',
  sql: '',
  isPassing: true,
};

function walLevelFindings(level: string, hosted: HostedService | undefined): Finding[] {
  if (level === 'logical') return [];
  const problem = `wal_level is ${level}: the server does not log what logical replication needs`;
  return hosted === undefined
    ? [{ problem, sql: 'ALTER SYSTEM SET wal_level = logical; -- then restart the server' }]
    : [{ problem: `${problem}; on ${hosted.name}: ${hosted.logicalDecoding}`, sql: '' }];
}

/**
 * Services patch the right to replicate in ways of their own. Where the role belongs to one that is called something with
 * `replication` it is not refused: the server will do that, if it must.
 */
async function roleFindings(sql: Sql, hosted: HostedService | undefined): Promise<Finding[]> {
  const [row] = await sql.query(
    `SELECT current_user AS role, (SELECT rolsuper OR rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user)::text AS may,
       EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname LIKE '%replication%' AND rolname <> current_user AND rolname NOT LIKE 'pg\\_%'
         AND pg_has_role(current_user, oid, 'MEMBER'))::text AS may_as_member`,
  );
  const isMember = hosted !== undefined && row?.['may_as_member'] === 'true';
  if (row?.['may'] === 'true' || isMember) return [];
  const role = quoteIdentifier(row?.['role'] ?? '');
  const mend =
    hosted?.replicationRole === undefined
      ? `ALTER ROLE ${role} REPLICATION;`
      : `GRANT ${hosted.replicationRole} TO ${role};`;
  return [{ problem: `the role ${role} may not replicate`, sql: mend }];
}

function sendersLeft(most: number, used: number): Finding[] {
  if (used < most) return [];
  return [
    {
      problem: `all ${most} connections for replication are taken (max_wal_senders)`,
      sql: `ALTER SYSTEM SET max_wal_senders = ${most + 10}; -- then restart the server; who has them: SELECT * FROM pg_stat_replication;`,
      isPassing: most > 0,
    },
  ];
}

function slotsLeft(most: number, used: number): Finding[] {
  if (used < most) return [];
  return [
    {
      problem: `all ${most} replication slots are taken (max_replication_slots)`,
      sql: `ALTER SYSTEM SET max_replication_slots = ${most + 10}; -- then restart the server; or drop one that nobody needs: SELECT slot_name, active FROM pg_replication_slots;`,
      isPassing: most > 0,
    },
  ];
}

async function slotFindings(
  sql: Sql,
  { name, failover = false }: DurableSlot,
  version: number,
): Promise<Finding[]> {
  const tooOld: Finding[] =
    failover && version < FAILOVER_SINCE
      ? [
          {
            problem: 'slots that fail over need version 17 of the server; set `slot.failover` to false',
            sql: '',
          },
        ]
      : [];
  const [slot] = await sql.query(
    `SELECT plugin, database, active_pid, (database = current_database())::text AS is_here
       FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
  if (slot === undefined) return tooOld;
  return [...tooOld, ...foreignSlot(name, slot), ...busySlot(name, slot['active_pid'])];
}

function foreignSlot(name: string, slot: Readonly<Record<string, string | null>>): Finding[] {
  if (slot['plugin'] === 'pgoutput' && slot['is_here'] === 'true') return [];
  const what =
    slot['plugin'] === null
      ? 'a physical one'
      : `one of ${slot['plugin']} in the database ${quoteIdentifier(slot['database'] ?? '')}`;
  return [
    {
      problem: `the replication slot ${name} exists and is ${what}; set another \`slot.name\`, unless nobody needs that slot`,
      sql: `SELECT pg_drop_replication_slot(${quoteLiteral(name)});`,
    },
  ];
}

function busySlot(name: string, pid: string | null | undefined): Finding[] {
  if (typeof pid !== 'string') return [];
  return [
    {
      problem: `the replication slot ${name} is in use by PID ${pid}; stop the other process that has this source, or end its connection`,
      sql: `SELECT pg_terminate_backend(${pid});`,
      isPassing: true,
      whileServed: `the replication slot ${name} is in use by PID ${pid}, which is right if that is the process that serves this source`,
    },
  ];
}
