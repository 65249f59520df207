// What ingest tells of itself: that no record is lost from the counts, how far behind a source is, and why it stopped.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceRecord } from '../../connectors/contract.js';
import { Lag } from '../../src/ingest/lag.js';
import { batch, intakeOf, record } from './records.js';

const VALUES: readonly unknown[] = [
  ...[{ id: 1 }, { id: 2 }, { id: 1, more: [1, 2] }, { id: 1, off: true }, { id: null }, { id: {} }, {}],
  ...['{', '', '{"id":1,"id":2}', '{"__proto__":1}', '[[[[1]]]]', Buffer.from([0xff]), null],
];

const records: fc.Arbitrary<SourceRecord[]> = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'b', 'c', null), fc.constantFrom(...VALUES), fc.nat(5))
    .map(([key, value, at]) => record(key, value, at)),
  { maxLength: 60 },
);

test.each(['last', 'newest', 'reject'] as const)(
  'in = mapped + unchanged + filtered + rejected, whatever comes (contended: %s)',
  (contended) => {
    const counted = fc.property(fc.array(records, { maxLength: 4 }), (batches) => {
      const { intake, letters } = intakeOf(
        [{ path: 'p/{value.id}', when: '!has(value.off) || !value.off' }, { path: 'all/{value.id}' }],
        { contended, limits: { maxBytes: 1_000, maxDepth: 3, maxKeys: 10, numbers: 'string' } },
      );
      for (const [i, each] of batches.entries()) void intake.take(batch(each, i % 2), 1);
      const { mapped, unchanged, filtered, rejected, records: pulled } = intake.counts;
      const refused = Object.values(rejected).reduce((sum, n) => sum + n, 0);
      expect(pulled).toBe(batches.flat().length);
      expect(mapped + unchanged + filtered + refused).toBe(pulled);
      expect(refused).toBe(letters.length);
    });
    fc.assert(counted, { numRuns: 200 });
  },
);

describe('lag', () => {
  const upTo = (partition: number, behind: number | undefined, ...times: number[]) => ({
    ...batch(
      times.map((at) => record('k', 1, at)),
      partition,
    ),
    behind,
  });

  test('records behind are summed over partitions; a batch that does not know changes nothing', () => {
    const lag = new Lag();
    lag.take(upTo(0, 10, 1), 99);
    lag.take(upTo(1, 5, 1), 99);
    lag.take(upTo(0, undefined, 2), 99);
    expect(lag.records).toBe(15);
    lag.take(upTo(0, 0), 99);
    expect(lag.records).toBe(5);
    lag.clear();
    expect(lag.records).toBe(0);
  });

  test('the age is that of the newest record of the partition that is furthest behind, and 0 at the end', () => {
    const lag = new Lag();
    expect([lag.age(1_000), lag.lastAt]).toEqual([0, undefined]);
    lag.take(upTo(0, 10, 100, 400), 99);
    lag.take(upTo(1, 1, 700), 99);
    expect([lag.age(1_000), lag.lastAt]).toEqual([600, 700]);
    lag.take(upTo(0, 0, 900), 99);
    expect(lag.age(1_000)).toBe(300);
    lag.take(upTo(1, 0, 950), 99);
    expect([lag.age(1_000), lag.lastAt]).toEqual([0, 950]);
  });

  test('a transaction that stays open: nothing comes, the lag grows, and so does its age', () => {
    const lag = new Lag();
    lag.take(upTo(0, 3, 500), 99);
    lag.take(upTo(0, 8), 99);
    expect([lag.records, lag.age(1_000), lag.age(60_000)]).toEqual([8, 500, 59_500]);
  });
});
