// Avro schemas with a value each: as avsc writes it, and as its JSON must be.

import avsc from 'avsc';
import fc from 'fast-check';
import type { Json } from '../../../src/topic/json.js';

export interface AvroExample {
  readonly schema: unknown;
  /** As avsc takes it, unions wrapped. */
  readonly value: unknown;
  readonly json: Json;
  /** Name of the branch that it would be in a union. */
  readonly branch: string;
}

const LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** avsc as it writes longs of all 64 bits. */
export function encodeAvro(schema: unknown, value: unknown): Buffer {
  const type = avsc.Type.forSchema(schema as never, {
    wrapUnions: true,
    typeHook: (part) => (isLong(part) ? LONG : undefined),
  });
  return type.toBuffer(value);
}

function isLong(part: unknown): boolean {
  return (
    part === 'long' || (typeof part === 'object' && part !== null && 'type' in part && part.type === 'long')
  );
}

const leaf = <T>(schema: unknown, branch: string, values: fc.Arbitrary<T>, jsonOf: (value: T) => Json) =>
  values.map((value): AvroExample => ({ schema, value, json: jsonOf(value), branch }));

const long = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-1000n, 1000n));
const whole = (value: bigint): Json => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
const foreign = (value: number): Json => (Number.isFinite(value) ? value + 0 : String(value));
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const millis = fc.bigInt(-62_000_000_000_000n, 250_000_000_000_000n);

let names = 0;
const uniqueName = () => `N${++names}`;

const leaves = fc.oneof(
  fc.constant<AvroExample>({ schema: 'null', value: null, json: null, branch: 'null' }),
  leaf('boolean', 'boolean', fc.boolean(), (value) => value),
  leaf('int', 'int', fc.integer(), (value) => value),
  leaf('long', 'long', long, whole),
  leaf('double', 'double', fc.double(), foreign),
  leaf('string', 'string', fc.string({ unit: 'grapheme', maxLength: 12 }), (value) => value),
  leaf('bytes', 'bytes', bytes, (value) => value.toString('base64')),
  leaf({ type: 'long', logicalType: 'timestamp-millis' }, 'long', millis, (value) =>
    new Date(Number(value)).toISOString(),
  ),
  leaf({ type: 'int', logicalType: 'date' }, 'int', fc.integer({ min: -700_000, max: 2_900_000 }), (value) =>
    new Date(value * 86_400_000).toISOString().replace(/T.*/, ''),
  ),
  fc.tuple(fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.integer({ min: 0, max: 30 })).map(([unscaled, scale]) => ({
    schema: { type: 'bytes', logicalType: 'decimal', precision: 40, scale },
    value: twosComplement(unscaled),
    json: decimal(unscaled, scale),
    branch: 'bytes',
  })),
  fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.constant(0)).map(([symbol]) => {
    const name = uniqueName();
    return {
      schema: { type: 'enum', name, symbols: ['A', 'C', 'B'] },
      value: symbol,
      json: symbol,
      branch: name,
    };
  }),
  fc.uint8Array({ minLength: 3, maxLength: 3 }).map((array) => {
    const name = uniqueName();
    const value = Buffer.from(array);
    return { schema: { type: 'fixed', name, size: 3 }, value, json: value.toString('base64'), branch: name };
  }),
);

export const avroExample: fc.Arbitrary<AvroExample> = fc.letrec<{ any: AvroExample }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: leaves },
    { weight: 1, arbitrary: fc.tuple(tie('any'), fc.nat(3)).map(([item, count]) => arrayOf(item, count)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('any'), fc.uniqueArray(fc.string({ maxLength: 5 }).filter(isName), { maxLength: 3 }))
        .map(([item, keys]) => mapOf(item, keys)),
    },
    {
      weight: 1,
      arbitrary: tie('any')
        .filter(({ branch }) => branch !== 'null' && branch !== 'union')
        .map(optional),
    },
    { weight: 3, arbitrary: fc.array(tie('any'), { maxLength: 5 }).map(recordOf) },
  ),
})).any;

function arrayOf(item: AvroExample, count: number): AvroExample {
  return {
    schema: { type: 'array', items: item.schema },
    value: Array.from({ length: count }, () => item.value),
    json: Array.from({ length: count }, () => item.json),
    branch: 'array',
  };
}

function mapOf(item: AvroExample, keys: readonly string[]): AvroExample {
  return {
    schema: { type: 'map', values: item.schema },
    value: Object.fromEntries(keys.map((key) => [key, item.value])),
    json: Object.fromEntries(keys.map((key) => [key, item.json])),
    branch: 'map',
  };
}

function optional(item: AvroExample): AvroExample {
  return {
    schema: ['null', item.schema],
    value: { [item.branch]: item.value },
    json: item.json,
    branch: 'union',
  };
}

function recordOf(fields: readonly AvroExample[]): AvroExample {
  const name = uniqueName();
  return {
    schema: {
      type: 'record',
      name,
      fields: fields.map(({ schema }, i) => ({ name: nameOf(i), type: schema })),
    },
    value: Object.fromEntries(fields.map(({ value }, i) => [nameOf(i), value])),
    json: Object.fromEntries(fields.map(({ json }, i) => [nameOf(i), json])),
    branch: name,
  };
}

/** Names that a careless reader trips over first. */
function nameOf(field: number): string {
  return ['constructor', 'toString', 'hasOwnProperty'][field] ?? `f${field}`;
}

function isName(key: string): boolean {
  return key !== '__proto__';
}

function twosComplement(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(8 * length, value) !== value) length++;
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0');
  return Buffer.from(hex, 'hex');
}

function decimal(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}
