// What one source has done so far, as plain numbers that telemetry reads when it is scraped. They only grow.

import type { SOURCE_ERRORS } from '../telemetry/figures.js';
import type { RejectionCode } from './rejection.js';

export type SourceErrorKind = (typeof SOURCE_ERRORS)[number];

/** records = mapped + unchanged + filtered + the sum of rejected. */
export interface IngestCounts {
  records: number;
  /** Bytes of keys and values. */
  bytes: number;
  /** Records that changed at least one path. */
  mapped: number;
  /** Records that said nothing new: equal to what was there, or different only in what does not count. */
  unchanged: number;
  /** Records to which no rule applied; paths that their key had before are deleted. */
  filtered: number;
  rejected: Partial<Record<RejectionCode, number>>;
  /** Updates appended to the log, deletes included. */
  updates: number;
  /** Times that a record spoke of a path that another key owned. */
  contended: number;
  /** Paths deleted because the source, read anew, no longer had them, or had cleared all of their topic. */
  swept: number;
  /** Paths deleted because no record had spoken of them for too long. */
  expired: number;
  /** Times that reading came to a halt. `unavailable` also counts interruptions that the connector gets over by itself. */
  readonly errors: Record<SourceErrorKind, number>;
}

export function newCounts(): IngestCounts {
  return {
    records: 0,
    bytes: 0,
    mapped: 0,
    unchanged: 0,
    filtered: 0,
    rejected: {},
    updates: 0,
    contended: 0,
    swept: 0,
    expired: 0,
    errors: { unavailable: 0, history_lost: 0, options_rejected: 0, bug: 0 },
  };
}

/** The reason for which most records were rejected; undefined: none was. */
export function commonestOf(rejected: IngestCounts['rejected']): string | undefined {
  const [first] = Object.entries(rejected).sort(([, one], [, other]) => other - one);
  return first?.[0];
}
