// Documents of the formats avro, json-schema and protobuf: read by their schema into JSON, which then is held to the same rules
// as JSON that came as such.

import { utf8FromBytes } from '../../topic/utf8.js';
import type { Decoded, Decoder, DecoderOptions, RegistryFormat } from '../decoder.js';
import { JsonDecoder } from '../json-decoder.js';
import { FramedReader } from './framed-reader.js';

/** Invariant: `fault` is of the step that refused last. */
export class RegistryDecoder implements Decoder {
  readonly #reader: FramedReader;
  readonly #json: JsonDecoder;
  #last: FramedReader | JsonDecoder;

  constructor(format: RegistryFormat, { fields, limits, schemas }: DecoderOptions) {
    if (schemas === undefined) throw new Error(`the format ${format} needs a schema registry`);
    this.#reader = new FramedReader({ accepts: format, schemas, limits });
    this.#json = new JsonDecoder(fields, limits);
    this.#last = this.#reader;
  }

  get fault() {
    return this.#last.fault;
  }

  prepare(bytes: Buffer): Promise<void> | undefined {
    return this.#reader.prepare(bytes);
  }

  decode(bytes: Buffer): Decoded | undefined {
    const json = this.#reader.read(bytes);
    this.#last = json === undefined ? this.#reader : this.#json;
    return json === undefined ? undefined : this.#json.decode(json, utf8FromBytes(json));
  }
}
