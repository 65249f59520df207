// What decoders know of a schema registry: schemas by number, ready to read bytes with. Asking is asynchronous and comes first,
// reading is synchronous. The registry itself is registry-client.ts.

import type { RegistryFormat } from '../decoder.js';
import type { JsonWriter } from './json-writer.js';

/** The schemas of one registry, as one part of a source's records (key or value) is read. */
export interface Schemas {
  /** What is known of the schema; undefined: it has not been asked for, or longer ago than a missing one is remembered. */
  find(id: number): Schema | SchemaFault | undefined;
  /** Asks for it; calls of the same id share one request. Rejects with `SchemasUnavailable`. Then {@link find} knows it. */
  request(id: number): Promise<void>;
}

/** Why there is no schema to read with. */
export type SchemaFault = 'unknown-schema' | 'schema-mismatch';

/** A schema as something that reads. */
export interface Schema {
  readonly format: RegistryFormat;
  /**
   * The document that `bytes` hold from `at` to the end, as JSON; valid until `out` is used again. Throws Unreadable. Whether it is
   * JSON within all limits is for the scanner to say.
   */
  read(bytes: Buffer, at: number, out: JsonWriter): Buffer;
}

/** A schema that another one refers to. */
export interface ReferencedSchema {
  /** By which the other one refers to it: an Avro type, a URI, an imported file. */
  readonly name: string;
  readonly schema: string;
}
