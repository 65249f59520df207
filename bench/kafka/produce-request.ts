// The bytes of a Produce request (version 3) with one record batch (format v2), so that records can be sent one by one at a
// rate that no client library would keep up on the core that the benchmark has left for it.

import { crc32c } from '../../src/kafka/crc32c.js';

export interface ProducedRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

const PRODUCE = 0;
const VERSION = 3;
const TIMEOUT_MS = 10_000;
const BATCH_HEADER_BYTES = 61;
const CRC_AT = 17;
const CRC_FROM = 21;

export function produceRequest(
  correlation: number,
  topic: string,
  records: readonly ProducedRecord[],
): Buffer {
  const batch = recordBatch(records);
  const head = Buffer.concat([
    int16(PRODUCE),
    int16(VERSION),
    int32(correlation),
    text('bench'),
    int16(-1), // no transaction
    int16(1), // the leader's acknowledgement
    int32(TIMEOUT_MS),
    int32(1),
    text(topic),
    int32(1),
    int32(0), // partition
    int32(batch.length),
  ]);
  return Buffer.concat([int32(head.length + batch.length), head, batch]);
}

/** Of the answer to such a request, without its length. */
export function producedError(response: Buffer): number {
  const topicBytes = response.readInt16BE(8);
  return response.readInt16BE(10 + topicBytes + 8);
}

function recordBatch(records: readonly ProducedRecord[]): Buffer {
  const now = BigInt(Date.now());
  const body = Buffer.concat(records.map(encodeRecord));
  const batch = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), body]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // leader epoch
  batch.writeInt8(2, 16);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(now, 27);
  batch.writeBigInt64BE(now, 35);
  batch.writeBigInt64BE(-1n, 43); // producer id
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch, CRC_FROM, batch.length), CRC_AT);
  return batch;
}

function encodeRecord({ key, value }: ProducedRecord, offset: number): Buffer {
  const content = Buffer.concat([
    Buffer.of(0, 0), // attributes, time after the first
    varint(offset),
    varint(key.length),
    key,
    varint(value.length),
    value,
    Buffer.of(0), // headers
  ]);
  return Buffer.concat([varint(content.length), content]);
}

/** Zigzag, as in protocol buffers; for what is not negative. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.of(...bytes, left);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value)]);
}
