// The decoder against damaged bytes: it returns, or throws its own error; it never reads outside, hangs, or grows without limit.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { KafkaDataError } from '../../src/kafka/data-error.js';
import { readFetchResponse } from '../../src/kafka/fetch-response.js';
import { decodeRecords, scanRecordSet } from '../../src/kafka/record-set.js';
import { CODECS, fixture, signBatch } from './fixture.js';

const MAX_BYTES = 1 << 20;

const damage = fc.array(
  fc.record({ at: fc.nat(), value: fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0xff), fc.nat(255)) }),
  {
    minLength: 1,
    maxLength: 12,
  },
);

function damaged(
  bytes: Buffer,
  changes: readonly { readonly at: number; readonly value: number }[],
  from: number,
): Buffer {
  for (const { at, value } of changes) bytes.writeUInt8(value, from + (at % (bytes.length - from)));
  return bytes;
}

function decodeAll(bytes: Buffer): void {
  try {
    const set = scanRecordSet(bytes, { start: 0, end: bytes.length }, 0, [{ producerId: 5, firstOffset: 0 }]);
    for (const record of decodeRecords(set, { fromOffset: 0, maxBytes: MAX_BYTES })) {
      expect((record.key?.length ?? 0) + (record.value?.length ?? 0)).toBeLessThanOrEqual(MAX_BYTES);
    }
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaDataError);
  }
}

test.each([...CODECS, 'transactions'] as const)(
  'damaged %s batches with a checksum made right decode or are refused',
  (name) => {
    const original = fixture(name);
    const started = performance.now();
    fc.assert(
      fc.property(damage, fc.boolean(), (changes, insideOnly) => {
        const bytes = damaged(Buffer.from(original), changes, insideOnly ? 61 : 21);
        decodeAll(signBatch(bytes, 0));
      }),
      { numRuns: 1_500 },
    );
    expect(performance.now() - started).toBeLessThan(15_000);
  },
);

test.each([...CODECS, 'transactions'] as const)(
  'truncated and torn %s sets decode or are refused',
  (name) => {
    const original = fixture(name);
    for (let length = 0; length <= original.length; length += 3) decodeAll(original.subarray(0, length));
    fc.assert(
      fc.property(damage, fc.nat(original.length), (changes, length) =>
        decodeAll(damaged(Buffer.from(original), changes, 0).subarray(0, length)),
      ),
      { numRuns: 500 },
    );
  },
);

test('damaged fetch responses are read or refused', () => {
  const original = fixture('transactions.response');
  fc.assert(
    fc.property(damage, fc.nat(original.length), fc.constantFrom(11, 13), (changes, length, version) => {
      const bytes = damaged(Buffer.from(original), changes, 0).subarray(
        0,
        Math.max(length, original.length - 200),
      );
      try {
        for (const { start, end } of readFetchResponse(bytes, 0, version).partitions) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(bytes.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(KafkaDataError);
      }
    }),
    { numRuns: 3_000 },
  );
});
