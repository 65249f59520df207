// What an update leaves out is asked of the database, whose answer is of another moment: before the update, at it, or long after.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { until } from '../../support/kafka.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { readTables, type ReadTables } from './read-tables.js';

const LONG = `repeat('x', 9000)`;

describe.each([15, 18] as const)('on Postgres %d', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.close());

  /** A table of one row, of which nothing is remembered. */
  async function follow() {
    const database = await server.createDatabase('reselect');
    await database.sql(`CREATE TABLE t (id int PRIMARY KEY, n int, big text); ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
      INSERT INTO t VALUES (1, 0, ${LONG}); CREATE PUBLICATION tailrace FOR TABLE t`);
    const reading = readTables({ options: { url: database.url(), toastMemory: '1KiB' } });
    await reading.untilTold('live');
    return { database, reading };
  }

  const numbers = (reading: ReadTables): unknown[] =>
    reading.events.flatMap(({ changes }) => changes.map(([, row]) => (row as { n: number }).n));
  const last = (reading: ReadTables): unknown => reading.events.flatMap(({ changes }) => changes).at(-1)?.[1];

  test('B12 a commit that others do not see yet is waited for: the row of before is not taken for what came after', async () => {
    const { database, reading } = await follow();
    server.configure({ synchronous_standby_names: 'nobody' });
    await server.reload();
    const writer = await database.connect();
    const [{ pid } = { pid: 0 }] = (await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))
      .rows;
    const written = writer.query('UPDATE t SET n = 1');
    const waits = `SELECT 1 FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'SyncRep'`;
    await until('the commit to wait', async () => (await server.sql(waits)).length > 0);
    const asked = `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%pg_current_snapshot%' AND pid <> pg_backend_pid()`;
    await until('the question', async () => (await database.sql(asked)).length > 0);
    expect(numbers(reading)).toEqual([0]);
    server.configure({ synchronous_standby_names: '' });
    await server.reload();
    await written;
    await until('the change', () => numbers(reading).length === 2);
    expect(last(reading)).toEqual({ id: 1, n: 1, big: 'x'.repeat(9_000) });
    await reading.stop();
    await writer.end();
  });

  test('B12 a row that has moved on is left out, and what it has become comes whole', async () => {
    const { database, reading } = await follow();
    const updates = Array.from({ length: 50 }, (_, n) => `UPDATE t SET n = ${n + 1}; COMMIT; BEGIN`);
    await database.sql(`BEGIN; ${updates.join(';')}; COMMIT`);
    await until('the last change', () => numbers(reading).at(-1) === 50);
    expect(last(reading)).toEqual({ id: 1, n: 50, big: 'x'.repeat(9_000) });
    expect(reading.losses).toEqual([]);
    await reading.stop();
  });

  test('B12 a value out of line that differs from the one of then is never put beside other columns of then', async () => {
    const { database, reading } = await follow();
    await database.sql(`BEGIN; UPDATE t SET n = 1; COMMIT; BEGIN; UPDATE t SET n = 2, big = 'short'; COMMIT`);
    await until('the last change', () => numbers(reading).at(-1) === 2);
    const rows = reading.events.flatMap(({ changes }) =>
      changes.map(([, row]) => row as { n: number; big: string }),
    );
    const known = new Map([
      [0, 9_000],
      [1, 9_000],
      [2, 5],
    ]);
    for (const { n, big } of rows) expect([n, big.length]).toEqual([n, known.get(n)]);
    await reading.stop();
  });
});
