// A dead letter: a record that could not be used, with where it came from and why; and the stub of it that is kept. What may be
// wrong with a record is src/ingest/rejection.ts; where letters go are the sinks beside this file.

import type { RecordHeader, SourceRecord } from '../../connectors/contract.js';
import type { Ms } from '../topic/update.js';

/** Where a letter came from and why it is one. */
export interface LetterFacts {
  /** Name of the source. */
  readonly source: string;
  /** The upstream's own name for what the record belongs to. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string | number;
  /** Both from closed lists, never made of data: `decode value`, `syntax`. */
  readonly stage: string;
  readonly code: string;
  /** Byte offset in key or value, or the index of a rule. */
  readonly at?: number;
}

/** `record` is valid during the call that the letter is given to. */
export interface DeadLetter extends LetterFacts {
  readonly record: SourceRecord;
}

/** Where dead letters go. */
export interface DeadLetterSink {
  /** Copies what it keeps. What it returns settles when the letter is stored: only then may the record be acknowledged upstream. */
  write(letter: DeadLetter): Promise<void> | void;
  /** Throws OptionsRejected where nothing can ever be stored. A sink that is out of reach just now is none of these. */
  probe?(): Promise<void>;
  /** Why letters wait just now; undefined: they do not. */
  readonly outage?: string | undefined;
  /** Stores what it can within seconds, and rejects what still waits. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** What is kept of a letter: bounded, and its bytes are its own. */
export interface LetterStub extends LetterFacts {
  /** Event time, ms since 1970; negative: unknown. */
  readonly timestampMs: Ms;
  /** ms since 1970. */
  readonly rejectedAtMs: Ms;
  readonly key: Buffer | null;
  /** null: a tombstone. */
  readonly value: Buffer | null;
  /** Of the whole value. */
  readonly valueBytes: number;
  /** Key, value or headers are not all that they were, so that it cannot be replayed. */
  readonly isTruncated: boolean;
  readonly headers: readonly RecordHeader[];
}

export const STUB_LIMITS = {
  valueBytes: 64 * 1024,
  keyBytes: 4 * 1024,
  headers: 16,
  headerNameBytes: 256,
  headerValueBytes: 1024,
} as const;

export function stubOf({ record, ...facts }: DeadLetter, rejectedAtMs: Ms): LetterStub {
  const { key, value, headers = [], timestampMs } = record;
  const fitting = headers.filter(({ name }) => Buffer.byteLength(name) <= STUB_LIMITS.headerNameBytes);
  const kept = fitting.slice(0, STUB_LIMITS.headers);
  const stub = {
    ...facts,
    ...{ timestampMs, rejectedAtMs, valueBytes: value?.length ?? 0 },
    key: firstBytes(key, STUB_LIMITS.keyBytes),
    value: firstBytes(value, STUB_LIMITS.valueBytes),
    headers: kept.map(({ name, value: content }) => ({
      name,
      value: firstBytes(content, STUB_LIMITS.headerValueBytes),
    })),
  };
  const isWhole =
    stub.key?.length === key?.length &&
    stub.value?.length === value?.length &&
    kept.length === headers.length &&
    kept.every(({ value: content }, index) => stub.headers[index]?.value?.length === content?.length);
  return { ...stub, isTruncated: !isWhole };
}

/** The same letter without its value: for a store that does not take it whole. */
export function withoutValue(stub: LetterStub): LetterStub {
  return { ...stub, value: Buffer.alloc(0), isTruncated: true };
}

/** Memory that a stub takes, about. */
export function stubBytes({ key, value, headers }: LetterStub): number {
  const FACTS_BYTES = 300;
  const headerBytes = headers.reduce(
    (bytes, { name, value: content }) => bytes + name.length + (content?.length ?? 0),
    0,
  );
  return FACTS_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
}

/** Equal for one record, however often it was rejected: a source that is read anew from its beginning yields it again. */
export function identityOf({ source, topic, partition, offset, timestampMs }: LetterStub): string {
  return JSON.stringify([source, topic, partition, String(offset), timestampMs]);
}

/** A copy: what it is taken from is a slice of a larger buffer that must not be kept. */
function firstBytes(bytes: Buffer | null, limit: number): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.subarray(0, limit));
}
