import { describe, expect, test } from '@jest/globals';
import { jsonSchema } from '../../../src/decode/registry/json-schema.js';
import type { ReferencedSchema } from '../../../src/decode/registry/schemas.js';
import { decoderFor, textOf } from './given-schemas.js';

function read(schema: unknown, document: string, references: readonly ReferencedSchema[] = []): string {
  return textOf(
    decoderFor('json-schema', jsonSchema(JSON.stringify(schema), references)),
    Buffer.from(document),
  );
}

describe('JSON that is held to a schema', () => {
  test.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2020-12/schema',
    undefined,
  ])('a document stays as it came, or is refused: %s', ($schema) => {
    const schema = { $schema, type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };
    expect(read(schema, '{ "id": 9007199254740993, "x": "é" }')).toBe(
      '{ "id": "9007199254740993", "x": "é" }',
    );
    expect(read(schema, '{"id":"1"}')).toBe('invalid');
    expect(read(schema, '{}')).toBe('invalid');
  });

  test('each draft has its own words: tuples of draft-07 and of 2020-12', () => {
    const [first] = [{ type: 'integer' }];
    const old = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      items: [first],
      additionalItems: false,
    };
    const current = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      prefixItems: [first],
      items: false,
    };
    for (const schema of [old, current])
      expect([read(schema, '[1]'), read(schema, '[1,2]'), read(schema, '["a"]')]).toEqual([
        '[1]',
        'invalid',
        'invalid',
      ]);
  });

  test('formats are checked, names of JavaScript’s own objects are plain names', () => {
    expect(read({ format: 'date-time' }, '"2026-01-31T08:00:00Z"')).toBe('"2026-01-31T08:00:00Z"');
    expect(read({ format: 'date-time' }, '"yesterday"')).toBe('invalid');
    expect(read({ required: ['constructor'] }, '{}')).toBe('invalid');
    expect(read({ additionalProperties: false }, '{"toString":1}')).toBe('invalid');
    expect(read({}, '{"__proto__":1}')).toBe('proto-key');
  });

  test('references by the name under which they were registered, and by their own id', () => {
    const money = { type: 'object', required: ['amount'] };
    const byName = { properties: { price: { $ref: 'money.json' } } };
    const named = [{ name: 'money.json', schema: JSON.stringify(money) }];
    expect([read(byName, '{"price":{}}', named), read(byName, '{"price":{"amount":1}}', named)]).toEqual([
      'invalid',
      '{"price":{"amount":1}}',
    ]);
    const $id = 'https://lab.example/money.json';
    const byId = { $id: 'https://lab.example/quote.json', properties: { price: { $ref: 'money.json' } } };
    const identified = [{ name: 'money', schema: JSON.stringify({ ...money, $id }) }];
    expect(read(byId, '{"price":{}}', identified)).toBe('invalid');
    expect(read(byId, '{"price":{}}', named)).toBe('invalid');
  });

  test('A13 bytes that are no JSON, or that the schema follows too deep', () => {
    expect(read({}, '{')).toBe('syntax');
    expect(read({}, '')).toBe('syntax');
    const tree = { type: 'object', properties: { next: { $ref: '#' } } };
    expect(read(tree, '{"next":'.repeat(50_000) + '{}' + '}'.repeat(50_000))).toBe('depth');
  });

  test('a pattern that goes back and back costs no more than one that does not', () => {
    const schema = { type: 'string', pattern: '^(a+)+$' };
    const startedAt = performance.now();
    expect(read(schema, JSON.stringify('a'.repeat(40)))).not.toBe('invalid');
    expect(read(schema, JSON.stringify('a'.repeat(40) + '!'))).toBe('invalid');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('a schema that cannot be compiled says why', () => {
    expect(() => jsonSchema('{"$ref":"nowhere.json"}', [])).toThrow('nowhere.json');
    expect(() => jsonSchema('{"type":"strnig"}', [])).toThrow();
  });
});
