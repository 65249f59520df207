// What is written while the first snapshot is read is seen once and in its place: the boundary between snapshot and stream is exact,
// whatever is open meanwhile.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';

import { Chance } from '../../../connectors/kit/chance.js';
import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { HISTORY_TABLES, REST, neverSeen, randomChange } from './random-statements.js';
import { readTables } from './read-tables.js';
import { publishedRows } from './table-oracle.js';

const SNAPSHOTS = isLong ? 25 : 10;
const FIRST = isLong ? Math.floor(Math.random() * 1_000_000) : 1;
const WRITERS = 3;

describe.each(isLong ? ([15, 18] as const) : ([18] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await startPostgres({ version });
    database = await server.createDatabase();
    await database.sql(HISTORY_TABLES);
    await database.sql(
      `INSERT INTO a (id, n, note) SELECT g, g, repeat('x', 3000) FROM generate_series(1000, 1999) g`,
    );
  });
  afterAll(() => server.close());

  test('B11 G6 transactions that run while the snapshot is read are seen whole or not at all, and none is lost', async () => {
    for (let n = 0; n < SNAPSHOTS; n++) {
      const seed = FIRST + n;
      const ending = new AbortController();
      const writing = Array.from({ length: WRITERS }, (_, w) =>
        write(database, new Chance(seed * WRITERS + w), ending.signal),
      );
      const reading = readTables({ options: { url: database.url() } });
      try {
        await reading.untilTold('live');
        ending.abort();
        await Promise.all(writing);
        await database.sql(REST);
        const expected = await publishedRows(database);
        await until('what the tables hold', () => isDeepStrictEqual(reading.rows, expected));
        expect(JSON.stringify(reading.events)).not.toContain('never to be seen');
        expect(reading.losses).toEqual([]);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`);
      } finally {
        ending.abort();
        await Promise.all(writing);
        await reading.stop();
      }
    }
  }, 900_000);
});

/** Until it is told to end; now and then a transaction stays open for some statements, and some are rolled back. */
async function write(database: TestDatabase, chance: Chance, signal: AbortSignal): Promise<void> {
  const session = await database.connect();
  const keys = chance.pick(100);
  await session.query(`SET lock_timeout = '50ms'`);
  while (!signal.aborted) {
    try {
      await session.query('BEGIN');
      for (let n = chance.pick(8); n >= 0; n--) await session.query(randomChange(chance, keys));
      const isLost = chance.isOneOf(1, 5);
      if (isLost) await session.query(neverSeen(chance, keys));
      await session.query(isLost ? 'ROLLBACK' : 'COMMIT');
    } catch {
      await session.query('ROLLBACK');
    }
  }
  await session.end();
}
