// Envelopes come as JSON, or, where the source has a schema registry, as bytes that name their schema: then they begin with a
// zero byte, as no JSON does, and are read into JSON first.

import { utf8FromBytes, type Utf8 } from '../topic/utf8.js';
import type { DecoderOptions } from './decoder.js';
import type { DecodeFault } from './fault.js';
import { FramedReader, isFramed } from './registry/framed-reader.js';

/** JSON that nobody has looked at yet. */
export interface UncheckedJson {
  readonly bytes: Buffer;
  readonly source: Utf8;
  /** Whether it was read by a schema. */
  readonly isFramed: boolean;
}

/** Invariant: after `read` returned undefined, `fault` says why. */
export class JsonOrFramed {
  /** As `Decoder.prepare` has it; undefined: there is no registry. */
  readonly prepare: ((bytes: Buffer) => Promise<void> | undefined) | undefined;
  readonly #reader: FramedReader | undefined;

  constructor({ schemas, limits }: DecoderOptions) {
    const reader = schemas === undefined ? undefined : new FramedReader({ accepts: 'any', schemas, limits });
    this.#reader = reader;
    this.prepare = reader && ((bytes) => (isFramed(bytes) ? reader.prepare(bytes) : undefined));
  }

  get fault(): { readonly code: DecodeFault; readonly at: number } {
    return this.#reader?.fault ?? { code: 'framing', at: 0 };
  }

  read(bytes: Buffer, source: Utf8): UncheckedJson | undefined {
    if (this.#reader === undefined || !isFramed(bytes)) return { bytes, source, isFramed: false };
    const json = this.#reader.read(bytes);
    return json && { bytes: json, source: utf8FromBytes(json), isFramed: true };
  }
}
