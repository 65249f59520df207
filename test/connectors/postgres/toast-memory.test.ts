// Values that updates leave out, within a budget; and whether the answer about one is newer than the update.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { isVisible } from '../../../connectors/postgres/reselect.js';
import { ToastMemory } from '../../../connectors/postgres/toast-memory.js';

const key = (n: number): Buffer => Buffer.from(`{"id":${n}}`);
const texts = (text: string): Map<number, Buffer> => new Map([[1, Buffer.from(text)]]);

describe('the memory of large values', () => {
  test('has what was kept of a row last, as it was then', () => {
    const memory = new ToastMemory(10_000);
    const scratch = Buffer.from('"first"');
    memory.keep(1, key(1), new Map([[2, scratch]]));
    scratch.fill('x');
    expect(String(memory.of(1, key(1))?.get(2))).toBe('"first"');
    memory.keep(1, key(1), texts('"second"'));
    expect(memory.of(1, key(1))?.has(2)).toBe(false);
    expect(memory.of(2, key(1))).toBeUndefined();
  });

  test('forgets what was not used for longest when there is too much', () => {
    const memory = new ToastMemory(5_000);
    for (let n = 0; n < 3; n++) memory.keep(1, key(n), texts('x'.repeat(1_000)));
    memory.of(1, key(0));
    memory.keep(1, key(3), texts('x'.repeat(1_000)));
    expect([0, 1, 2, 3].map((n) => memory.of(1, key(n)) !== undefined)).toEqual([true, false, true, true]);
  });

  test('forgets a row, a table, and what alone would be too much', () => {
    const memory = new ToastMemory(5_000);
    memory.keep(1, key(1), texts('"a"'));
    memory.keep(1, key(2), texts('"b"'));
    memory.keep(2, key(1), texts('"c"'));
    memory.forget(1, key(1));
    expect(memory.of(1, key(1))).toBeUndefined();
    memory.forgetTable(1);
    expect([memory.hasAnyOf(1), memory.hasAnyOf(2)]).toEqual([false, true]);
    memory.keep(2, key(1), texts('x'.repeat(5_000)));
    expect(memory.hasAnyOf(2)).toBe(false);
    expect(memory.bytes).toBe(0);
  });

  test('B18 never holds more than its budget, and knows how much it holds', () => {
    const step = fc.record({ n: fc.nat(20), length: fc.nat(2_000), what: fc.constantFrom('keep', 'forget') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const memory = new ToastMemory(10_000);
        for (const { n, length, what } of steps) {
          if (what === 'keep') memory.keep(n % 3, key(n), texts('x'.repeat(length)));
          else memory.forget(n % 3, key(n));
          expect(memory.bytes).toBeLessThanOrEqual(10_000);
        }
        for (const oid of [0, 1, 2]) memory.forgetTable(oid);
        expect(memory.bytes).toBe(0);
      }),
    );
  });
});

describe('a transaction is seen in a snapshot', () => {
  test.each([
    [99, '100:105:101,103', true],
    [101, '100:105:101,103', false],
    [102, '100:105:101,103', true],
    [105, '100:105:', false],
    [104, '100:105:', true],
    [7, '4294967290:4294967310:', true], // the stream has the lower 32 bits
    [4294967295, '4294967290:4294967310:', true],
    [13, '4294967290:4294967310:4294967309', false],
    [14, '4294967290:4294967310:4294967309', false],
    [4294967290, '4294967290:4294967310:4294967290', false],
  ])('%d in %s: %s', (xid, snapshot, isSeen) => expect(isVisible(xid, snapshot)).toBe(isSeen));
});
