// A record as a person writes it down, in a sample or in a test, and the bytes that it stands for.

import type { SourceRecord } from '../../connectors/contract.js';
import type { Format, SourceFormat } from '../config/config.js';
import { DEFAULT_JSON_LIMITS } from '../json/json-scanner.js';
import type { RecordReading } from '../ingest/record-reader.js';
import type { Json } from '../topic/json.js';

/** JSON as a person wrote it: whole numbers that a double cannot hold are bigint. */
export type WrittenJson =
  | null
  | boolean
  | number
  | string
  | bigint
  | readonly WrittenJson[]
  | { readonly [key: string]: WrittenJson };

/** As JSON that a double can hold; `big` says what becomes of the whole numbers that none can. */
export function jsonOf(written: WrittenJson, big: (number: bigint) => Json): Json {
  if (typeof written === 'bigint') return big(written);
  if (typeof written !== 'object' || written === null) return written;
  if (Array.isArray(written)) return (written as readonly WrittenJson[]).map((item) => jsonOf(item, big));
  return Object.fromEntries(Object.entries(written).map(([name, member]) => [name, jsonOf(member, big)]));
}

/** Whether a number in it is none that JSON has: `.inf`, `.nan`, or a literal beyond a double's range. */
export function hasForeignNumber(written: WrittenJson): boolean {
  if (typeof written === 'number') return !Number.isFinite(written);
  if (typeof written !== 'object' || written === null) return false;
  return Object.values(written as object).some((member: WrittenJson) => hasForeignNumber(member));
}

export interface WrittenRecord {
  /** As the source's format reads it: text is the raw text, anything else its JSON; with format `bytes` base64, with a schema JSON. null: none. */
  readonly key: WrittenJson;
  /** The same; null: the record deletes. */
  readonly value: WrittenJson;
  readonly headers: Readonly<Record<string, string>>;
  readonly topic: string;
  readonly partition: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** The reading for records that people wrote: what a schema describes is written as JSON, so that no registry is needed. */
export function readingOfWritten({
  mapping,
  keyFormat,
  valueFormat,
  limits = DEFAULT_JSON_LIMITS,
}: RecordReading): RecordReading {
  return { mapping, limits, keyFormat: writtenFormat(keyFormat), valueFormat: writtenFormat(valueFormat) };
}

function writtenFormat(format: Format): Format {
  return ['avro', 'json-schema', 'protobuf'].includes(format) ? 'json' : format;
}

/** The record as a connector would yield it. */
export function sourceRecordOf(record: WrittenRecord, format: SourceFormat): SourceRecord {
  const headers = Object.entries(record.headers);
  return {
    key: bytesOf(record.key, format.key),
    value: bytesOf(record.value, format.value),
    headers: headers.map(([name, value]) => ({ name, value: Buffer.from(String(value)) })),
    timestampMs: record.timestamp,
    offset: 0,
  };
}

function bytesOf(value: WrittenJson, format: Format): Buffer | null {
  if (value === null) return null;
  if (format === 'bytes' && typeof value === 'string') return Buffer.from(value, 'base64');
  const isText = typeof value === 'string' && writtenFormat(format) === format;
  return Buffer.from(isText ? value : jsonTextOf(value));
}

/** Like JSON.stringify, with every digit of a bigint. */
function jsonTextOf(value: WrittenJson): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly WrittenJson[]).map(jsonTextOf).join(',')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${jsonTextOf(member)}`,
  );
  return `{${members.join(',')}}`;
}
