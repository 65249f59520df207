// Bytes that name their schema: a zero byte, four bytes of the schema's number (big-endian), then the document.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format

import type { RegistryFormat } from '../decoder.js';
import type { DecodeFault } from '../fault.js';
import type { JsonLimits } from '../../json/json-scanner.js';
import { JsonWriter } from './json-writer.js';
import type { Schemas } from './schemas.js';
import { Unreadable } from './unreadable.js';

/** Where the document begins. */
const HEADER_BYTES = 5;

export interface FramedReaderOptions {
  /** Documents of schemas of another type are refused; `any`: none is. */
  readonly accepts: RegistryFormat | 'any';
  readonly schemas: Schemas;
  readonly limits: JsonLimits;
}

/** Whether bytes look as if they name a schema; no JSON document begins so. */
export function isFramed(bytes: Buffer): boolean {
  return bytes[0] === 0;
}

/** Invariant: after `read` returned undefined, `fault` says why. */
export class FramedReader {
  fault: { readonly code: DecodeFault; readonly at: number } = { code: 'framing', at: 0 };
  readonly #accepts: RegistryFormat | 'any';
  readonly #schemas: Schemas;
  readonly #out: JsonWriter;

  constructor({ accepts, schemas, limits }: FramedReaderOptions) {
    this.#accepts = accepts;
    this.#schemas = schemas;
    this.#out = new JsonWriter(limits);
  }

  /** As `Decoder.prepare` has it: undefined when {@link read} can be called at once. */
  prepare(bytes: Buffer): Promise<void> | undefined {
    if (bytes.length < HEADER_BYTES || bytes[0] !== 0) return undefined;
    const id = bytes.readInt32BE(1);
    return this.#schemas.find(id) === undefined ? this.#schemas.request(id) : undefined;
  }

  /** The document as JSON, whose content has not been looked at yet; valid until the next call of any reader. */
  read(bytes: Buffer): Buffer | undefined {
    if (bytes.length < HEADER_BYTES || bytes[0] !== 0) return this.#refuse('framing', 0);
    const schema = this.#schemas.find(bytes.readInt32BE(1));
    if (schema === undefined || schema === 'unknown-schema') return this.#refuse('unknown-schema', 1);
    if (schema === 'schema-mismatch' || (this.#accepts !== 'any' && schema.format !== this.#accepts))
      return this.#refuse('schema-mismatch', 1);
    try {
      this.#out.begin();
      return schema.read(bytes, HEADER_BYTES, this.#out);
    } catch (error) {
      if (error instanceof Unreadable) return this.#refuse(error.code, error.at);
      throw error;
    }
  }

  #refuse(code: DecodeFault, at: number): undefined {
    this.fault = { code, at };
    return undefined;
  }
}
