// The text of values to JSON: every kind of type against what it means, byte for byte.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ByteScratch } from '../../../connectors/postgres/wire/byte-scratch.js';
import { writeColumn } from '../../../connectors/postgres/wire/column-text.js';
import { ProtocolFault } from '../../../connectors/postgres/wire/protocol-fault.js';
import type { TypeKind } from '../../../connectors/postgres/wire/type-kinds.js';
import { isLong } from '../../support/long.js';
import { KINDS, TYPE } from './sample-table.js';
import { arrayText, type Nested } from './server-bytes.js';

const RUNS = { numRuns: isLong ? 20_000 : 500 };
const scratch = new ByteScratch();

/** The JSON of a text, which stands between other bytes as in a message. */
function jsonOf(typeOid: number, text: string): string {
  const bytes = Buffer.from(text);
  const message = Buffer.concat([Buffer.from('"9{'), bytes, Buffer.from('9"}')]);
  scratch.reset();
  writeColumn(scratch, KINDS.kindOf(typeOid), message, 3, 3 + bytes.length);
  return scratch.take().toString();
}

const anyText = fc.string({ unit: 'binary', maxLength: 40 });

describe('text', () => {
  test('is what JSON.stringify writes, for every character', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(jsonOf(TYPE.text, text)).toBe(JSON.stringify(text));
      }),
      RUNS,
    );
    const controls = String.fromCharCode(...Array.from({ length: 160 }, (_, code) => code));
    expect(jsonOf(TYPE.text, controls)).toBe(JSON.stringify(controls));
  });

  test('of any length', () => {
    for (const length of [4_095, 4_096, 4_097, 3_000_000]) {
      const text = 'é"\u0001'.repeat(length).slice(0, length);
      expect(jsonOf(TYPE.text, text)).toBe(JSON.stringify(text));
    }
  });

  test('stands for numeric, and for every type that is not known', () => {
    expect(jsonOf(TYPE.numeric, '12.3400')).toBe('"12.3400"');
    expect(jsonOf(TYPE.numeric, 'NaN')).toBe('"NaN"');
    expect(jsonOf(TYPE.numeric, '1'.repeat(200))).toBe(`"${'1'.repeat(200)}"`);
    expect(jsonOf(123_456, '(1,"a b")')).toBe('"(1,\\"a b\\")"');
    expect(jsonOf(TYPE.intVector, '1 2')).toBe('"1 2"');
  });
});

describe('numbers', () => {
  test('are the digits as they are written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(jsonOf(TYPE.int8, String(value))).toBe(String(value));
      }),
      RUNS,
    );
    expect(jsonOf(TYPE.oid, '4294967295')).toBe('4294967295');
    expect(jsonOf(TYPE.int2, '-32768')).toBe('-32768');
    expect(jsonOf(TYPE.count, '0')).toBe('0');
  });

  test('with a fraction are the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(JSON.parse(jsonOf(TYPE.float8, Object.is(value, -0) ? '-0' : String(value)))).toBe(value);
      }),
      RUNS,
    );
    expect(jsonOf(TYPE.float8, '1e+300')).toBe('1e+300');
    expect(jsonOf(TYPE.float4, '1e-07')).toBe('1e-07');
  });

  test('that are none are text', () => {
    for (const text of ['NaN', 'Infinity', '-Infinity']) {
      expect(jsonOf(TYPE.float8, text)).toBe(`"${text}"`);
      expect(jsonOf(TYPE.float4, text)).toBe(`"${text}"`);
    }
  });
});

test('bool is true and false', () => {
  expect(jsonOf(TYPE.bool, 't')).toBe('true');
  expect(jsonOf(TYPE.bool, 'f')).toBe('false');
});

test('json is the JSON itself, byte for byte', () => {
  const text = '{ "a" :\n[1.0, 12345678901234567890],\t"a": "\\u00e9é" }';
  expect(jsonOf(TYPE.json, text)).toBe(text);
  expect(jsonOf(TYPE.jsonb, 'null')).toBe('null');
});

