// Messages of pgoutput: what each says, and that no bytes whatever are read as something that they do not say.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decodeMessage, type PgOutputMessage } from '../../../connectors/postgres/wire/pgoutput.js';
import { ProtocolFault } from '../../../connectors/postgres/wire/protocol-fault.js';
import { isLong } from '../../support/long.js';
import { TYPE, writerOf } from './sample-table.js';
import * as server from './server-bytes.js';
import { UNCHANGED } from './server-bytes.js';

const ROW = ['1', 'a', null] as const;
const KEY = ['2', null, null] as const;
const MESSAGES = [
  server.begin(0x1_6b37_48aan, 823_000_000_123_456n, 4_000_000_000),
  server.commit(0x1_6b37_48aan, 0x1_6b37_48ffn),
  server.relation(7, ['public', 'orders'], 'd', [
    { name: 'id', typeOid: TYPE.int8, isKey: true },
    { name: 'total', typeOid: TYPE.numeric, typeModifier: 786_438 },
  ]),
  server.insert(7, ROW),
  server.update(7, ROW),
  server.update(7, ['1', UNCHANGED, null], { key: KEY }),
  server.update(7, ROW, { old: ['1', 'b', null] }),
  server.remove(7, { key: KEY }),
  server.remove(7, { old: ROW }),
  server.truncate([7, 4_294_967_295], 3),
];

function faultOf(bytes: Buffer): ProtocolFault {
  try {
    decodeMessage(bytes);
  } catch (error) {
    if (error instanceof ProtocolFault) return error;
    throw error;
  }
  throw new Error('the message was read');
}

/** The rows of a message, read as a table of three columns. */
function valuesOf(decoded: PgOutputMessage): string[] {
  const writer = writerOf(['id', 'name', 'note'].map((name) => ({ name, type: TYPE.text, isKey: true })));
  const rows = ['key', 'old', 'row'].flatMap((part) => {
    const row = (decoded as unknown as Record<string, Parameters<typeof writer.valueOf>[0] | undefined>)[
      part
    ];
    return row === undefined ? [] : [row];
  });
  return rows.map((row) => writer.valueOf(row).toString());
}

describe('messages of a transaction', () => {
  test('begin has the commit LSN, the time of the commit in ms and the transaction id', () => {
    const commitLsn = 0x1_6b37_48aan;
    const at = Date.UTC(2026, 0, 31, 8, 0, 0, 123);
    const micros = BigInt(at - Date.UTC(2000, 0, 1)) * 1000n + 999n;
    expect(decodeMessage(server.begin(commitLsn, micros, 4_000_000_000))).toEqual({
      ...{ kind: 'begin', commitLsn, committedAtMs: at, xid: 4_000_000_000 },
    });
  });

  test('commit has the LSN of its record and the one after it', () => {
    expect(decodeMessage(server.commit(5n, 2n ** 64n - 1n))).toEqual({
      ...{ kind: 'commit', commitLsn: 5n, endLsn: 2n ** 64n - 1n },
    });
  });

  test('origins, types and messages of applications are other', () => {
    const others = [
      server.message('O', server.uint64(5n), 'upstream\0'),
      server.message('Y', server.uint32(90_000), 'public\0mood\0'),
      server.message('M', 1, server.uint64(5n), 'prefix\0', server.uint32(2), 'ab'),
    ];
    expect(others.map((bytes) => decodeMessage(bytes))).toEqual(others.map(() => ({ kind: 'other' })));
  });

  test('truncate lists its tables and says with what', () => {
    const expected = { kind: 'truncate', oids: [7, 4_294_967_295] };
    const of = (flags: number) => decodeMessage(server.truncate(expected.oids, flags));
    expect(of(0)).toEqual({ ...expected, cascade: false, restartIdentity: false });
    expect(of(1)).toEqual({ ...expected, cascade: true, restartIdentity: false });
    expect(of(2)).toEqual({ ...expected, cascade: false, restartIdentity: true });
  });
});

describe('relations', () => {
  test('have names in any script, types, modifiers and which columns are the identity', () => {
    const columns = [
      { name: 'größe "x"', typeOid: TYPE.int8, typeModifier: -1, isKey: true },
      { name: '__proto__', typeOid: 4_000_000_000, typeModifier: 786_438, isKey: false },
    ];
    expect(decodeMessage(server.relation(7, ['Öffentlich', 'Auf träge'], 'f', columns))).toEqual({
      kind: 'relation',
      relation: { oid: 7, schema: 'Öffentlich', name: 'Auf träge', replicaIdentity: 'f', columns },
    });
  });

  test('an empty schema is pg_catalog', () => {
    expect(decodeMessage(server.relation(7, ['', 't'], 'n', []))).toMatchObject({
      ...{ relation: { schema: 'pg_catalog', replicaIdentity: 'n', columns: [] } },
    });
  });
});

