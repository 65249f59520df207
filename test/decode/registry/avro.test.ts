import { describe, expect, test } from '@jest/globals';
import avsc from 'avsc';
import fc from 'fast-check';
import { avroSchema, NotReadable } from '../../../src/decode/registry/avro.js';
import { parseAvroSchema } from '../../../src/decode/registry/avro-schema.js';
import { avroExample, encodeAvro } from './arbitrary-avro.js';
import { decoderFor, textOf, valueOf } from './given-schemas.js';
import { isLong } from '../../support/long.js';

const RUNS = isLong ? 5_000 : 300;

const decoder = (schema: unknown, reader?: unknown, limits = {}) => {
  const [writerType, readerType] = [schema, reader ?? schema].map((each) =>
    parseAvroSchema(JSON.stringify(each)),
  );
  return decoderFor('avro', avroSchema(writerType!, reader === undefined ? writerType : readerType), limits);
};
const record = (fields: readonly unknown[], more = {}) => ({
  type: 'record',
  name: 'Quote',
  fields,
  ...more,
});

describe('what Avro values become', () => {
  test('whatever avsc writes is read as the JSON that it stands for', () => {
    fc.assert(
      fc.property(avroExample, ({ schema, value, json }) => {
        expect(valueOf(decoder(schema), encodeAvro(schema, value))).toEqual(json);
      }),
      { numRuns: RUNS },
    );
  });

  test.each<[string, unknown, unknown, unknown]>([
    ['a long of 2^53 - 1', 'long', 9007199254740991n, 9007199254740991],
    ['a long beyond it', 'long', 9007199254740993n, '9007199254740993'],
    ['the least long', 'long', -(2n ** 63n), '-9223372036854775808'],
    ['a double beyond 2^53', 'double', 1e16, 1e16],
    ['not a number', 'double', NaN, 'NaN'],
    ['infinity', 'float', -Infinity, '-Infinity'],
    ['a float', 'float', Math.fround(0.1), 0.1],
    ['time-millis', { type: 'int', logicalType: 'time-millis' }, 86_399_999, '23:59:59.999'],
    ['time-micros', { type: 'long', logicalType: 'time-micros' }, 1n, '00:00:00.000001'],
    [
      'timestamp-micros',
      { type: 'long', logicalType: 'timestamp-micros' },
      1_738_310_400_123_456n,
      '2025-01-31T08:00:00.123456Z',
    ],
    [
      'timestamp-nanos',
      { type: 'long', logicalType: 'timestamp-nanos' },
      -1n,
      '1969-12-31T23:59:59.999999999Z',
    ],
    [
      'a local timestamp',
      { type: 'long', logicalType: 'local-timestamp-millis' },
      0n,
      '1970-01-01T00:00:00.000',
    ],
    [
      'a UUID as text',
      { type: 'string', logicalType: 'uuid' },
      'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    ],
    [
      'a UUID as bytes',
      { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
      Buffer.from('f81d4fae7dec11d0a76500a0c91e6bf6', 'hex'),
      'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    ],
    [
      'a duration',
      { type: 'fixed', name: 'D', size: 12, logicalType: 'duration' },
      Buffer.from('0200000003000000ac110000', 'hex'),
      'P2M3DT4.524S',
    ],
    [
      'a decimal',
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 4 },
      Buffer.from([0xff]),
      '-0.0001',
    ],
    [
      'a decimal as fixed',
      { type: 'fixed', name: 'F', size: 8, logicalType: 'decimal', precision: 18, scale: 2 },
      Buffer.from('00000000000004d2', 'hex'),
      '12.34',
    ],
    ['a logical type on the wrong type', { type: 'string', logicalType: 'date' }, 'x', 'x'],
  ])('%s', (_, schema, value, json) => {
    expect(valueOf(decoder(schema), encodeAvro(schema, value))).toEqual(json);
  });

  test('a type that refers to itself, and one of another schema', () => {
    const venue = { type: 'record', name: 'lab.Venue', fields: [{ name: 'code', type: 'string' }] };
    const quote = record([
      { name: 'venue', type: ['null', 'lab.Venue'] },
      { name: 'before', type: ['null', 'Quote'] },
    ]);
    const types = parseAvroSchema(JSON.stringify(quote), [JSON.stringify(venue)]);
    const bytes = types.toBuffer({
      venue: { 'lab.Venue': { code: 'X' } },
      before: { Quote: { venue: null, before: null } },
    });
    expect(valueOf(decoderFor('avro', avroSchema(types)), bytes)).toEqual({
      venue: { code: 'X' },
      before: { venue: null, before: null },
    });
  });
});

describe('what is refused', () => {
  const two = record([
    { name: 'a', type: 'string' },
    { name: 'b', type: 'int' },
  ]);

  test('A13 bytes that are cut off, too long, or no UTF-8', () => {
    const bytes = encodeAvro(two, { a: 'xyz', b: 1 });
    expect(textOf(decoder(two), bytes)).toBe('{"a":"xyz","b":1}');
    for (let length = 0; length < bytes.length; length++)
      expect(textOf(decoder(two), bytes.subarray(0, length))).toBe('invalid');
    expect(textOf(decoder(two), Buffer.concat([bytes, Buffer.of(0)]))).toBe('invalid');
    expect(textOf(decoder(two), Buffer.from([2, 0xff, 2]))).toBe('utf8');
    expect(textOf(decoder('boolean'), Buffer.of(2))).toBe('invalid');
    expect(textOf(decoder(['null', 'int']), Buffer.of(4))).toBe('invalid');
    expect(textOf(decoder('int'), Buffer.from('8080808020', 'hex'))).toBe('invalid');
    expect(
      textOf(decoder({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }), Buffer.of(0)),
    ).toBe('invalid');
  });

  test('documents that are small as Avro and without end as JSON', () => {
    const nulls = { type: 'array', items: 'null' };
    expect(textOf(decoder(nulls), Buffer.from('feffffffffffffff7f00', 'hex'))).toBe('size');
    const endless = record([{ name: 'next', type: 'Quote' }]);
    expect(textOf(decoder(endless), Buffer.alloc(0))).toBe('depth');
    const skipped = record([{ name: 'x', type: nulls }]);
    expect(textOf(decoder(skipped, record([])), Buffer.from('feffffffffffffff7f00', 'hex'))).toBe('size');
  });

  test('names that would pollute, twice the same key, and numbers where the source refuses them', () => {
    expect(textOf(decoder(record([{ name: '__proto__', type: 'int' }])), Buffer.of(2))).toBe('proto-key');
    const map = { type: 'map', values: 'int' };
    expect(textOf(decoder(map), Buffer.from('04026102026104' + '00', 'hex'))).toBe('duplicate-key');
    const exact = decoder('long', undefined, { numbers: 'reject' });
    expect(textOf(exact, encodeAvro('long', 2n ** 60n))).toBe('number');
  });

  test('any bytes are read or refused, never a crash', () => {
    fc.assert(
      fc.property(avroExample, fc.uint8Array({ maxLength: 200 }), ({ schema }, bytes) => {
        textOf(decoder(schema, undefined, { maxBytes: 10_000 }), bytes);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('evolution: records of any schema read as one', () => {
  const writer = record([
    { name: 'gone', type: { type: 'map', values: 'string' } },
    { name: 'px', type: 'int' },
    { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL', 'CROSS'] } },
    { name: 'size', type: 'long' },
    { name: 'note', type: 'string' },
  ]);
  const reader = record([
    {
      name: 'venue',
      type: { type: 'record', name: 'Venue', fields: [{ name: 'code', type: 'string', default: '-' }] },
      default: {},
    },
    { name: 'price', type: 'double', aliases: ['px'] },
    {
      name: 'side',
      type: { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL', 'OTHER'], default: 'OTHER' },
    },
    { name: 'size', type: ['null', 'long'], default: null },
    { name: 'note', type: 'bytes' },
    { name: 'since', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
  ]);

  test('fields come, go, widen and are renamed as the specification says', () => {
    const value = { gone: { a: 'x' }, px: 3, side: 'CROSS', size: 5n, note: 'hi' };
    expect(valueOf(decoder(writer, reader), encodeAvro(writer, value))).toEqual({
      price: 3,
      side: 'OTHER',
      size: 5,
      note: 'aGk=',
      venue: { code: '-' },
      since: '1970-01-01T00:00:00.000Z',
    });
  });

  const pairs: [unknown, unknown, unknown][] = [
    ['int', 'long', 5],
    ['int', 'float', 16_777_216],
    ['long', 'double', 5],
    ['float', 'double', 0.5],
    ['string', 'bytes', 'x'],
    ['bytes', 'string', Buffer.from('x')],
    ['int', ['string', 'null', 'double'], 5],
    [['int', 'string'], ['string', 'long'], { int: 4 }],
    [{ type: 'array', items: 'int' }, { type: 'array', items: 'double' }, [1, 2]],
    [{ type: 'map', values: 'int' }, { type: 'map', values: ['null', 'int'] }, { a: 1 }],
  ];
  test.each(pairs)('%j read as %j is what avsc makes of it', (from, into, value) => {
    const writerType = avsc.Type.forSchema(from as never, { wrapUnions: true });
    const readerType = avsc.Type.forSchema(into as never);
    const bytes = writerType.toBuffer(value);
    const bare = avsc.Type.forSchema(from as never);
    const expected = readerType.fromBuffer(bytes, readerType.createResolver(bare)) as unknown;
    const json = Buffer.isBuffer(expected) ? expected.toString('base64') : expected;
    expect(valueOf(decoder(from, into), bytes)).toEqual(JSON.parse(JSON.stringify(json)));
  });

  test.each<[unknown, unknown]>([
    ['string', 'int'],
    ['long', 'int'],
    [record([]), record([{ name: 'a', type: 'int' }])],
    [record([], { name: 'Other' }), record([])],
    [
      { type: 'fixed', name: 'F', size: 2 },
      { type: 'fixed', name: 'F', size: 3 },
    ],
    [
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 4 },
    ],
    [
      { type: 'long', logicalType: 'timestamp-micros' },
      { type: 'long', logicalType: 'timestamp-millis' },
    ],
  ])('%j cannot be read as %j', (from, into) => {
    expect(() => decoder(from, into)).toThrow(NotReadable);
  });

  test('a symbol or a branch that the reader does not have is a fault of its record alone', () => {
    const side = (symbols: string[]) => ({ type: 'enum', name: 'Side', symbols });
    const buys = decoder(side(['BUY', 'CROSS']), side(['BUY']));
    expect([textOf(buys, Buffer.of(0)), textOf(buys, Buffer.of(2))]).toEqual(['"BUY"', 'schema-mismatch']);
    const texts = decoder(['int', 'string'], 'string');
    expect(textOf(texts, Buffer.from([0, 2]))).toBe('schema-mismatch');
    expect(textOf(texts, Buffer.from([2, 2, 0x61]))).toBe('"a"');
  });
});
