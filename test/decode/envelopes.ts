// What tests of the formats in envelopes share: one document decoded, and a registry that has one schema.

import {
  decoderOf,
  type Decoder,
  type DecoderOptions,
  type Format,
  type Header,
} from '../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS } from '../../src/json/json-scanner.js';
import type { Schemas } from '../../src/decode/registry/schemas.js';
import { toText, utf8FromBytes } from '../../src/topic/utf8.js';

/** What a document became: its text, and the fields that were asked for as their literals; or why it was refused. */
export type Outcome =
  | {
      readonly text: string;
      readonly fields: readonly (string | undefined)[];
      readonly headers: Record<string, string> | undefined;
    }
  | { readonly deleted: true }
  | { readonly fault: string };

/** Decodes one document after the other with one decoder, as a source does. */
export function decoding(format: Format, options: Partial<DecoderOptions> = {}) {
  const fields = options.fields ?? [];
  const decoder: Decoder = decoderOf(format, { fields, limits: DEFAULT_JSON_LIMITS, ...options });
  return (value: Buffer | string | object, headers?: Readonly<Record<string, string>>): Outcome => {
    const bytes = bytesOf(value);
    const given =
      headers && Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }));
    const decoded = decoder.decode(bytes, utf8FromBytes(bytes), given);
    if (decoded === undefined) return { fault: decoder.fault.code };
    if (decoded.isDelete) return { deleted: true };
    const { source, ranges } = decoded;
    return {
      text: toText(decoded.text()),
      fields: fields.map((_, slot) => {
        const [start = -1, end = -1] = ranges.subarray(2 * slot);
        return start < 0 ? undefined : source.slice(start, end);
      }),
      headers: decoded.headers && textsOf(decoded.headers),
    };
  };
}

/** A registry whose schema 1 reads bytes that are JSON. */
export const SCHEMAS: Schemas = {
  find: (id) => (id === 1 ? { format: 'avro', read: (bytes, at) => bytes.subarray(at) } : 'unknown-schema'),
  request: () => Promise.resolve(),
};

/** As a serializer of that registry would write it. */
export function framed(value: object, id = 1): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 0, id]), bytesOf(value)]);
}

function bytesOf(value: Buffer | string | object): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function textsOf(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [name, String(value)]));
}
