// Writes the record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch), as one that a producer without an id
// sends. record-batch.ts reads it.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CODEC } from './compression.js';
import { crc32c } from './crc32c.js';
import { writeInt64 } from './int64.js';
import { HEADER_BYTES, type KafkaHeader, type KafkaRecord } from './record-batch.js';

/** A record that has no offset yet. `timestampMs` is what the topic keeps unless it is set up to keep its own time. */
export type NewRecord = Omit<KafkaRecord, 'offset' | 'headers'> & {
  readonly headers: readonly KafkaHeader[];
};

/** Less is sent as it is. gzip, since every client reads it. */
const COMPRESS_FROM_BYTES = 16 * 1024;
const LENGTH_END = 12;
const CRC_AT = 17;
const CRC_FROM = 21;
const MAGIC = 2;

const compressed = promisify(gzip);

/** One batch of at least one record, compressed where that is worth it. */
export async function recordBatch(records: readonly NewRecord[]): Promise<Buffer> {
  const plain = bodyOf(records);
  if (plain.length < COMPRESS_FROM_BYTES) return batchOf(records, plain, CODEC.none);
  return batchOf(records, await compressed(plain), CODEC.gzip);
}

/** The same as it is, whatever its size. */
export function plainRecordBatch(records: readonly NewRecord[]): Buffer {
  return batchOf(records, bodyOf(records), CODEC.none);
}

function bodyOf(records: readonly NewRecord[]): Buffer {
  const first = records[0]?.timestampMs ?? 0;
  return Buffer.concat(records.flatMap((record, index) => recordParts(record, index, first)));
}

function batchOf(records: readonly NewRecord[], body: Buffer, codec: number): Buffer {
  const first = records[0]?.timestampMs ?? 0;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32BE(HEADER_BYTES - LENGTH_END + body.length, 8);
  header.writeInt32BE(-1, 12); // leader epoch: the broker's to fill in
  header.writeInt8(MAGIC, 16);
  header.writeInt16BE(codec, CRC_FROM);
  header.writeInt32BE(records.length - 1, 23);
  writeInt64(header, first, 27);
  writeInt64(
    header,
    records.reduce((latest, { timestampMs }) => Math.max(latest, timestampMs), first),
    35,
  );
  header.fill(0xff, 43, 57); // no producer id, epoch or sequence
  header.writeInt32BE(records.length, 57);
  const batch = Buffer.concat([header, body]);
  batch.writeUInt32BE(crc32c(batch, CRC_FROM, batch.length), CRC_AT);
  return batch;
}

function recordParts(record: NewRecord, offset: number, firstTimestamp: number): Buffer[] {
  const { key, value, headers, timestampMs } = record;
  const parts = [
    Buffer.of(0), // attributes: none are defined
    varint(timestampMs - firstTimestamp),
    varint(offset),
    ...field(key),
    ...field(value),
    varint(headers.length),
    ...headers.flatMap(({ name, value: content }) => [...field(Buffer.from(name)), ...field(content)]),
  ];
  return [varint(parts.reduce((bytes, part) => bytes + part.length, 0)), ...parts];
}

function field(bytes: Buffer | null): Buffer[] {
  return bytes === null ? [varint(-1)] : [varint(bytes.length), bytes];
}

/** Zig-zag; exact to 2^52. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
