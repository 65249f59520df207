// Decode and map for one record: what a source's ingest does with each, and what `check --sample` shows for one.

import type { SourceRecord } from '../../connectors/contract.js';
import { decoderOf, type Decoder, type Format } from '../decode/decoder.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../json/json-scanner.js';
import type { Schemas } from '../decode/registry/schemas.js';
import type { MappedPath, Mapping } from '../map/mapping.js';
import type { MappedDocument, MappedHeader } from '../map/record.js';
import type { TopicPath } from '../topic/path.js';
import { utf8FromBytes, type Utf8 } from '../topic/utf8.js';
import type { Rejection } from './rejection.js';

/** How a source's records are read. */
export interface RecordReading {
  readonly mapping: Mapping;
  readonly keyFormat: Format;
  readonly valueFormat: Format;
  readonly limits?: JsonLimits;
  /** What the source's schema registry has for either part of its records. Absent: it has none. */
  readonly schemas?: Readonly<Record<'key' | 'value', Schemas>>;
}

/** The part of the upstream that a record came from. */
export interface RecordOrigin {
  readonly topic: string;
  readonly partitionNumber: number;
}

/** A record with a value, and what the caller has made of it already. */
export interface ReadRecord {
  readonly record: SourceRecord;
  /** The record's value, and the same bytes as text. */
  readonly value: Buffer;
  readonly source: Utf8;
  /** The record's key as text. */
  readonly keySource: Utf8 | undefined;
  readonly origin: RecordOrigin;
  /** A path that the last record of the key gave. */
  readonly expected: TopicPath | undefined;
}

/** What a record would do: for people who check a configuration. */
export type SampledRecord =
  | { readonly outcome: 'mapped'; readonly paths: readonly MappedPath[] }
  | { readonly outcome: 'deleted'; readonly paths: 'all paths that its key owns' }
  | { readonly outcome: 'filtered' }
  | ({ readonly outcome: 'rejected' } & Rejection);

/** What reading a record came to. `deleted`: its envelope says that what the key stands for is gone. */
export type ReadResult = Rejection | 'deleted' | 'mapped';

/** Invariant: what it hands to the mapping is the record being read, and is not used after. */
export class RecordReader {
  readonly mapping: Mapping;
  readonly limits: JsonLimits;
  /** Whether {@link prepare} may have something to wait for. */
  readonly needsSchemas: boolean;
  /** Whether the outcome depends on headers, or on the time of the record. */
  readonly readsMoreThanBytes: boolean;
  readonly #key: Decoder | undefined;
  readonly #value: Decoder;
  readonly #record: {
    key: MappedDocument | undefined;
    value: MappedDocument;
    headers: readonly MappedHeader[] | undefined;
    topic: string;
    partitionNumber: number;
    timestampMs: number;
    expected: TopicPath | undefined;
  };

  constructor({ mapping, keyFormat, valueFormat, limits = DEFAULT_JSON_LIMITS, schemas }: RecordReading) {
    const { fields, reads } = mapping;
    this.mapping = mapping;
    this.limits = limits;
    this.#key = reads.has('key')
      ? decoderOf(keyFormat, { part: 'key', fields: fields.key, limits, schemas: schemas?.key })
      : undefined;
    this.#value = decoderOf(valueFormat, { fields: fields.value, limits, schemas: schemas?.value });
    this.readsMoreThanBytes =
      reads.has('headers') || reads.has('timestamp') || this.#value.readsHeaders === true;
    this.needsSchemas = this.#value.prepare !== undefined || this.#key?.prepare !== undefined;
    this.#record = {
      key: undefined,
      value: NO_DOCUMENT,
      headers: undefined,
      topic: '',
      partitionNumber: 0,
      timestampMs: 0,
      expected: undefined,
    };
  }

  /** Asks for the schemas that the record needs. undefined: {@link read} can be called at once. Rejects with SchemasUnavailable. */
  prepare({ key, value }: Pick<SourceRecord, 'key' | 'value'>): Promise<unknown> | undefined {
    const ofValue = value === null ? undefined : this.#value.prepare?.(value);
    const ofKey = key === null || value === null ? undefined : this.#key?.prepare?.(key);
    return ofValue === undefined || ofKey === undefined ? (ofValue ?? ofKey) : Promise.all([ofValue, ofKey]);
  }

  /** Fills `paths` with what the record makes of them; they mean nothing unless it is `mapped`. */
  read({ record, value, source, keySource, origin, expected }: ReadRecord, paths: MappedPath[]): ReadResult {
    const decoded = this.#value.decode(value, source, record.headers);
    if (decoded === undefined) return rejection('decode value', this.#value.fault.code, this.#value.fault.at);
    if (decoded.isDelete) return 'deleted';
    const mapped = this.#record;
    mapped.value = decoded;
    mapped.key = undefined;
    if (this.#key !== undefined && record.key !== null && keySource !== undefined) {
      mapped.key = this.#key.decode(record.key, keySource, record.headers);
      if (mapped.key === undefined) return rejection('decode key', this.#key.fault.code, this.#key.fault.at);
    }
    mapped.headers = this.mapping.reads.has('headers') ? (decoded.headers ?? record.headers) : undefined;
    mapped.topic = origin.topic;
    mapped.partitionNumber = origin.partitionNumber;
    mapped.timestampMs = record.timestampMs;
    mapped.expected = expected;
    const fault = this.mapping.map(mapped, paths);
    return fault === undefined ? 'mapped' : rejection('map', fault, this.mapping.faultyRule);
  }

  /** What this record alone would do. After {@link prepare}. */
  sample(record: SourceRecord, origin: RecordOrigin): SampledRecord {
    if (record.value === null) return sampledDelete(record);
    const { key, value } = record;
    const keySource = key === null ? undefined : utf8FromBytes(key);
    const paths: MappedPath[] = [];
    const result = this.read(
      { record, value, source: utf8FromBytes(value), keySource, origin, expected: undefined },
      paths,
    );
    if (result === 'deleted') return sampledDelete(record);
    if (result !== 'mapped') return { outcome: 'rejected', ...result };
    return paths.length === 0 ? { outcome: 'filtered' } : { outcome: 'mapped', paths };
  }
}

function sampledDelete({ key }: SourceRecord): SampledRecord {
  if (key === null) return { outcome: 'rejected', stage: 'own', code: 'no-key' };
  return { outcome: 'deleted', paths: 'all paths that its key owns' };
}

const NO_DOCUMENT: MappedDocument = {
  notation: 'text',
  source: '' as Utf8,
  ranges: new Int32Array(0),
  text() {
    throw new Error('a mapping asked for a document before there was one');
  },
};

function rejection(stage: Rejection['stage'], code: Rejection['code'], at: number): Rejection {
  return { stage, code, at };
}
