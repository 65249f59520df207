import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { protobufSchema } from '../../../src/decode/registry/protobuf-schema.js';
import { isLong } from '../../support/long.js';
import { decoderFor, textOf, valueOf } from './given-schemas.js';

const RUNS = isLong ? 5_000 : 300;

const FILE = `syntax = "proto3"; package lab;
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
message Ping { string note = 1; }
message Quote {
  enum Side { BUY = 0; SELL = 1; }
  message Level { double price = 1; int64 size = 2; message Deep { bool flag = 1; } }
  string symbol_id = 1; int32 i32 = 2; uint32 u32 = 3; sint32 s32 = 4; fixed32 f32 = 5; sfixed32 sf32 = 6;
  int64 i64 = 7; uint64 u64 = 8; sint64 s64 = 9; fixed64 f64 = 10; sfixed64 sf64 = 11;
  bool flag = 12; bytes raw = 13; float rate = 14; double price = 15; Side side = 16;
  repeated int64 ticks = 17; repeated string tags = 18; repeated Level levels = 19 ;
  map<string, int64> sizes = 20; map<int32, Level> byLevel = 21; map<bool, Side> sides = 22;
  Level best = 23; oneof one { string text = 24; Level level = 25; } optional int32 maybe = 26;
  google.protobuf.Timestamp at = 27; google.protobuf.Duration lasted = 28; google.protobuf.Struct extra = 29;
  google.protobuf.Int64Value count = 30; google.protobuf.StringValue name = 31; google.protobuf.Value anything = 32;
  repeated int32 loose = 33 [packed = false];
}`;

const root = new protobuf.Root();
for (const name of ['timestamp', 'duration', 'struct', 'wrappers'])
  root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
protobuf.parse(FILE, root, { keepCase: true });
const quote = root.lookupType('lab.Quote');
const schema = protobufSchema(FILE, []);
const decoder = decoderFor('protobuf', schema);
/** Quote is the second message of the file. */
const QUOTE = Buffer.of(2, 2);
const encode = (value: object) => Buffer.concat([QUOTE, quote.encode(quote.fromObject(value)).finish()]);

const int64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-99n, 99n));
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n);
const whole = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const key = text.filter((each) => each !== '__proto__');
const level = fc.record({ price: double, size: int64 });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });

const values = fc.record({
  symbol_id: text,
  ...{ i32: fc.integer(), u32: uint32, s32: fc.integer(), f32: uint32, sf32: fc.integer() },
  ...{ i64: int64, u64: uint64, s64: int64, f64: uint64, sf64: int64 },
  flag: fc.boolean(),
  raw: fc.uint8Array({ maxLength: 10 }),
  rate: fc.float({ noNaN: true, noDefaultInfinity: true }),
  price: double,
  side: fc.constantFrom('BUY', 'SELL'),
  ticks: fc.array(int64, { maxLength: 4 }),
  tags: fc.array(text, { maxLength: 3 }),
  levels: fc.array(level, { maxLength: 3 }),
  sizes: fc.dictionary(key, int64, { maxKeys: 3 }),
  best: fc.option(level, { nil: undefined }),
  text: fc.option(text, { nil: undefined }),
  maybe: fc.option(fc.integer(), { nil: undefined }),
  loose: fc.array(fc.integer(), { maxLength: 3 }),
});
type Value = typeof values extends fc.Arbitrary<infer T> ? T : never;

const levelJson = ({ price, size }: { price: number; size: bigint }) => ({
  price: price + 0,
  size: whole(size),
});

function jsonOf(value: Value): object {
  const { best, text: one, maybe, ...rest } = value;
  return {
    ...rest,
    i64: whole(value.i64),
    u64: whole(value.u64),
    s64: whole(value.s64),
    f64: whole(value.f64),
    sf64: whole(value.sf64),
    raw: Buffer.from(value.raw).toString('base64'),
    rate: expect.any(Number),
    price: value.price + 0,
    ticks: value.ticks.map(whole),
    levels: value.levels.map(levelJson),
    sizes: Object.fromEntries(Object.entries(value.sizes).map(([name, size]) => [name, whole(size)])),
    ...(best && { best: levelJson(best) }),
    ...(one !== undefined && { text: one }),
    ...(maybe !== undefined && { maybe }),
    byLevel: {},
    sides: {},
  };
}

