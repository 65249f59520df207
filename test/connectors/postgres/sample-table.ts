// A table for tests of rows, made of names and types.

import { ByteScratch } from '../../../connectors/postgres/wire/byte-scratch.js';
import { RowWriter } from '../../../connectors/postgres/wire/row-writer.js';
import type { Table } from '../../../connectors/postgres/wire/table.js';
import { typeKindsOf, type TypeKinds } from '../../../connectors/postgres/wire/type-kinds.js';

export const TYPE = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  box: 603,
  float4: 700,
  float8: 701,
  intArray: 1007,
  textArray: 1009,
  boxArray: 1020,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  boolArray: 1000,
  byteaArray: 1001,
  timestamptzArray: 1185,
  jsonbArray: 3807,
  jsonb: 3802,
  intVector: 22,
  /** Of this database: a domain over int4, one over int4[], and arrays of the two. */
  count: 90_001,
  counts: 90_002,
  countArray: 90_003,
  countsArray: 90_004,
} as const;

const element = (oid: number, elementOid: number) => ({ oid, baseOid: 0, elementOid, delimiter: ',' });
const scalar = (oid: number, delimiter = ',') => ({ oid, baseOid: 0, elementOid: 0, delimiter });

export const KINDS: TypeKinds = typeKindsOf([
  ...[TYPE.bool, TYPE.bytea, TYPE.int4, TYPE.text, TYPE.timestamptz, TYPE.jsonb, TYPE.intVector].map((oid) =>
    scalar(oid),
  ),
  scalar(TYPE.box, ';'),
  element(TYPE.intArray, TYPE.int4),
  element(TYPE.textArray, TYPE.text),
  element(TYPE.boxArray, TYPE.box),
  element(TYPE.boolArray, TYPE.bool),
  element(TYPE.byteaArray, TYPE.bytea),
  element(TYPE.timestamptzArray, TYPE.timestamptz),
  element(TYPE.jsonbArray, TYPE.jsonb),
  { ...scalar(TYPE.count), baseOid: TYPE.int4 },
  { ...scalar(TYPE.counts), baseOid: TYPE.intArray },
  element(TYPE.countArray, TYPE.count),
  element(TYPE.countsArray, TYPE.counts),
]);

export interface SampleColumn {
  readonly name: string;
  readonly type: number;
  readonly isKey?: boolean;
  readonly isWanted?: boolean;
  readonly isToastable?: boolean;
}

export function tableOf(columns: readonly SampleColumn[]): Table {
  return {
    oid: 7,
    schema: 'public',
    name: 'orders',
    topic: 'public.orders',
    replicaIdentity: 'default',
    isPartitioned: false,
    columns: columns.map(({ name, type, isKey = false, isToastable = type === TYPE.text }) => ({
      ...{ name, typeOid: type, typeModifier: -1, isKey, isToastable },
    })),
    wanted: new Set(columns.filter(({ isWanted }) => isWanted !== false).map(({ name }) => name)),
    rowFilter: undefined,
  };
}

export function writerOf(columns: readonly SampleColumn[], scratch = new ByteScratch()): RowWriter {
  return new RowWriter(tableOf(columns), KINDS, scratch);
}
