// Plain text and opaque bytes as a document that is one string.

import { isUtf8 } from 'node:buffer';
import { stringifyJson } from '../topic/json.js';
import { toText, type JsonText, type Utf8 } from '../topic/utf8.js';
import type { Decoded, Decoder } from './decoder.js';
import type { DecodeFault } from './fault.js';
import type { JsonLimits } from '../json/json-scanner.js';
import type { FieldPath } from '../json/wanted-field.js';

/** Invariant: `source` is valid UTF-8, and the only field there can be is the document itself. */
export class TextDecoder implements Decoder, Decoded {
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