/** As protobufjs takes it: integers of 64 bits as text. */
function given(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(given);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, given(member)]));
}

describe('what Protobuf messages become', () => {
  test('whatever protobufjs writes is read as the JSON that it stands for', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(valueOf(decoder, encode(given(value) as object))).toEqual(jsonOf(value));
      }),
      { numRuns: RUNS },
    );
  });

  test('fields may come in any order', () => {
    const shuffled = values.chain((value) => {
      const parts = Object.entries(value).map(([name, member]) =>
        encode({ [name]: given(member) }).subarray(2),
      );
      return fc.tuple(fc.constant(value), fc.shuffledSubarray(parts, { minLength: parts.length }));
    });
    fc.assert(
      fc.property(shuffled, ([value, parts]) => {
        expect(valueOf(decoder, Buffer.concat([QUOTE, ...parts]))).toEqual(jsonOf(value));
      }),
      { numRuns: RUNS },
    );
  });

  test('a float has its own digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (rate) => {
        const read = valueOf(decoder, encode({ rate })) as { readonly rate: number };
        expect(Math.fround(read.rate)).toBe(rate + 0);
      }),
    );
    expect(textOf(decoder, encode({ rate: 0.1 }))).toContain('"rate":0.1,');
    expect(textOf(decoder, encode({ price: NaN, rate: -Infinity }))).toContain(
      '"rate":"-Infinity","price":"NaN"',
    );
  });

  test('types that stand for something simpler', () => {
    const at = { seconds: 1_738_310_400, nanos: 120_000 };
    const extra = {
      fields: {
        a: { nullValue: 0 },
        b: { listValue: { values: [{ boolValue: true }, { numberValue: 1.5 }] } },
      },
    };
    const value = {
      at,
      lasted: { seconds: -1, nanos: -500_000_000 },
      extra,
      count: { value: '9007199254740993' },
      name: {},
    };
    expect(valueOf(decoder, encode({ ...value, anything: { stringValue: 'x' } }))).toMatchObject({
      at: '2025-01-31T08:00:00.000120Z',
      lasted: '-1.500s',
      extra: { a: null, b: [true, 1.5] },
      count: '9007199254740993',
      name: '',
      anything: 'x',
    });
    expect(textOf(decoder, encode({ at: { seconds: 0, nanos: -1 } }))).toBe('invalid');
  });

  test('absent: a default, an empty list or map, or left out where the schema can tell that it is absent', () => {
    const empty = valueOf(decoder, QUOTE) as Record<string, unknown>;
    expect(empty).toMatchObject({
      symbol_id: '',
      u64: 0,
      flag: false,
      side: 'BUY',
      raw: '',
      tags: [],
      sizes: {},
    });
    for (const name of ['best', 'text', 'level', 'maybe', 'at', 'count'])
      expect(empty).not.toHaveProperty(name);
    expect(valueOf(decoder, encode({ maybe: 0, count: {}, best: {} }))).toMatchObject({
      ...{ maybe: 0, count: 0, best: { price: 0, size: 0 } },
    });
  });

  test('maps with keys of any kind; of entries with one key the last counts', () => {
    expect(
      valueOf(decoder, encode({ byLevel: { '-2': { size: 1 } }, sides: { true: 'SELL' } })),
    ).toMatchObject({
      byLevel: { '-2': { price: 0, size: 1 } },
      sides: { true: 'SELL' },
    });
    const twice = Buffer.concat([encode({ sizes: { a: 1 } }), encode({ sizes: { a: 2 } }).subarray(2)]);
    expect(valueOf(decoder, twice)).toMatchObject({ sizes: { a: 2 } });
  });

  test('of a field that comes twice the last counts, messages are merged, and of a oneof one is left', () => {
    const both = (a: object, b: object) =>
      valueOf(decoder, Buffer.concat([encode(a), encode(b).subarray(2)]));
    expect(both({ symbol_id: 'a' }, { symbol_id: 'b' })).toMatchObject({ symbol_id: 'b' });
    expect(both({ best: { price: 1 } }, { best: { size: 2 } })).toMatchObject({
      best: { price: 1, size: 2 },
    });
    expect(both({ text: 'a' }, { level: {} })).not.toHaveProperty('text');
    expect(both({ ticks: [1] }, { ticks: [2] })).toMatchObject({ ticks: [1, 2] });
  });

  test('the message that the indexes name: the first, the second, one within another', () => {
    expect(valueOf(decoder, Buffer.concat([Buffer.of(0), Buffer.from([0x0a, 1, 0x61])]))).toEqual({
      note: 'a',
    });
    expect(valueOf(decoder, Buffer.concat([Buffer.of(2, 0), Buffer.from([0x0a, 1, 0x61])]))).toEqual({
      note: 'a',
    });
    expect(valueOf(decoder, Buffer.from([6, 2, 0, 0, 8, 1]))).toEqual({ flag: true });
    expect(textOf(decoder, Buffer.from([2, 10]))).toBe('invalid');
    expect(textOf(decoder, Buffer.from([1, 2]))).toBe('invalid');
    expect(textOf(decoder, Buffer.alloc(0))).toBe('invalid');
  });

  test('proto2: groups, required fields, and files that import others', () => {
    const venue = 'syntax = "proto2"; package other; message Venue { required string code = 1; }';
    const file = `syntax = "proto2"; package lab; import "venue.proto";
      message Fill { optional group Leg = 1 { optional int32 size = 2; } optional other.Venue venue = 3; optional int32 x = 4 [default = 5]; }`;
    const fill = decoderFor('protobuf', protobufSchema(file, [{ name: 'venue.proto', schema: venue }]));
    const bytes = Buffer.from([0, 0x0b, 0x10, 7, 0x0c, 0x1a, 3, 0x0a, 1, 0x58]);
    expect(valueOf(fill, bytes)).toEqual({ leg: { size: 7 }, venue: { code: 'X' } });
    expect(textOf(fill, Buffer.from([0, 0x1a, 0]))).toBe('invalid');
  });

  test('a decimal of Confluent’s', () => {
    const file =
      'syntax = "proto3"; import "confluent/type/decimal.proto"; message M { confluent.type.Decimal d = 1; }';
    const money = decoderFor('protobuf', protobufSchema(file, []));
    expect(textOf(money, Buffer.from([0, 0x0a, 6, 0x0a, 2, 0x04, 0xd2, 0x18, 2]))).toBe('{"d":"12.34"}');
  });
});

