// The seam where formats stand: bytes of a key or value in, a document out whose fields the mapping can read. Three formats
// are built in; a format with a schema registry is one more function of this shape.

import type { JsonText, Utf8 } from '../topic/utf8.js';
import { isUtf8 } from 'node:buffer';
import { stringifyJson } from '../topic/json.js';
import { toText } from '../topic/utf8.js';
import type { DecodeFault } from './fault.js';
import { JsonScanner, type JsonLimits } from './json-scanner.js';
import type { FieldPath } from './wanted-field.js';

/** How bytes are read: as JSON, as UTF-8 text, or as opaque bytes that become a base64 string. */
export type Format = 'json' | 'string' | 'bytes';

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
}

/** Schemas cannot be asked for just now. The message is for operators: where, and why. */
export class SchemasUnavailable extends Error {
  override readonly name = 'SchemasUnavailable';
}

/** A decoder that finds `fields`; it is asked for every record, so it keeps what it needs between calls. */
export function decoderOf(format: Format, fields: readonly FieldPath[], limits: JsonLimits): Decoder {
  switch (format) {
    case 'json':
      return new JsonDecoder(fields, limits);
    case 'string':
      return new TextDecoder(fields, limits, 'string');
    case 'bytes':
      return new TextDecoder(fields, limits, 'bytes');
  }
}

/** Invariant: `source` is what the scanner scanned last. */
class JsonDecoder implements Decoder, Decoded {
  readonly notation = 'literal';
  readonly isDelete = false;
  readonly headers = undefined;
  readonly ranges: Int32Array;
  source = '' as Utf8;
  #text: JsonText | undefined;
  readonly #scanner: JsonScanner;

  constructor(fields: readonly FieldPath[], limits: JsonLimits) {
    this.#scanner = new JsonScanner(fields, limits);
    this.ranges = this.#scanner.ranges;
  }

  get fault() {
    return this.#scanner.fault;
  }

  decode(bytes: Buffer, source: Utf8): Decoded | undefined {
    if (!this.#scanner.scan(bytes)) return undefined;
    this.source = source;
    this.#text = undefined;
    return this;
  }

  text(): JsonText {
    return (this.#text ??= this.#scanner.text(this.source));
  }
}

/** Invariant: `source` is valid UTF-8, and the only field there can be is the document itself. */
class TextDecoder implements Decoder, Decoded {
  readonly notation = 'text';
  readonly isDelete = false;
  readonly headers = undefined;
  readonly ranges: Int32Array;
  source = '' as Utf8;
  fault: { code: DecodeFault; at: number } = { code: 'utf8', at: 0 };
  #text: JsonText | undefined;
  readonly #rootSlot: number;
  readonly #maxBytes: number;
  readonly #format: 'string' | 'bytes';

  constructor(fields: readonly FieldPath[], limits: JsonLimits, format: 'string' | 'bytes') {
    this.ranges = new Int32Array(2 * fields.length).fill(-1);
    this.#rootSlot = fields.findIndex((path) => path.length === 0);
    this.#maxBytes = limits.maxBytes;
    this.#format = format;
  }

  decode(bytes: Buffer, source: Utf8): Decoded | undefined {
    if (bytes.length > this.#maxBytes) return this.#refuse('size', this.#maxBytes);
    if (this.#format === 'string' && !isUtf8(bytes)) return this.#refuse('utf8', 0);
    this.source = this.#format === 'string' ? source : (bytes.toString('base64') as Utf8);
    this.#text = undefined;
    if (this.#rootSlot >= 0) {
      this.ranges[2 * this.#rootSlot] = 0;
      this.ranges[2 * this.#rootSlot + 1] = this.source.length;
    }
    return this;
  }

  text(): JsonText {
    return (this.#text ??= stringifyJson(toText(this.source)));
  }

  #refuse(code: DecodeFault, at: number): undefined {
    this.fault = { code, at };
    return undefined;
  }
}