describe('times', () => {
  test('are ISO 8601, with all of their digits', () => {
    expect(jsonOf(TYPE.timestamptz, '2026-01-31 08:00:00.123456+00')).toBe('"2026-01-31T08:00:00.123456Z"');
    expect(jsonOf(TYPE.timestamptz, '0001-01-01 00:00:00+00')).toBe('"0001-01-01T00:00:00Z"');
    expect(jsonOf(TYPE.timestamp, '2026-01-31 08:00:00.1')).toBe('"2026-01-31T08:00:00.1"');
    expect(jsonOf(TYPE.timestamp, '9999-12-31 23:59:59')).toBe('"9999-12-31T23:59:59"');
  });

  test('for which ISO 8601 has no plain form stay as Postgres writes them', () => {
    for (const text of ['infinity', '-infinity', '0044-03-15 00:00:00 BC', '294276-12-31 23:59:59.999999']) {
      expect(jsonOf(TYPE.timestamp, text)).toBe(`"${text}"`);
    }
    for (const text of ['infinity', '-infinity', '0044-03-15 00:00:00+00 BC', '10000-01-01 00:00:00+00']) {
      expect(jsonOf(TYPE.timestamptz, text)).toBe(`"${text}"`);
    }
  });

  test('mean the moment that was stored', () => {
    const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, (at) => {
        const text = at.toISOString().replace('T', ' ').replace('Z', '');
        expect(jsonOf(TYPE.timestamptz, `${text}+00`)).toBe(JSON.stringify(at));
        expect(`${jsonOf(TYPE.timestamp, text).slice(0, -1)}Z"`).toBe(JSON.stringify(at));
      }),
      RUNS,
    );
  });
});

test('bytea is base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
      const bytes = Buffer.from(data);
      expect(jsonOf(TYPE.bytea, `\\x${bytes.toString('hex')}`)).toBe(`"${bytes.toString('base64')}"`);
    }),
    RUNS,
  );
});

describe('arrays', () => {
  const nested = (item: fc.Arbitrary<Nested>): fc.Arbitrary<readonly Nested[]> =>
    fc.integer({ min: 1, max: 3 }).chain((depth) => {
      let level: fc.Arbitrary<readonly Nested[]> = fc.array(item, { maxLength: 4 });
      for (let i = 1; i < depth; i++) level = fc.array(level, { minLength: 1, maxLength: 3 });
      return level;
    });
  const elements = fc.oneof(
    fc.constantFrom('', 'NULL', 'null', 'Null', '{', '}', ',', ';', '"', '\\', ' ', '\\"', '{}', '[1:2]={a}'),
    anyText,
  );

  test('of text nest by dimension, and tell NULL from "NULL"', () => {
    fc.assert(
      fc.property(nested(fc.option(elements)), (items) => {
        expect(jsonOf(TYPE.textArray, arrayText(items))).toBe(JSON.stringify(items));
      }),
      RUNS,
    );
    expect(jsonOf(TYPE.textArray, '{NULL,"NULL",null}')).toBe('[null,"NULL","null"]');
    expect(jsonOf(TYPE.textArray, '{}')).toBe('[]');
  });

  test('leave out bounds, whatever they are', () => {
    expect(jsonOf(TYPE.intArray, '[2:3]={1,NULL}')).toBe('[1,null]');
    expect(jsonOf(TYPE.intArray, '[-1:0][5:6]={{1,2},{3,4}}')).toBe('[[1,2],[3,4]]');
    expect(jsonOf(TYPE.textArray, '[0:0]={"a=b"}')).toBe('["a=b"]');
  });

  test('of box are parted by semicolons', () => {
    fc.assert(
      fc.property(nested(fc.option(elements)), (items) => {
        expect(jsonOf(TYPE.boxArray, arrayText(items, ';'))).toBe(JSON.stringify(items));
      }),
      RUNS,
    );
    expect(jsonOf(TYPE.boxArray, '{(2,2),(1,1);(4,4),(3,3)}')).toBe('["(2,2),(1,1)","(4,4),(3,3)"]');
  });

  test('have elements as columns of their type have them', () => {
    expect(jsonOf(TYPE.boolArray, '{t,f,NULL}')).toBe('[true,false,null]');
    expect(jsonOf(TYPE.byteaArray, '{"\\\\xdeadbeef"}')).toBe('["3q2+7w=="]');
    expect(jsonOf(TYPE.timestamptzArray, '{"2026-01-31 08:00:00+00",infinity}')).toBe(
      '["2026-01-31T08:00:00Z","infinity"]',
    );
    expect(jsonOf(TYPE.jsonbArray, '{"{\\"a\\": \\"\\\\\\"\\"}",null,1,NULL}')).toBe(
      '[{"a": "\\""},null,1,null]',
    );
    expect(jsonOf(TYPE.countArray, '{1,2}')).toBe('[1,2]');
    expect(jsonOf(TYPE.countsArray, '{"{1,2}","{}",NULL}')).toBe('[[1,2],[],null]');
  });
});