describe('what is refused', () => {
  test('A13 messages that are cut off, and text that is no UTF-8', () => {
    const bytes = encode({ symbol_id: 'abc' });
    for (let length = 3; length < bytes.length; length++)
      expect(textOf(decoder, bytes.subarray(0, length))).toBe('invalid');
    expect(textOf(decoder, Buffer.concat([QUOTE, Buffer.from([0x0a, 1, 0xff])]))).toBe('utf8');
    expect(textOf(decoder, Buffer.concat([QUOTE, Buffer.of(0x07)]))).toBe('invalid');
  });

  test('fields that the schema does not have are passed over, of any layout', () => {
    const unknown = Buffer.from(
      'c03e01' + 'c13e0000000000000000' + 'c23e0161' + 'c33e0801c43e' + 'c53e00000000',
      'hex',
    );
    expect(valueOf(decoder, Buffer.concat([QUOTE, unknown]))).toEqual(valueOf(decoder, QUOTE));
  });

  test('any bytes are read or refused, never a crash', () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      values.map((value) => encode(given(value) as object)),
    );
    const damaged = fc.tuple(some, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at % copy.length] = byte;
      return copy;
    });
    fc.assert(
      fc.property(damaged, (bytes) => {
        textOf(decoder, bytes);
      }),
      { numRuns: RUNS },
    );
  });
});
