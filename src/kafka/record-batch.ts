// The record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch): its header read in place, its records
// decoded to slices of the response. What is visible to a reader is decided in record-set.ts.

import { CODEC, decompress } from './compression.js';
import { crc32c } from './crc32c.js';
import { KafkaDataError } from './data-error.js';
import { readInt64 } from './int64.js';

/** One record. `key` and `value` are slices of the response, or of the decompressed batch. */
export interface KafkaRecord {
  readonly key: Buffer | null;
  /** null: a tombstone. */
  readonly value: Buffer | null;
  /** In the order written; names may repeat. undefined: none. */
  readonly headers: readonly KafkaHeader[] | undefined;
  /** As the topic is set up: when the producer made it, or when the broker appended it. ms since 1970. */
  readonly timestampMs: number;
  readonly offset: number;
}

export interface KafkaHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

export const HEADER_BYTES = 61;
/** Bytes before what `batchLength` counts. */
const LENGTH_END = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const CRC_FROM = 21;
const IS_LOG_APPEND_TIME = 0x08;
const IS_TRANSACTIONAL = 0x10;
const IS_CONTROL = 0x20;
/** The smallest record: seven one-byte fields. A count of records larger than the bytes allow is a lie. */
const SMALLEST_RECORD_BYTES = 7;

/** Bytes of the whole batch at `at`, or undefined when they are not all before `end`: the tail of a response may be cut. */
export function batchBytes(bytes: Buffer, at: number, end: number): number | undefined {
  if (at + MAGIC_AT + 1 > end) return undefined;
  const magic = bytes.readInt8(at + MAGIC_AT);
  if (magic !== 2) throw new KafkaDataError('old-format', `magic byte ${magic}`);
  const length = bytes.readInt32BE(at + 8);
  if (length < HEADER_BYTES - LENGTH_END) throw new KafkaDataError('malformed', `batch length ${length}`);
  return at + LENGTH_END + length <= end ? LENGTH_END + length : undefined;
}

export function hasRightChecksum(bytes: Buffer, at: number, size: number): boolean {
  return crc32c(bytes, at + CRC_FROM, at + size) === bytes.readUInt32BE(at + CRC_AT);
}

export function firstOffset(bytes: Buffer, at: number): number {
  return readInt64(bytes, at);
}

/** Of the batch as written: compaction keeps it, so that the next position is right even when no record is left. */
export function lastOffset(bytes: Buffer, at: number): number {
  return readInt64(bytes, at) + bytes.readInt32BE(at + 23);
}

/** Number of the leadership under which the batch was appended. */
export function leaderEpoch(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at + 12);
}

export function isTransactional(bytes: Buffer, at: number): boolean {
  return (bytes.readInt16BE(at + 21) & IS_TRANSACTIONAL) !== 0;
}

export function isControl(bytes: Buffer, at: number): boolean {
  return (bytes.readInt16BE(at + 21) & IS_CONTROL) !== 0;
}

export function producerId(bytes: Buffer, at: number): number {
  return readInt64(bytes, at + 43);
}

/** Of a control batch: whether it ends a transaction by aborting it (key: version int16, type int16; type 0 = abort). */
export function isAbortMarker(bytes: Buffer, at: number, size: number): boolean {
  const [marker] = decodeBatch(bytes, at, size, { fromOffset: 0, maxBytes: size });
  const key = marker?.key;
  return key !== null && key !== undefined && key.length >= 4 && key.readInt16BE(2) === 0;
}

export interface DecodeOptions {
  /** Records below it are left out: a batch may start before the position that was asked for. */
  readonly fromOffset: number;
  /** Limit of what decompression may make. */
  readonly maxBytes: number;
}

/** All records of the batch from `fromOffset` on. Throws KafkaDataError. */
export function decodeBatch(bytes: Buffer, at: number, size: number, options: DecodeOptions): KafkaRecord[] {
  const attributes = bytes.readInt16BE(at + 21);
  const count = bytes.readInt32BE(at + 57);
  const codec = attributes & 7;
  let source = bytes;
  let start = at + HEADER_BYTES;
  let end = at + size;
  if (codec !== CODEC.none && count > 0) {
    source = decompress(codec, bytes.subarray(start, end), options.maxBytes);
    start = 0;
    end = source.length;
  }
  if (count < 0 || count * SMALLEST_RECORD_BYTES > end - start) {
    throw new KafkaDataError('malformed', `${count} records in ${end - start} bytes`);
  }
  const base = {
    offset: readInt64(bytes, at),
    timestampMs: readInt64(bytes, at + 27),
    appendedMs: attributes & IS_LOG_APPEND_TIME ? readInt64(bytes, at + 35) : undefined,
  };
  return new RecordCursor(source, start, end).records(count, base, options.fromOffset);
}

interface BatchBase {
  readonly offset: number;
  readonly timestampMs: number;
  /** The broker's time for all records, when the topic says so. */
  readonly appendedMs: number | undefined;
}

/** Walks over records; never reads at or past `end`. */
class RecordCursor {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  records(count: number, base: BatchBase, fromOffset: number): KafkaRecord[] {
    const records: KafkaRecord[] = [];
    for (let index = 0; index < count; index++) {
      const length = this.#varint();
      const end = this.#at + length;
      if (length < 0 || end > this.#end) throw new KafkaDataError('malformed', `record length ${length}`);
      this.#at++; // attributes: none are defined
      const timestampDelta = this.#varlong();
      const offset = base.offset + this.#varint();
      if (offset >= fromOffset) {
        const key = this.#slice();
        const value = this.#slice();
        const headers = this.#headers();
        if (this.#at !== end) throw new KafkaDataError('malformed', 'record length differs from its fields');
        records.push({
          key,
          value,
          headers,
          timestampMs: base.appendedMs ?? base.timestampMs + timestampDelta,
          offset,
        });
      }
      this.#at = end;
    }
    return records;
  }

  #headers(): KafkaHeader[] | undefined {
    const count = this.#varint();
    if (count === 0) return undefined;
    if (count < 0 || count * 2 > this.#end - this.#at)
      throw new KafkaDataError('malformed', `${count} headers`);
    const headers: KafkaHeader[] = [];
    for (let index = 0; index < count; index++) {
      const name = this.#slice();
      if (name === null) throw new KafkaDataError('malformed', 'header without a name');
      headers.push({ name: name.toString('utf8'), value: this.#slice() });
    }
    return headers;
  }

  #slice(): Buffer | null {
    const length = this.#varint();
    if (length === -1) return null;
    const start = this.#at;
    if (length < 0 || start + length > this.#end)
      throw new KafkaDataError('malformed', `field length ${length}`);
    this.#at = start + length;
    return this.#bytes.subarray(start, start + length);
  }

  /** Zig-zag varint of at most 5 bytes. Most are one byte long. */
  #varint(): number {
    const first = this.#byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new KafkaDataError('malformed', 'varint too long');
  }

  /** Zig-zag varint of at most 10 bytes, exact to 2^53. */
  #varlong(): number {
    const first = this.#byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    for (let factor = 2 ** 7; factor <= 2 ** 63; factor *= 2 ** 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new KafkaDataError('malformed', 'varlong too long');
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new KafkaDataError('malformed', 'record ends early');
    return this.#bytes[this.#at++] as number;
  }
}
