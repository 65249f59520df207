// How a slot looks from outside: whether it is ours to use, and whether it still has what comes next.

import { parseLsn } from './lsn.js';
import type { SqlSession } from './sql-session.js';

export interface SlotState {
  readonly name: string;
  /** `pgoutput`; undefined: a physical slot. */
  readonly plugin: string | undefined;
  readonly database: string | undefined;
  readonly isTemporary: boolean;
  /** Of whoever reads it. */
  readonly activePid: number | undefined;
  /** WAL is kept from here on; undefined: nothing is kept any more. */
  readonly restartLsn: bigint | undefined;
  /** What was committed before is not sent again. */
  readonly confirmedLsn: bigint | undefined;
  /** `lost`: WAL that it needs is gone. `unreserved`: will be, at the next checkpoint. */
  readonly walStatus: 'reserved' | 'extended' | 'unreserved' | 'lost' | undefined;
  /** Why it cannot be used any more; told from 17 on (`wal_removed`, `idle_timeout`, ...). */
  readonly invalidationReason: string | undefined;
  readonly isFailover: boolean;
}

/** Columns that some versions lack are asked for through JSON, which has NULL for them. */
const SLOT_QUERY = `
  SELECT slot_name, plugin, database, temporary, active_pid, restart_lsn, confirmed_flush_lsn, wal_status,
    to_jsonb(s) ->> 'invalidation_reason' AS invalidation_reason, to_jsonb(s) ->> 'failover' AS failover
  FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1`;

/** undefined: there is none of that name. */
export async function slotState(
  sql: Pick<SqlSession, 'query'>,
  name: string,
): Promise<SlotState | undefined> {
  const [row] = await sql.query(SLOT_QUERY, [name]);
  if (row === undefined) return undefined;
  const lsn = (column: string): bigint | undefined => {
    const text = row[column] ?? undefined;
    return text === undefined ? undefined : parseLsn(text);
  };
  const pid = row['active_pid'] ?? undefined;
  return {
    name,
    plugin: row['plugin'] ?? undefined,
    database: row['database'] ?? undefined,
    isTemporary: row['temporary'] === 't',
    activePid: pid === undefined ? undefined : Number(pid),
    restartLsn: lsn('restart_lsn'),
    confirmedLsn: lsn('confirmed_flush_lsn'),
    walStatus: (row['wal_status'] ?? undefined) as SlotState['walStatus'],
    invalidationReason: row['invalidation_reason'] ?? undefined,
    isFailover: row['failover'] === 'true',
  };
}

/** Whether it cannot be read from any more, whoever comes. */
export function isSlotLost({ walStatus, invalidationReason }: SlotState): boolean {
  return walStatus === 'lost' || invalidationReason !== undefined;
}
