// The stream of a real slot: what moves it, what does not, and that nobody takes us for dead while we are only slow.

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { SourceUnavailable } from '../../../connectors/contract.js';
import type { ReplicationStream } from '../../../connectors/postgres/connection/replication-stream.js';
import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import type { PostgresVersion } from '../../support/postgres-install.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { accessTo } from './connecting.js';
import { confirmedLsn, openStream, preparedSlot, readAll } from './slot-reading.js';

const versions: readonly PostgresVersion[] = [15, 18];
const RESTARTS = isLong ? 10 : 3;

describe.each(versions)('a stream of Postgres %i', (version) => {
  let server: PostgresServer;
  let database: TestDatabase;
  let slot: string;
  const open: ReplicationStream[] = [];

  async function stream(): Promise<ReplicationStream> {
    const opened = await openStream(accessTo(database.url()), slot);
    open.push(opened);
    return opened;
  }

  beforeAll(async () => {
    server = await startPostgres({ version, settings: { wal_sender_timeout: '3s' } });
    database = await server.createDatabase();
  }, 60_000);
  beforeEach(async () => {
    slot = await preparedSlot(database, accessTo(database.url()));
    await database.sql('TRUNCATE item');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
    await until('the slot to be free', async () => {
      const [row] = await database.sql(`SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`);
      return row?.['active'] === false;
    });
    await database.sql(`SELECT pg_drop_replication_slot('${slot}')`);
  });
  afterAll(() => server?.close());

  test('brings what was committed since the slot was made, and what is committed', async () => {
    await database.sql("INSERT INTO item VALUES (1, 'before')");
    const reading = readAll(await stream());
    await until('the first', () => reading.commits >= 2);
    await database.sql("INSERT INTO item SELECT i, 'x' FROM generate_series(2, 1000) i");
    await until('the others', () => reading.rows === 1000);
  });

  test('B4 only confirm() moves the slot, whatever is received and however often the server asks', async () => {
    const before = await confirmedLsn(database, slot);
    const first = await stream();
    const reading = readAll(first);
    await database.sql("INSERT INTO item VALUES (1, 'a')");
    await database.sql("INSERT INTO item VALUES (2, 'b')");
    await until('both rows', () => reading.rows === 2);
    const keepalive = reading.keepaliveTo;
    await until(
      'keepalives that we asked for',
      () => reading.keepaliveTo > keepalive || reading.keepaliveTo > 0n,
    );
    await wait(1_200); // two reports
    expect(await confirmedLsn(database, slot)).toBe(before);

    await first.close();
    const again = readAll(await stream());
    await until('both rows again', () => again.rows === 2);
  });

  test('B4 what was confirmed is not sent again, and a confirmation never goes back', async () => {
    const first = await stream();
    const reading = readAll(first);
    await database.sql("INSERT INTO item VALUES (1, 'a')");
    await until('the row', () => reading.rows === 1);
    const end = reading.committedTo;
    first.confirm(end);
    first.confirm(end - 8n);
    await until('the slot to move', async () => (await confirmedLsn(database, slot)) === end, 3_000);
    await database.sql("INSERT INTO item VALUES (2, 'b')");
    await until('the other row', () => reading.rows === 2);
    await first.close();
    expect(await confirmedLsn(database, slot)).toBe(end);

    const again = readAll(await stream());
    await until('the row that was not confirmed', () => again.rows > 0);
    expect(again).toMatchObject({ rows: 1, commits: 1 });
  });

  test('B5 keepalives go on in an idle table, so that the slot can follow', async () => {
    const opened = await stream();
    const reading = readAll(opened);
    await server.sql('CREATE TABLE IF NOT EXISTS elsewhere (n int); INSERT INTO elsewhere VALUES (1)');
    const [row] = await server.sql('SELECT pg_current_wal_lsn() - $$0/0$$ AS end');
    const end = BigInt(row?.['end'] as string);
    await until('a keepalive from behind that', () => reading.keepaliveTo >= end);
    opened.confirm(reading.keepaliveTo);
    await until('the slot to move', async () => (await confirmedLsn(database, slot)) >= end, 3_000);
  });

  const testOnNewest = version === 18 || isLong ? test : test.skip;
  testOnNewest(
    'B20 nobody takes for longer than wal_sender_timeout: reading pauses, and nobody is cut off',
    async () => {
      const opened = await stream();
      await database.sql("INSERT INTO item SELECT i, repeat('x', 1000) FROM generate_series(1, 30000) i");
      const [start] = await database.sql('SELECT pg_current_wal_lsn() AS lsn');
      await wait(4_500);
      const [behind] = await database.sql(
        `SELECT sent_lsn < '${start?.['lsn'] as string}' AS waits FROM pg_stat_replication WHERE application_name = 'tailrace'`,
      );
      expect(behind).toEqual({ waits: true });
      const reading = readAll(opened);
      await until('all rows', () => reading.rows === 30_000, 20_000);
      expect(server.log).not.toContain('terminating walsender process');
    },
  );

  test.each(['fast', 'immediate'] as const)(
    'B1 a restart (%s) ends it with one error, is not held up by us, and it goes on afterwards',
    async (how) => {
      for (let count = 1; count <= RESTARTS; count++) {
        const reading = readAll(await stream());
        await database.sql(`TRUNCATE item; INSERT INTO item VALUES (${count}, 'a')`);
        await until('the row', () => reading.rows > 0);
        const stoppedAt = performance.now();
        await server.stop(how);
        expect(performance.now() - stoppedAt).toBeLessThan(10_000);
        expect(await reading.ended).toBeInstanceOf(SourceUnavailable);
        await server.start();
        const again = readAll(await stream());
        await until('the row again', () => again.rows >= count);
        await Promise.all(open.splice(0).map((each) => each.close()));
      }
    },
    120_000,
  );

  test('B1 a server that shuts down waits for what is confirmed, and hears of it at once', async () => {
    const opened = await stream();
    const reading = readAll(opened);
    await database.sql("INSERT INTO item VALUES (1, 'a')");
    await until('the row', () => reading.rows === 1);
    opened.confirm(reading.committedTo);
    await database.sql("INSERT INTO item VALUES (2, 'b')");
    await until('the other', () => reading.rows === 2);
    const follow = setInterval(() => opened.confirm(reading.keepaliveTo), 20);
    const stoppedAt = performance.now();
    await server.stop('fast');
    clearInterval(follow);
    expect(performance.now() - stoppedAt).toBeLessThan(2_500);
    expect(await reading.ended).toBeInstanceOf(SourceUnavailable);
    await server.start();
  });
});
