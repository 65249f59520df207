import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decoderOf } from '../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS } from '../../src/json/json-scanner.js';
import { keyWithSchema, mysql, postgres, withSchema, type Operation } from './debezium-records.js';
import { decoding, framed, SCHEMAS, type Outcome } from './envelopes.js';
import { isLong } from '../support/long.js';

const ROW = { id: 1004, first_name: 'Anne', email: 'annek@noanswer.org' };
const BEFORE = { ...ROW, first_name: 'Anne Marie' };
const FIELDS = [['id'], [], ['first_name']];
const text = JSON.stringify(ROW);
const DOCUMENT = { text, fields: ['1004', text, '"Anne"'], headers: undefined };

describe('a change in an envelope', () => {
  const decode = decoding('debezium', { fields: FIELDS });

  test.each<[Operation, string]>([
    ['c', 'created'],
    ['r', 'read for a snapshot'],
    ['u', 'updated'],
  ])('%s: a row that was %s is the row after it', (op) => {
    expect(decode(postgres(op, ROW))).toEqual(DOCUMENT);
    expect(decode(mysql(op, ROW))).toEqual(DOCUMENT);
    expect(decode(withSchema(postgres(op, ROW, BEFORE)))).toEqual(DOCUMENT);
    expect(decode(withSchema(mysql(op, ROW)))).toEqual(DOCUMENT);
  });

  test('a row that was deleted is a delete', () => {
    expect(decode(postgres('d', ROW))).toEqual({ deleted: true });
    expect(decode(withSchema(mysql('d', ROW)))).toEqual({ deleted: true });
  });

  test('a table that was emptied is refused, because nobody is told which rows it had', () => {
    const truncate = { ...postgres('c', ROW), before: undefined, after: undefined, op: 't' };
    expect(decode(truncate)).toEqual({ fault: 'truncate' });
    expect(decode(withSchema(truncate))).toEqual({ fault: 'truncate' });
  });

  test('what is no change of a row is refused', () => {
    const none = { ...postgres('c', ROW), op: undefined };
    for (const value of [none, withSchema(none), ROW, { ...ROW, __deleted: 'true' }, [], '"c"', 'null', '{}'])
      expect(decode(value)).toEqual({ fault: 'invalid' });
    const message = { op: 'm', ts_ms: 1, source: {}, message: { prefix: 'p', content: 'Ynl0ZXM=' } };
    expect(decode(message)).toEqual({ fault: 'invalid' });
    expect(decode({ ...postgres('c', ROW), op: 'x' })).toEqual({ fault: 'invalid' });
    expect(decode({ ...postgres('u', ROW), after: null })).toEqual({ fault: 'invalid' });
    expect(decode({ op: 'u' })).toEqual({ fault: 'invalid' });
    expect(decode({ ...withSchema({ op: 'u' }), after: ROW })).toEqual({ fault: 'invalid' });
    expect(decode('{"op":"c","after":{"id":1}')).toEqual({ fault: 'syntax' });
    expect(decode('{"op":"c","after":{"id":1,"id":2}}')).toEqual({ fault: 'duplicate-key' });
  });

  test('a column whose value the database did not tell refuses the change, in whatever form it has', () => {
    const holes = [
      '__debezium_unavailable_value',
      Buffer.from('__debezium_unavailable_value').toString('base64'),
      ['a', '__debezium_unavailable_value'],
      { key: '__debezium_unavailable_value' },
    ];
    for (const hole of holes) {
      expect(decode(postgres('u', { ...ROW, notes: hole } as typeof ROW))).toEqual({
        fault: 'value-unavailable',
      });
      expect(decode(withSchema(postgres('u', { ...ROW, notes: hole } as typeof ROW)))).toMatchObject({
        fault: 'value-unavailable',
      });
    }
    const before = { ...ROW, first_name: '__debezium_unavailable_value' };
    expect(decode(postgres('u', ROW, before))).toEqual(DOCUMENT);
    expect(decode({ ...postgres('u', ROW), note: '__debezium_unavailable_value' })).toEqual(DOCUMENT);
    const named = { id: 1, __debezium_unavailable_value: 2, email: 'not "__debezium_unavailable_value"' };
    expect(decode({ op: 'u', after: named })).toHaveProperty('text', JSON.stringify(named));
    expect(
      decode('{"op":"u","after":{"__debezium_unavailable_value" : "__debezium_unavailable_value"}}'),
    ).toEqual({
      fault: 'value-unavailable',
    });
  });

  test('G3 numbers of the row are exact, and those elsewhere in the envelope leave no trace', () => {
    const value = `{"op":"c","ts_ns":1559033904961654321,"after":{"id":9007199254740993,"n":1.10},"x":-0}`;
    expect(decode(value)).toMatchObject({
      text: '{"id":"9007199254740993","n":1.10}',
      fields: ['9007199254740993', '{"id":9007199254740993,"n":1.10}', undefined],
    });
    const spaced = JSON.stringify(withSchema({ op: 'c', after: ROW }), null, 2);
    expect(decode(spaced)).toHaveProperty('text', text);
  });

  test('columns may be called like members of the envelope', () => {
    const row = { op: 'd', after: null, payload: { op: 't' }, schema: 1, before: 2 };
    const fields = [['op'], ['payload', 'op'], ['after', 'op'], ['payload']];
    const found = { text: JSON.stringify(row), fields: ['"d"', '"t"', undefined, '{"op":"t"}'] };
    expect(decoding('debezium', { fields })({ op: 'c', after: row })).toMatchObject(found);
    expect(decoding('debezium', { fields })(withSchema({ op: 'c', after: row }))).toMatchObject(found);
  });

  test('the limits hold for the whole envelope', () => {
    const limits = { ...DEFAULT_JSON_LIMITS, maxDepth: 3, maxBytes: 600 };
    const strict = decoding('debezium', { limits });
    expect(strict({ op: 'c', after: { a: [1] } })).toHaveProperty('text');
    expect(strict({ op: 'c', after: { a: [[1]] } })).toEqual({ fault: 'depth' });
    expect(strict(withSchema({ op: 'c', after: ROW }))).toEqual({ fault: 'size' });
  });

  test('whatever the row, it is what the envelope says, with and without schema', () => {
    const name = fc.oneof(fc.constantFrom('op', 'after', 'payload', 'id', 'é"\\'), fc.string());
    const row = fc.dictionary(
      name.filter((each) => each !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const json = decoding('json');
    fc.assert(
      fc.property(row, fc.constantFrom<Operation>('c', 'r', 'u'), (after, op) => {
        for (const envelope of [{ op, after }, { before: {}, after, op }, withSchema({ after, op })]) {
          const alone = json(after);
          const outcome = decode(envelope);
          if ('fault' in alone) expect(outcome).toEqual(alone);
          else expect(outcome).toHaveProperty('text', textOf(alone));
        }
      }),
      { numRuns: isLong ? 5_000 : 100 },
    );
  });
});

describe('a change whose schema is in a registry', () => {
  const decode = decoding('debezium', { fields: FIELDS, schemas: SCHEMAS });

  test('is read by it, and then is an envelope like any other', () => {
    expect(decode(framed(postgres('c', ROW)))).toEqual(DOCUMENT);
    expect(decode(framed(postgres('d', ROW)))).toEqual({ deleted: true });
    expect(decode(framed(ROW))).toEqual({ fault: 'invalid' });
    expect(decode(framed(postgres('c', ROW), 2))).toEqual({ fault: 'unknown-schema' });
  });

  test('and one without is JSON', () => {
    expect(decode(postgres('c', ROW))).toEqual(DOCUMENT);
    expect(decoding('debezium')(framed(postgres('c', ROW)))).toEqual({ fault: 'syntax' });
  });

  test('only bytes that name a schema are asked about', () => {
    const asked: number[] = [];
    const request = (id: number) => (asked.push(id), Promise.resolve());
    const schemas = { find: () => undefined, request };
    const decoder = decoderOf('debezium', { fields: [], limits: DEFAULT_JSON_LIMITS, schemas });
    expect(decoder.prepare?.(Buffer.from('{}'))).toBeUndefined();
    expect(decoder.prepare?.(framed({}, 7))).toBeInstanceOf(Promise);
    expect(asked).toEqual([7]);
    expect(decoderOf('debezium', { fields: [], limits: DEFAULT_JSON_LIMITS })).toMatchObject({
      prepare: undefined,
    });
  });
});

describe('a key', () => {
  const decode = decoding('debezium', { part: 'key', fields: [['id'], []], schemas: SCHEMAS });
  const key = { text: '{"id":1004}', fields: ['1004', '{"id":1004}'] };

  test('is the row’s identity, with and without schema, and by a registry', () => {
    expect(decode({ id: 1004 })).toMatchObject(key);
    expect(decode(keyWithSchema(1004))).toMatchObject(key);
    expect(decode(framed({ id: 1004 }))).toMatchObject(key);
    expect(decode('{"id":')).toEqual({ fault: 'syntax' });
  });

  test('may have a column called payload', () => {
    const fields = [['payload'], ['payload', 'id'], ['id']];
    const found = decoding('debezium', { part: 'key', fields });
    expect(found({ payload: { id: 1 }, id: 2 })).toMatchObject({ fields: ['{"id":1}', '1', '2'] });
    expect(found(keyWithSchema(3))).toMatchObject({ fields: [undefined, undefined, '3'] });
  });
});

function textOf(outcome: Outcome): string | undefined {
  return 'text' in outcome ? outcome.text : undefined;
}
