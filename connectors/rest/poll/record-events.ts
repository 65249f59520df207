// What a poll has changed, as events: deletes first, so that a path that passes from one key to another is free, then what is
// new or different. All of them are one transaction.

import type { SourceEvent, SourceRecord } from '../../contract.js';
import type { Difference } from './published-items.js';

export interface Origin {
  /** Of the endpoint. */
  readonly name: string;
  readonly number: number;
  /** Which poll it was, and of no other. */
  readonly poll: string;
}

/** Of one event: so much is in memory twice for a moment. */
const MAX_RECORDS = 1_000;
const MAX_BYTES = 256 * 1024;

/** Yields nothing where nothing has changed. */
export function* differenceEvents(difference: Difference, origin: Origin): Generator<SourceEvent> {
  const { gone, changed } = difference;
  const last = gone.length + changed.length - 1;
  let records: SourceRecord[] = [];
  let bytes = 0;
  for (let n = 0; n <= last; n++) {
    const record = recordAt(difference, n, `${origin.poll}+${n}`);
    records.push(record);
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (n < last && records.length < MAX_RECORDS && bytes < MAX_BYTES) continue;
    yield {
      type: 'records',
      ...{ partition: origin.name, topic: origin.name, partitionNumber: origin.number },
      ...{ records, position: `${origin.poll}+${n}`, more: n < last },
    };
    records = [];
    bytes = 0;
  }
}

function recordAt({ gone, changed }: Difference, n: number, offset: string): SourceRecord {
  const base = { headers: undefined, timestampMs: -1, offset };
  const goneKey = gone[n];
  if (goneKey !== undefined) return { ...base, key: Buffer.from(goneKey), value: null };
  const item = changed[n - gone.length];
  if (item === undefined) throw new RangeError(`a difference has no change ${n}`);
  const { page, index, key } = item;
  return {
    ...base,
    key: key === undefined ? null : Buffer.from(key),
    value: page.bytes.subarray(page.start(index), page.end(index)),
  };
}
