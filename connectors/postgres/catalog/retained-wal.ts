// How much WAL the server keeps because of our slot, beside how much it may. A slot that nobody acknowledges fills the server's disk,
// or is cut off once it has kept max_slot_wal_keep_size.

import type { SourceLog } from '../../contract.js';
import type { Sql } from './catalog.js';

export interface RetainedWal {
  readonly bytes: number;
  /** Bytes: what the options allow, or what the server does if that is less. */
  readonly budget: number;
  /** `unreserved`: it will be cut off at the next checkpoint. `lost`: it was. */
  readonly status: 'reserved' | 'extended' | 'unreserved' | 'lost';
  /** How many more bytes may be written before the slot is in danger; undefined: the server has no limit. */
  readonly safeBytes: number | undefined;
  /** Why it cannot be used any more: `wal_removed`, `idle_timeout`, ...; told from 17 on. */
  readonly invalidation: string | undefined;
}

/** `walBudget`: bytes. undefined: there is no such slot. */
export async function retainedWal(
  sql: Sql,
  slotName: string,
  walBudget: number,
): Promise<RetainedWal | undefined> {
  const [row] = await sql.query(RETAINED_QUERY, [slotName]);
  if (row === undefined) return undefined;
  const limit = numberOf(row['keep_bytes']) ?? -1;
  return {
    bytes: Math.max(0, numberOf(row['bytes']) ?? 0),
    budget: limit < 0 ? walBudget : Math.min(walBudget, limit),
    status: row['invalidation_reason'] === null ? statusOf(row['wal_status']) : 'lost',
    safeBytes: numberOf(row['safe_wal_size']),
    invalidation: row['invalidation_reason'] ?? undefined,
  };
}

/** A column that older servers lack is asked for through JSON, which has NULL for it. max_slot_wal_keep_size is in MB; -1: no limit. */
const RETAINED_QUERY = `
SELECT pg_wal_lsn_diff(
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn) AS bytes,
  s.wal_status, s.safe_wal_size, to_jsonb(s) ->> 'invalidation_reason' AS invalidation_reason,
  (SELECT CASE WHEN setting::int8 < 0 THEN -1 ELSE setting::int8 * 1048576 END
     FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size') AS keep_bytes
FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1`;

const STATUSES: ReadonlySet<string> = new Set(['reserved', 'extended', 'unreserved', 'lost']);

/** A status that is not known is one that a later version has for slots that work. */
function statusOf(text: string | null | undefined): RetainedWal['status'] {
  return STATUSES.has(text ?? '') ? (text as RetainedWal['status']) : 'reserved';
}

function numberOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}

/** Invariant: warns once whenever what is kept has grown to half of the budget, and not again before it was less. */
export class WalAlarm {
  readonly #log: SourceLog;
  #isHigh = false;

  constructor(log: SourceLog) {
    this.#log = log;
  }

  look({ bytes, budget, status, safeBytes }: RetainedWal): void {
    const isHigh = bytes >= budget / 2;
    if (isHigh && !this.#isHigh) {
      this.#log.warn('wal-retained-high', { retainedBytes: bytes, budgetBytes: budget, safeBytes, status });
    }
    this.#isHigh = isHigh;
  }
}
