// What a slot that nobody reads makes the server keep, what it may keep, and the one warning before it is cut off (B7).

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  retainedWal,
  WalAlarm,
  type RetainedWal,
} from '../../../connectors/postgres/catalog/retained-wal.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { textSql } from './text-sql.js';

const MIB = 1024 * 1024;

describe.each([15, 18] as const)('Postgres %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({
      version,
      walSegmentMb: 1,
      settings: { max_wal_size: '64MB', min_wal_size: '2MB' },
    });
    await server.sql('CREATE TABLE t (note text)');
    await server.sql(`SELECT pg_create_logical_replication_slot('mine', 'pgoutput')`);
  });
  afterAll(() => server.close());

  async function look(budget = 4 * MIB): Promise<RetainedWal | undefined> {
    const client = await server.connect();
    const retained = await retainedWal(textSql(client), 'mine', budget);
    await client.end();
    return retained;
  }

  const writeMib = (count: number): Promise<unknown> =>
    server.sql(`INSERT INTO t SELECT repeat(md5(n::text), 32) FROM generate_series(1, ${count * 970}) AS n`);

  test('is counted from where the slot stands, against the budget', async () => {
    const before = await look();
    await writeMib(3);
    const after = await look();
    const grown = (after?.bytes ?? 0) - (before?.bytes ?? 0);
    expect(grown).toBeGreaterThan(3 * MIB);
    expect(grown).toBeLessThan(4.5 * MIB);
    expect(after).toMatchObject({ budget: 4 * MIB, safeBytes: undefined, invalidation: undefined });
    await server.sql('CHECKPOINT'); // logs where decoding could begin
    await server.sql(`SELECT pg_replication_slot_advance('mine', pg_current_wal_lsn())`);
    expect((await look())?.bytes).toBeLessThan(before!.bytes + MIB);
  });

  test("is measured by the server's limit where that is less, until the slot is lost", async () => {
    server.configure({ max_slot_wal_keep_size: '3MB' });
    await server.reload();
    const limited = await look();
    expect(limited).toMatchObject({ budget: 3 * MIB, status: 'reserved' });
    expect(limited?.safeBytes).toBeGreaterThan(0);
    expect((await look(2 * MIB))?.budget).toBe(2 * MIB);
    await writeMib(8);
    expect(await look()).toMatchObject({ status: 'unreserved' });
    await server.sql('CHECKPOINT');
    expect(await look()).toMatchObject({
      bytes: 0,
      status: 'lost',
      invalidation: version < 17 ? undefined : 'wal_removed',
    });
    await server.sql(`SELECT pg_drop_replication_slot('mine')`);
    expect(await look()).toBeUndefined();
  });
});

test('half of the budget is warned of once, and again only after it was less', () => {
  const said: unknown[] = [];
  const alarm = new WalAlarm({ info: () => undefined, warn: (event, facts) => said.push([event, facts]) });
  const see = (bytes: number): void =>
    alarm.look({ bytes, budget: 100, status: 'extended', safeBytes: 7, invalidation: undefined });
  for (const bytes of [0, 49, 50, 70, 99, 200]) see(bytes);
  const facts = { retainedBytes: 50, budgetBytes: 100, safeBytes: 7, status: 'extended' };
  expect(said).toEqual([['wal-retained-high', facts]]);
  for (const bytes of [49, 60, 61]) see(bytes);
  expect(said).toHaveLength(2);
});
