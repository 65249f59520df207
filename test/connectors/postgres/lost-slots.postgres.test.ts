// Durable slots that somebody drops, moves or makes anew, or that the server gives up because they keep too much WAL: never taken for
// the one that was read from, so that what happened in the gap reaches subscribers.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Bridge } from './bridge.js';
import { publishedRows } from './table-oracle.js';

const TABLES = `
  CREATE TABLE t (id int PRIMARY KEY, note text);
  INSERT INTO t SELECT g, 'before' FROM generate_series(1, 500) g;
  CREATE TABLE noise (n int, filler text);
  CREATE PUBLICATION tailrace FOR TABLE t;
`;
/** What happens while nobody follows. */
const GAP = `DELETE FROM t WHERE id <= 100; UPDATE t SET note = 'in the gap' WHERE id <= 200`;
const NOISE = `INSERT INTO noise SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 3000) g`;

describe.each(isLong ? ([15, 18] as const) : ([18] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  let database: TestDatabase;
  let proxy: TcpProxy;
  let bridge: Bridge;
  let slot: string;
  beforeAll(async () => {
    const settings = { max_slot_wal_keep_size: '-1', max_wal_size: '32MB', min_wal_size: '2MB' };
    server = await startPostgres({ version, walSegmentMb: 1, settings });
    proxy = await TcpProxy.listen(server.port);
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
  });
  afterEach(async () => {
    await bridge.close();
    proxy.heal();
  });

  async function follow(options: { readonly walBudget?: string } = {}): Promise<void> {
    database = await server.createDatabase('slots');
    await database.sql(TABLES);
    slot = `slot_of_${database.name}`;
    const url = database.url().replace(`:${server.port}/`, `:${proxy.port}/`);
    bridge = await Bridge.open({ options: { url, slot: { name: slot }, ...options } });
    await bridge.untilTrue(await publishedRows(database));
  }

  /** Contact is lost, and the server has noticed. */
  async function loseContact(): Promise<void> {
    proxy.refuse();
    const active = `SELECT FROM pg_replication_slots WHERE slot_name = '${slot}' AND active`;
    await until('the slot to be free', async () => (await database.sql(active)).length === 0);
  }

  /** All is read anew, once, and subscribers end with what there is. */
  async function expectReadAnewOnce(): Promise<void> {
    await bridge.untilTrue(await publishedRows(database), 60_000);
    expect(bridge.losses).toBe(1);
    expect(bridge.said('source-read-anew')).toBe(1);
    expect(bridge.bugs).toEqual([]);
    await database.sql(`UPDATE t SET note = 'after' WHERE id = 300`);
    await bridge.untilTrue(await publishedRows(database));
  }

  test('B6 G7 the slot is dropped while we are cut off', async () => {
    await follow();
    await loseContact();
    await database.sql(`SELECT pg_drop_replication_slot('${slot}')`);
    await database.sql(GAP);
    proxy.heal();
    await expectReadAnewOnce();
    const anew = bridge.log.find(({ event }) => event === 'source-read-anew');
    expect(anew?.['sweptPaths']).toBe(100);
  }, 60_000);

  test('B6 G7 the slot is dropped under our hands', async () => {
    await follow();
    const session = await database.connect();
    const drop = async (): Promise<boolean> => {
      const end = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${slot}'`;
      await session.query(end);
      return session.query(`SELECT pg_drop_replication_slot('${slot}')`).then(
        () => true,
        () => false, // We were back sooner
      );
    };
    await until('the slot to be dropped', drop);
    await session.query(GAP);
    await session.end();
    await expectReadAnewOnce();
  }, 60_000);

  test('B8 G5 the slot is moved on by somebody else', async () => {
    await follow();
    await loseContact();
    await database.sql(GAP);
    await database.sql(`SELECT pg_replication_slot_advance('${slot}', pg_current_wal_lsn())`);
    proxy.heal();
    await expectReadAnewOnce();
  }, 60_000);

  test('B8 G5 the slot is made anew under its old name', async () => {
    await follow();
    await loseContact();
    await database.sql(`SELECT pg_drop_replication_slot('${slot}')`);
    await database.sql(GAP);
    await database.sql(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    await database.sql('DELETE FROM t WHERE id = 400');
    proxy.heal();
    await expectReadAnewOnce();
  }, 60_000);

  test('B7 the server gives up the slot because it keeps too much: warned before, read anew once', async () => {
    await follow({ walBudget: '8MiB' });
    // Nobody acknowledges what an open transaction may still change
    const open = await database.connect();
    await open.query(`BEGIN; UPDATE t SET note = 'open' WHERE id = 500`);
    await database.sql(`${NOISE}; ${NOISE}`);
    await until('the warning', () => bridge.said('wal-retained-high') > 0, 30_000);
    expect(bridge.said('wal-retained-high')).toBe(1);
    const kept = () => bridge.metric('tailrace_source_retained_bytes{source="rows"}');
    await until('the metric', async () => (await kept()) > 4 << 20);
    await open.query('ROLLBACK');
    await open.end();

    await loseContact();
    await server.sql(`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'; `);
    await server.reload();
    const lost = `SELECT FROM pg_replication_slots WHERE slot_name = '${slot}' AND wal_status = 'lost'`;
    await until('the slot to be given up', async () => {
      await database.sql(`${NOISE}; SELECT pg_switch_wal()`);
      await database.sql('CHECKPOINT');
      return (await database.sql(lost)).length > 0;
    });
    await database.sql(GAP);
    await server.sql('ALTER SYSTEM RESET max_slot_wal_keep_size');
    await server.reload();
    proxy.heal();
    await expectReadAnewOnce();
  }, 90_000);

  if (version === 18) {
    test('B7 the server gives up the slot because nobody used it for too long', async () => {
      await follow();
      await loseContact();
      await server.sql(`ALTER SYSTEM SET idle_replication_slot_timeout = '1s'`);
      await server.reload();
      const given = `SELECT FROM pg_replication_slots WHERE slot_name = '${slot}' AND invalidation_reason IS NOT NULL`;
      await until('the slot to be given up', async () => {
        await database.sql('CHECKPOINT');
        return (await database.sql(given)).length > 0;
      });
      await server.sql('ALTER SYSTEM RESET idle_replication_slot_timeout');
      await server.reload();
      await database.sql(GAP);
      proxy.heal();
      await expectReadAnewOnce();
    }, 60_000);
  }
});
