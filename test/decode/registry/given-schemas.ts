// Schemas for decoders in tests: known by number at once, as if a registry had been asked.

import { decoderOf, type Decoder, type RegistryFormat } from '../../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../../../src/json/json-scanner.js';
import type { Schema, SchemaFault, Schemas } from '../../../src/decode/registry/schemas.js';
import { toText, utf8FromBytes } from '../../../src/topic/utf8.js';
import { framed } from '../../support/schema-registry.js';

export const ID = 7;

export function schemasOf(known: Readonly<Record<number, Schema | SchemaFault>>): Schemas {
  return { find: (id) => known[id], request: () => Promise.reject(new Error('it was asked for')) };
}

export function decoderFor(
  format: RegistryFormat,
  schema: Schema | SchemaFault,
  limits: Partial<JsonLimits> = {},
): Decoder {
  const all = { ...DEFAULT_JSON_LIMITS, ...limits };
  return decoderOf(format, { fields: [], limits: all, schemas: schemasOf({ [ID]: schema }) });
}

/** The stored text of a document of the schema, or the code of its fault. */
export function textOf(decoder: Decoder, document: Uint8Array): string {
  const bytes = framed(ID, document);
  const decoded = decoder.decode(bytes, utf8FromBytes(bytes), undefined);
  return decoded === undefined ? decoder.fault.code : toText(decoded.text());
}

/** The same as a value; a fault is an error. */
export function valueOf(decoder: Decoder, document: Uint8Array): unknown {
  const text = textOf(decoder, document);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`fault: ${text}`);
  }
}