describe('changes', () => {
  const json = (id: string, name: string | null) => JSON.stringify({ id, name, note: null });

  test('an insert has its row', () => {
    const decoded = decodeMessage(server.insert(7, ROW));
    expect(decoded).toMatchObject({ kind: 'insert', oid: 7 });
    expect(valuesOf(decoded)).toEqual([json('1', 'a')]);
  });

  test('an update has its row, and before it nothing, the old key or the old row', () => {
    expect(valuesOf(decodeMessage(server.update(7, ROW)))).toEqual([json('1', 'a')]);
    const keyed = decodeMessage(server.update(7, ROW, { key: KEY }));
    expect(keyed).toMatchObject({ kind: 'update', old: undefined });
    expect(valuesOf(keyed)).toEqual([json('2', null), json('1', 'a')]);
    const full = decodeMessage(server.update(7, ROW, { old: ['1', 'b', null] }));
    expect(full).toMatchObject({ kind: 'update', key: undefined });
    expect(valuesOf(full)).toEqual([json('1', 'b'), json('1', 'a')]);
  });

  test('a delete has the old key or the old row', () => {
    expect(decodeMessage(server.remove(7, { key: KEY }))).toMatchObject({ kind: 'delete', old: undefined });
    expect(valuesOf(decodeMessage(server.remove(7, { key: KEY })))).toEqual([json('2', null)]);
    expect(valuesOf(decodeMessage(server.remove(7, { old: ROW })))).toEqual([json('1', 'a')]);
  });

  test('columns that were left alone out of line are counted', () => {
    expect(decodeMessage(server.update(7, ['1', UNCHANGED, UNCHANGED]))).toMatchObject({
      row: { columns: 3, unchanged: 2 },
    });
  });
});

describe('bytes that are no message', () => {
  test('a message that ends early, at any byte, is a fault at a byte that it has', () => {
    for (const bytes of MESSAGES) {
      for (let length = 0; length < bytes.length; length++) {
        const fault = faultOf(bytes.subarray(0, length));
        expect(fault.at).toBeLessThanOrEqual(length);
        expect(fault.message).toMatch(/^cannot read what Postgres sent: .+ at byte [0-9]+$/);
      }
    }
  });

  test('the end of a message counts, not the end of the memory that it lies in', () => {
    const bytes = server.insert(7, ROW);
    const memory = Buffer.concat([bytes, Buffer.alloc(64, 'n')]);
    expect(faultOf(memory.subarray(0, bytes.length - 1))).toBeInstanceOf(ProtocolFault);
    expect(decodeMessage(memory.subarray(0, bytes.length))).toMatchObject({ kind: 'insert' });
  });

  test('a message that goes on after its end is a fault', () => {
    for (const bytes of MESSAGES) {
      expect(faultOf(Buffer.concat([bytes, Buffer.from('n')])).at).toBe(bytes.length);
    }
  });

  test('any bytes at all are read or are a fault, and what was read can be written', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...MESSAGES), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([bytes, changes]) => {
        const copy = Buffer.from(bytes);
        for (const [at, byte] of changes) copy[at % copy.length] = byte;
        return copy;
      });
    const bytes = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(bytes, (payload) => {
        try {
          valuesOf(decodeMessage(payload));
        } catch (error) {
          if (!(error instanceof ProtocolFault)) throw error;
        }
      }),
      { numRuns: isLong ? 200_000 : 5_000 },
    );
  });

  test('counts and lengths that no message can hold are refused before anything is made of them', () => {
    expect(faultOf(server.message('T', server.uint32(4_294_967_295), 0)).what).toMatch(/tables/);
    const long = server.message(
      'I',
      server.uint32(7),
      'N',
      server.uint16(1),
      't',
      server.uint32(4_294_967_295),
    );
    expect(faultOf(long).what).toBe('a column that is longer than the message');
    expect(
      faultOf(server.message('I', server.uint32(7), 'N', server.uint16(1), 'b', server.uint32(0))).at,
    ).toBe(8);
  });
});
