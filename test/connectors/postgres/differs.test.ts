// How what the stream says of a table is told from what was read of it.

import { expect, test } from '@jest/globals';

import { differs } from '../../../connectors/postgres/catalog/table-watch.js';
import type { Relation } from '../../../connectors/postgres/wire/pgoutput.js';
import type { Table } from '../../../connectors/postgres/wire/table.js';

const ID = { name: 'id', typeOid: 23, typeModifier: -1, isKey: true };
const NOTE = { name: '__proto__', typeOid: 25, typeModifier: -1, isKey: false };
const TABLE: Table = {
  ...{
    oid: 7,
    schema: 'public',
    name: 't',
    topic: 'public.t',
    replicaIdentity: 'default',
    isPartitioned: false,
  },
  columns: [
    { ...ID, isToastable: false },
    { ...NOTE, isToastable: true },
  ],
  ...{ wanted: new Set(['id']), rowFilter: undefined },
};
const RELATION: Relation = { oid: 7, schema: 'public', name: 't', replicaIdentity: 'd', columns: [ID, NOTE] };

test.each<[string | undefined, Partial<Relation>]>([
  [undefined, {}],
  ['public.t is now public.T', { name: 'T' }],
  ['public.t is now other.t', { schema: 'other' }],
  ['public.t has another replica identity', { replicaIdentity: 'n' }],
  ['public.t has another replica identity', { replicaIdentity: 'f' }],
  ['public.t lost column "__proto__"', { columns: [ID] }],
  ['public.t gained column "constructor"', { columns: [ID, NOTE, { ...NOTE, name: 'constructor' }] }],
  ['public.t lost column "id" and gained column "ID"', { columns: [{ ...ID, name: 'ID' }, NOTE] }],
  ['public.t has its columns in another order', { columns: [NOTE, ID] }],
  ['public.t has another type for column "id"', { columns: [{ ...ID, typeOid: 20 }, NOTE] }],
  ['public.t has another type for column "__proto__"', { columns: [ID, { ...NOTE, typeModifier: 9 }] }],
  ['public.t has another key', { columns: [ID, { ...NOTE, isKey: true }] }],
])('says %s', (words, difference) => {
  expect(differs(TABLE, { ...RELATION, ...difference })).toBe(words);
});

test('does not take the key from a stream with REPLICA IDENTITY FULL, where all columns are of it', () => {
  const full = { ...RELATION, replicaIdentity: 'f' as const, columns: [ID, { ...NOTE, isKey: true }] };
  expect(differs({ ...TABLE, replicaIdentity: 'full' }, full)).toBeUndefined();
});
