// The seam where formats stand: bytes of a key or value in, a document out whose fields the mapping can read. A new format is
// one more class of this shape.

import type { JsonText, Utf8 } from '../topic/utf8.js';
import { CloudEventsDecoder } from './cloudevents.js';
import { DebeziumDecoder, DebeziumKeyDecoder } from './debezium.js';
import type { DecodeFault } from './fault.js';
import { JsonDecoder } from './json-decoder.js';
import type { JsonLimits } from '../json/json-scanner.js';
import { RegistryDecoder } from './registry/registry-decoder.js';
import type { Schemas } from './registry/schemas.js';
import { TextDecoder } from './text-decoder.js';
import type { FieldPath } from '../json/wanted-field.js';

/** Formats whose bytes name their schema, which a registry keeps. */
export type RegistryFormat = 'avro' | 'json-schema' | 'protobuf';

/**
 * How bytes are read: as JSON, as UTF-8 text, as opaque bytes that become a base64 string, by a schema that they name, or as an
 * event or a change in an envelope.
 */
export type Format = 'json' | 'string' | 'bytes' | RegistryFormat | 'cloudevents' | 'debezium';

/** A decoded key or value, as ranges in its source text. */
export interface Decoded {
  /** `literal`: ranges lie on JSON literals. `text`: the document is one string, and `source` is its content. */
  readonly notation: 'literal' | 'text';
  readonly source: Utf8;
  /** [start, end) of each wanted field in `source`, in the order in which they were wanted; start -1: it is not there. */
  readonly ranges: Int32Array;
  /** The whole document as JSON without line breaks, fit to be stored. Made on the first call. */
  text(): JsonText;
  /** An envelope says that what the key stands for is gone; then there is no document. */
  readonly isDelete: boolean;
  /** What an envelope says in place of the record's own headers; undefined: those stand. */
  readonly headers: readonly Header[] | undefined;
}

export interface Header {
  readonly name: string;
  readonly value: Buffer | null;
}

/** Decodes one document at a time; what it returned is valid until the next call. Never throws for what bytes hold. */
export interface Decoder {
  /**
   * For formats whose schemas are kept elsewhere: asks for the one that these bytes need. undefined: `decode` can be called at once.
   * Resolves when it can be; that there is no such schema is a fault then. Rejects with {@link SchemasUnavailable}: try again later.
   */
  prepare?(bytes: Buffer): Promise<void> | undefined;
  /** `source` is `bytes` as {@link Utf8}; `headers` are the record's. undefined: see `fault`. */
  decode(bytes: Buffer, source: Utf8, headers: readonly Header[] | undefined): Decoded | undefined;
  readonly fault: { readonly code: DecodeFault; readonly at: number };
  /** Whether the same bytes are another document, or none, with other headers. Absent: no. */
  readonly readsHeaders?: boolean;
}

/** Schemas cannot be asked for just now. The message is for operators: where, and why. */
export class SchemasUnavailable extends Error {
  override readonly name = 'SchemasUnavailable';
}

export interface DecoderOptions {
  /** What the mapping reads. */
  readonly fields: readonly FieldPath[];
  readonly limits: JsonLimits;
  /** Of which part of a record the bytes are; an envelope of keys may be another one. Default `value`. */
  readonly part?: 'key' | 'value';
  /** What the source's registry has for this part of its records (key or value). Absent: the source has no registry. */
  readonly schemas?: Schemas | undefined;
}

/**
 * A decoder that finds `fields`; it is asked for every record, so it keeps what it needs between calls. Throws where a format
 * needs a registry and there is none: the configuration has been checked.
 */
export function decoderOf(format: Format, options: DecoderOptions): Decoder {
  const { fields, limits } = options;
  switch (format) {
    case 'json':
      return new JsonDecoder(fields, limits);
    case 'string':
    case 'bytes':
      return new TextDecoder(fields, limits, format);
    case 'avro':
    case 'json-schema':
    case 'protobuf':
      return new RegistryDecoder(format, options);
    case 'cloudevents':
      return new CloudEventsDecoder(options);
    case 'debezium':
      return options.part === 'key' ? new DebeziumKeyDecoder(options) : new DebeziumDecoder(options);
  }
}
