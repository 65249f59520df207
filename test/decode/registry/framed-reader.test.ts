import { expect, test } from '@jest/globals';
import { decoderOf } from '../../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS } from '../../../src/json/json-scanner.js';
import { avroSchema } from '../../../src/decode/registry/avro.js';
import { parseAvroSchema } from '../../../src/decode/registry/avro-schema.js';
import { FramedReader } from '../../../src/decode/registry/framed-reader.js';
import { jsonSchema } from '../../../src/decode/registry/json-schema.js';
import { utf8FromBytes } from '../../../src/topic/utf8.js';
import { framed } from '../../support/schema-registry.js';
import { schemasOf } from './given-schemas.js';

const schemas = schemasOf({
  1: avroSchema(parseAvroSchema('"string"')),
  2: jsonSchema('{}', []),
  3: 'unknown-schema',
  4: 'schema-mismatch',
});
const limits = DEFAULT_JSON_LIMITS;
const avro = decoderOf('avro', { fields: [[]], limits, schemas });
const decode = (bytes: Buffer) => avro.decode(bytes, utf8FromBytes(bytes), undefined)?.text() ?? avro.fault;

test.each<[string, Buffer, string, number]>([
  ['A8 no bytes at all', Buffer.alloc(0), 'framing', 0],
  ['JSON instead', Buffer.from('{"a":1}'), 'framing', 0],
  ['a header that is cut off', Buffer.from([0, 0, 0, 0]), 'framing', 0],
  ['a schema that the registry does not have', framed(3, Buffer.of(0)), 'unknown-schema', 1],
  ['a schema that cannot be used', framed(4, Buffer.of(0)), 'schema-mismatch', 1],
  ['a schema of another type', framed(2, Buffer.from('{}')), 'schema-mismatch', 1],
  ['a document that is cut off', framed(1, Buffer.of(8)), 'invalid', 6],
])('%s', (_, bytes, code, at) => {
  expect(decode(bytes)).toEqual({ code, at });
});

test('the fields that a mapping reads lie in the text that the document became', () => {
  const schema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'string' },
    ],
  };
  const known = schemasOf({ 1: avroSchema(parseAvroSchema(JSON.stringify(schema))) });
  const decoder = decoderOf('avro', { fields: [['b'], ['x']], limits, schemas: known });
  const bytes = framed(1, Buffer.from([6, 4, 0x68, 0x69]));
  const decoded = decoder.decode(bytes, utf8FromBytes(bytes), undefined);
  const [start, end] = decoded?.ranges ?? [];
  expect(decoded?.source.slice(start, end)).toBe('"hi"');
  expect(decoded?.ranges[2]).toBe(-1);
});

test('what accepts any schema reads each by its type', () => {
  const reader = new FramedReader({ accepts: 'any', schemas, limits });
  expect(reader.read(framed(1, Buffer.from([2, 0x61])))?.toString()).toBe('"a"');
  expect(reader.read(framed(2, Buffer.from('[1]')))?.toString()).toBe('[1]');
});

test('schemas are asked for once they are named, and not for bytes that name none', async () => {
  const asked: number[] = [];
  const request = (id: number) => Promise.resolve(void asked.push(id));
  const reader = new FramedReader({ accepts: 'any', limits, schemas: { ...schemas, request } });
  expect(reader.prepare(framed(1, Buffer.of(0)))).toBeUndefined();
  expect(reader.prepare(Buffer.from('{}'))).toBeUndefined();
  expect(reader.prepare(Buffer.alloc(0))).toBeUndefined();
  await reader.prepare(framed(9, Buffer.of(0)));
  expect(asked).toEqual([9]);
});
