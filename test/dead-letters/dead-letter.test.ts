// What is kept of a rejected record, and its two forms: JSON and a record of a topic.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { identityOf, stubBytes, stubOf, STUB_LIMITS } from '../../src/dead-letters/dead-letter.js';
import { letterFromJson, letterFromLine, letterJson } from '../../src/dead-letters/letter-json.js';
import { letterFromRecord, letterRecord } from '../../src/dead-letters/letter-record.js';
import { recordBatch } from '../../src/kafka/batch-writer.js';
import { decodeBatch, hasRightChecksum } from '../../src/kafka/record-batch.js';
import { arbitraryStub, letter } from './letters.js';

test('A13 a stub keeps origin, reason, key, value and headers', () => {
  const headers = [{ name: 'trace', value: Buffer.from('1') }];
  const { record, ...facts } = letter(7, { headers });
  expect(stubOf({ ...facts, record }, 42)).toEqual({
    ...facts,
    ...{ timestampMs: record.timestampMs, rejectedAtMs: 42, key: record.key, value: record.value },
    ...{ valueBytes: 6, isTruncated: false, headers },
  });
});

test('A13 a tombstone and an unknown time stay what they are', () => {
  const stub = stubOf(letter(7, { value: null, key: null, timestampMs: -1 }), 42);
  expect(stub).toMatchObject({ key: null, value: null, valueBytes: 0, isTruncated: false, timestampMs: -1 });
});

test('A16 a stub is bounded, says so, and knows how large the value was', () => {
  const large = Buffer.alloc(20 << 20, 'v');
  const header = { name: 'h', value: Buffer.alloc(5000) };
  const headers = [{ name: 'n'.repeat(5000), value: null }, ...Array<typeof header>(50).fill(header)];
  const stub = stubOf(letter(1, { key: large, value: large, headers }), 0);
  expect([stub.key?.length, stub.value?.length, stub.valueBytes]).toEqual([4096, 65536, 20 << 20]);
  expect(stub.headers.map(({ value }) => value?.length)).toEqual(Array(16).fill(1024));
  expect([stub.isTruncated, stubBytes(stub) < 90_000]).toEqual([true, true]);
  expect(JSON.stringify(letterJson(stub)).length).toBeLessThan(130_000);
});

test.each([
  ['the key', { key: Buffer.alloc(STUB_LIMITS.keyBytes + 1) }],
  ['the value', { value: Buffer.alloc(STUB_LIMITS.valueBytes + 1) }],
  ['a header', { headers: [{ name: 'h', value: Buffer.alloc(STUB_LIMITS.headerValueBytes + 1) }] }],
  ['the name of a header', { headers: [{ name: 'é'.repeat(129), value: null }] }],
  ['the headers', { headers: Array.from({ length: 17 }, () => ({ name: 'h', value: null })) }],
])('A16 a stub that is not all of %s is no record again', (_, changes) => {
  expect(stubOf(letter(1, changes), 0).isTruncated).toBe(true);
});

test('A13 a stub has bytes of its own: those of the record are valid during the call only', () => {
  const whole = Buffer.from('key and value');
  const record = { key: whole.subarray(0, 3), value: whole.subarray(8) };
  const stub = stubOf(letter(1, { ...record, headers: [{ name: 'h', value: whole.subarray(4, 7) }] }), 0);
  whole.fill(0);
  expect([stub.key, stub.value, stub.headers[0]?.value].map(String)).toEqual(['key', 'value', 'and']);
});

test('A13 JSON gives back every letter, as one line', () => {
  fc.assert(
    fc.property(arbitraryStub, (stub) => {
      const line = JSON.stringify(letterJson(stub));
      expect(line).not.toMatch(/[\r\n]/);
      expect(letterFromLine(line)).toEqual(stub);
    }),
  );
});

test('A13 a record of a topic gives back every letter, whatever its own headers are called', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryStub, { minLength: 1, maxLength: 8 }), async (stubs) => {
      const batch = await recordBatch(stubs.map(letterRecord));
      expect(hasRightChecksum(batch, 0, batch.length)).toBe(true);
      const read = decodeBatch(batch, 0, batch.length, { fromOffset: 0, maxBytes: 1 << 24 });
      expect(read.map(letterFromRecord)).toEqual(stubs);
      expect(read.map(({ timestampMs }) => timestampMs)).toEqual(stubs.map((stub) => stub.rejectedAtMs));
    }),
    { numRuns: 50 },
  );
});

test('what is no letter is none, in either form', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => expect(letterFromLine(text)).toBeUndefined()),
  );
  const json = letterJson(stubOf(letter(1), 0)) as unknown as Record<string, unknown>;
  for (const name of Object.keys(json).filter((each) => each !== 'at')) {
    expect(letterFromJson({ ...json, [name]: undefined })).toBeUndefined();
    expect(letterFromJson({ ...json, [name]: [{}] })).toBeUndefined();
  }
  expect(letterFromJson({ ...json, value: 'no base64!' })).toBeUndefined();
  const record = letterRecord(stubOf(letter(1), 0));
  for (const missing of [
    'tailrace.source',
    'tailrace.truncated',
    'tailrace.partition',
    'tailrace.timestamp',
  ]) {
    const headers = record.headers.filter(({ name }) => name !== missing);
    expect(letterFromRecord({ ...record, headers })).toBeUndefined();
  }
  expect(letterFromRecord({ ...record, headers: undefined })).toBeUndefined();
});

test('a record that is rejected again is known again, another one at its offset is not', () => {
  const stub = stubOf(letter(1), 0);
  expect(identityOf({ ...stub, rejectedAtMs: 9 })).toBe(identityOf(stub));
  expect(identityOf({ ...stub, timestampMs: 9 })).not.toBe(identityOf(stub));
  expect(identityOf({ ...stub, partition: 9 })).not.toBe(identityOf(stub));
});
