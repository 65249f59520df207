// JSON as a document: scanned where it stands, never parsed. Formats whose bytes become JSON first end here too.

import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Decoded, Decoder } from './decoder.js';
import { JsonScanner, type JsonLimits } from '../json/json-scanner.js';
import type { FieldPath } from '../json/wanted-field.js';

/** Invariant: `source` is what the scanner scanned last. */
export class JsonDecoder implements Decoder, Decoded {
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
