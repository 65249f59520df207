// A dead letter as JSON: a line of a file, what `dlq list --json` prints, and what a replay sends. Bytes are base64.

import type { RecordHeader } from '../../connectors/contract.js';
import type { LetterStub } from './dead-letter.js';

/** Times are ms since 1970. */
export interface LetterJson {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string | number;
  readonly timestamp: number;
  readonly rejectedAt: number;
  readonly stage: string;
  readonly code: string;
  readonly at?: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly valueBytes: number;
  readonly truncated: boolean;
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
}

export function letterJson(stub: LetterStub): LetterJson {
  const { source, topic, partition, offset, timestampMs, rejectedAtMs, stage, code, at } = stub;
  return {
    ...{ source, topic, partition, offset, timestamp: timestampMs, rejectedAt: rejectedAtMs, stage, code },
    ...(at !== undefined && { at }),
    key: base64(stub.key),
    value: base64(stub.value),
    valueBytes: stub.valueBytes,
    truncated: stub.isTruncated,
    headers: stub.headers.map(({ name, value }) => ({ name, value: base64(value) })),
  };
}

/** undefined: it is no letter. Never throws. */
export function letterFromJson(json: unknown): LetterStub | undefined {
  if (!isObject(json)) return undefined;
  const { source, topic, partition, offset, timestamp, rejectedAt, stage, code, at } = json;
  if (![source, topic, stage, code].every((text) => typeof text === 'string')) return undefined;
  if (typeof offset !== 'string' && typeof offset !== 'number') return undefined;
  const numbers = [partition, timestamp, rejectedAt, json['valueBytes'], ...(at === undefined ? [] : [at])];
  if (!numbers.every((number) => typeof number === 'number')) return undefined;
  if (typeof json['truncated'] !== 'boolean') return undefined;
  const key = bytesOf(json['key']);
  const value = bytesOf(json['value']);
  const headers = headersOf(json['headers']);
  if (key === undefined || value === undefined || headers === undefined) return undefined;
  const facts = { source, topic, partition, offset, stage, code, ...(at !== undefined && { at }) };
  return {
    ...(facts as Pick<LetterStub, 'source' | 'topic' | 'partition' | 'offset' | 'stage' | 'code'>),
    timestampMs: timestamp as number,
    rejectedAtMs: rejectedAt as number,
    ...{ key, value, headers },
    valueBytes: json['valueBytes'] as number,
    isTruncated: json['truncated'],
  };
}

/** The letter that a line of text is; undefined: it is none. */
export function letterFromLine(line: string): LetterStub | undefined {
  try {
    return letterFromJson(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function headersOf(json: unknown): RecordHeader[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const headers: RecordHeader[] = [];
  for (const header of json as readonly unknown[]) {
    const value = isObject(header) ? bytesOf(header['value']) : undefined;
    if (!isObject(header) || typeof header['name'] !== 'string' || value === undefined) return undefined;
    headers.push({ name: header['name'], value });
  }
  return headers;
}

function base64(bytes: Buffer | null): string | null {
  return bytes?.toString('base64') ?? null;
}

/** undefined: neither null nor text in base64. */
function bytesOf(json: unknown): Buffer | null | undefined {
  if (json === null) return null;
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(json)) return undefined;
  return Buffer.from(json, 'base64');
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
