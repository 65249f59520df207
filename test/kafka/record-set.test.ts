// What the record-batch decoder makes of real bytes, and what it refuses.

import { describe, expect, test } from '@jest/globals';

import { crc32c } from '../../src/kafka/crc32c.js';
import { KafkaDataError } from '../../src/kafka/data-error.js';
import { readFetchResponse } from '../../src/kafka/fetch-response.js';
import { decodeRecords, scanRecordSet, type AbortedTransaction } from '../../src/kafka/record-set.js';
import { CODECS, fixture, signBatch } from './fixture.js';

const MAX_BYTES = 1 << 20;

function read(bytes: Buffer, fromOffset = 0, aborted: readonly AbortedTransaction[] = []) {
  const set = scanRecordSet(bytes, { start: 0, end: bytes.length }, fromOffset, aborted);
  return { set, records: decodeRecords(set, { fromOffset, maxBytes: MAX_BYTES }) };
}

function faultOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof KafkaDataError) return error.fault;
    throw error;
  }
  return undefined;
}

test('the checksum is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
  expect(crc32c(Buffer.from('..123456789123456789.'), 2, 11)).toBe(0xe3069283);
});

describe.each(CODECS)('A17 batches that the Java producer compressed with %s', (codec) => {
  test('decode to every key, value and header', () => {
    const { set, records } = read(fixture(codec));
    expect(set.nextOffset).toBe(40);
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(records[3]?.key?.toString()).toBe('key-3');
    expect(records[3]?.value?.toString()).toBe('{"symbol":"S3","price":4.5,"venue":"XNAS"}');
    expect(records[3]?.headers).toBeUndefined();
    expect(records[4]?.headers).toEqual([
      { name: 'trace', value: Buffer.from('4') },
      { name: 'empty', value: null },
    ]);
    expect(records[0]?.timestampMs).toBeGreaterThan(1.7e12);
  });

  test('A8 keep a tombstone apart from an empty value', () => {
    const { records } = read(fixture(codec));
    expect(records[7]?.value).toBeNull();
    expect(records[8]?.value).toEqual(Buffer.alloc(0));
  });

  test('leave out what lies below the wanted offset, and still end after the batch', () => {
    const { set, records } = read(fixture(codec), 35);
    expect(records.map(({ offset }) => offset)).toEqual([35, 36, 37, 38, 39]);
    expect(set.nextOffset).toBe(40);
  });

  test('wait for the rest when the last batch is cut', () => {
    const whole = fixture(codec);
    const { set, records } = read(whole.subarray(0, whole.length - 1));
    expect(records).toEqual([]);
    expect(set.nextOffset).toBe(0);
  });

  test('A17 are not read when the checksum is wrong', () => {
    const bytes = fixture(codec);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    const { set, records } = read(bytes);
    expect(records).toEqual([]);
    expect(set.corruptAt).toBe(0);
  });
});

test('A16 a batch that grows past the limit is refused, whatever the codec', () => {
  for (const codec of CODECS.filter((each) => each !== 'none')) {
    const bytes = fixture(codec);
    const set = scanRecordSet(bytes, { start: 0, end: bytes.length }, 0, []);
    expect(faultOf(() => decodeRecords(set, { fromOffset: 0, maxBytes: 1_000 }))).toBe('too-large');
  }
});

test('A17 an unknown codec and a message set from before Kafka 0.11 are refused by name', () => {
  const unknown = fixture('none');
  unknown.writeInt16BE(5, 21);
  expect(faultOf(() => read(signBatch(unknown, 0)))).toBe('unknown-codec');
  const old = fixture('none');
  old.writeInt8(1, 16);
  expect(faultOf(() => read(old))).toBe('old-format');
});

test('A20 a batch that compaction emptied moves the position and yields nothing', () => {
  const bytes = fixture('none').subarray(0, 61);
  bytes.writeInt32BE(61 - 12, 8);
  bytes.writeInt32BE(0, 57);
  const { set, records } = read(signBatch(bytes, 0));
  expect(records).toEqual([]);
  expect(set.nextOffset).toBe(40);
});

describe('A10 aborted transactions', () => {
  // A opens, B opens and aborts, A aborts, A commits another; keys 00000000 look like an abort marker's key.
  const inOrderOfEnd = [
    { producerId: 6, firstOffset: 1 },
    { producerId: 5, firstOffset: 0 },
  ];

  test('are never visible, in whatever order the broker lists them', () => {
    for (const aborted of [inOrderOfEnd, [...inOrderOfEnd].reverse()]) {
      const { set, records } = read(fixture('transactions'), 0, aborted);
      expect(records.map(({ value }) => value?.toString())).toEqual(['committed A3']);
      expect(set.nextOffset).toBe(8);
    }
  });

  test('are hidden too when reading begins in their middle', () => {
    for (let from = 0; from < 8; from++) {
      const { records } = read(fixture('transactions'), from, inOrderOfEnd);
      expect(records.filter(({ value }) => value?.toString().startsWith('aborted'))).toEqual([]);
    }
  });

  test('come with the fetch response as the broker sent it', () => {
    const [partition] = readFetchResponse(fixture('transactions.response'), 0, 13).partitions;
    expect(partition?.aborted).toEqual(inOrderOfEnd);
    expect(partition?.lastStableOffset).toBe(8);
  });
});