describe('text that a type does not have', () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ['an integer without digits', TYPE.int4, '-'],
    ['an empty integer', TYPE.int4, ''],
    ['a leading zero', TYPE.int4, '-01'],
    ['a fraction without digits', TYPE.float8, '1.'],
    ['an exponent without digits', TYPE.float8, '1e+'],
    ['digits with space', TYPE.int8, '1 '],
    ['a word as number', TYPE.float8, 'ten'],
    ['an empty number', TYPE.float8, ''],
    ['another bool', TYPE.bool, 'true'],
    ['an empty bool', TYPE.bool, ''],
    ['bytea in another form', TYPE.bytea, 'abc\\001'],
    ['half a byte', TYPE.bytea, '\\xabc'],
    ['no hex digit', TYPE.bytea, '\\xzz'],
    ['another style of dates', TYPE.timestamp, 'Sat Jan 31 08:00:00 2026'],
    ['a date alone', TYPE.timestamp, '2026-01-31'],
    ['another time zone', TYPE.timestamptz, '2026-01-31 08:00:00+01'],
    ['no time zone', TYPE.timestamptz, '2026-01-31 08:00:00'],
    ['an array without braces', TYPE.intArray, '1,2'],
    ['an array without end', TYPE.intArray, '{1,2'],
    ['an inner array without end', TYPE.intArray, '{{1}'],
    ['an array that goes on', TYPE.intArray, '{1}2'],
    ['an element without text', TYPE.intArray, '{1,}'],
    ['a quote without end', TYPE.textArray, '{"a'],
    ['a backslash at the end', TYPE.textArray, '{"a\\'],
    ['bounds alone', TYPE.textArray, '[1:2]'],
    ['more dimensions than there are', TYPE.intArray, '{'.repeat(7) + '}'.repeat(7)],
    ['depth without end', TYPE.intArray, '{'.repeat(100_000)],
    ['another type in an array', TYPE.intArray, '{1,x}'],
  ];

  test.each(cases)('%s is a fault, not a guess', (_, type, text) => {
    expect(() => jsonOf(type, text)).toThrow(ProtocolFault);
  });

  test('any text is JSON or a fault', () => {
    const likely = fc.string({
      unit: fc.constantFrom(...'{}",;\\ 0123456789-+.etfxNULnul:[]=TZ'),
      maxLength: 24,
    });
    const type = fc.constantFrom(...Object.values(TYPE).filter((oid) => !isTakenAsIs(KINDS.kindOf(oid))));
    fc.assert(
      fc.property(type, likely, (oid, text) => {
        let json;
        try {
          json = jsonOf(oid, text);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFault);
          return;
        }
        expect(JSON.parse(json)).toBeDefined();
      }),
      { numRuns: isLong ? 200_000 : 3_000 },
    );
  });
});

/** JSON already, or made of such: the server has checked it. */
function isTakenAsIs(kind: TypeKind): boolean {
  return kind.kind === 'array' ? isTakenAsIs(kind.element) : kind.kind === 'json';
}
