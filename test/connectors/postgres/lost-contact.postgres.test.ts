// Servers that restart and connections that end or fall silent, under load. A temporary slot is lost with its connection, and all is read
// anew; a durable one goes on where it was.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';

import { Chance } from '../../../connectors/kit/chance.js';
import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Bridge } from './bridge.js';
import { Load } from './load.js';
import { HISTORY_TABLES, REST } from './random-statements.js';
import { readTables } from './read-tables.js';
import { publishedRows } from './table-oracle.js';

const RESTARTS = isLong ? 8 : 2;
const RECOVERED_MS = 15_000;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

function opens<T extends { close(): Promise<void> }>(resource: T): T {
  opened.push(resource);
  return resource;
}

async function untilTrue(bridge: Bridge, database: TestDatabase): Promise<void> {
  await database.sql(REST);
  await bridge.untilTrue(await publishedRows(database), RECOVERED_MS);
}

describe.each(isLong ? ([15, 18] as const) : ([15] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await startPostgres({ version });
    database = await server.createDatabase();
    await database.sql(HISTORY_TABLES);
  });
  afterAll(() => server.close());

  test.each([{ slot: undefined }, { slot: { name: 'restarted' } }])(
    'B1 G4 G5 the server restarts again and again under load: no loss, and we do not keep it from stopping (slot: %j)',
    async ({ slot }) => {
      const bridge = opens(await Bridge.open({ options: { url: database.url(), ...(slot && { slot }) } }));
      await bridge.untilLive();
      for (let restart = 0; restart < RESTARTS; restart++) {
        const load = opens(new Load(() => database, new Chance(restart)));
        await until('some load', () => load.committed > 20);
        const at = performance.now();
        await server.stop(restart % 2 === 0 ? 'fast' : 'immediate');
        expect(performance.now() - at).toBeLessThan(2_000);
        await until('stale', () => bridge.isStale, RECOVERED_MS);
        await server.start();
        await load.stop();
        await untilTrue(bridge, database);
      }
      expect(bridge.said('source-read-anew')).toBe(slot === undefined ? RESTARTS : 0);
      expect(bridge.bugs).toEqual([]);
    },
    120_000 + RESTARTS * 10_000,
  );

  test('B2 G13 a connection that falls silent is noticed, said, and replaced', async () => {
    const proxy = opens(await TcpProxy.listen(server.port));
    const url = database.url().replace(`:${server.port}/`, `:${proxy.port}/`);
    const bridge = opens(await Bridge.open({ options: { url, slot: { name: 'silent' } } }));
    await bridge.untilLive();
    proxy.swallow();
    await database.sql('DELETE FROM a');
    const at = performance.now();
    await until('stale', () => bridge.isStale, 60_000);
    console.info(`B2: silence noticed after ${Math.round(performance.now() - at)} ms`);
    proxy.heal();
    await untilTrue(bridge, database);
    expect(bridge.losses).toBe(0);
  }, 120_000);

  test('B20 a reader that is too slow is not cut off, and misses nothing', async () => {
    const slow = await server.createDatabase('slow');
    await slow.sql(`CREATE TABLE t (id int PRIMARY KEY, note text); CREATE PUBLICATION tailrace FOR TABLE t`);
    await slow.sql(`ALTER DATABASE ${slow.name} SET wal_sender_timeout = '1s'`);
    const saidBefore = server.log.length;
    let go = Promise.resolve();
    const reading = readTables({ options: { url: slow.url() }, pace: () => go });
    await reading.untilTold('live');
    const sender =
      'SELECT active_pid AS pid FROM pg_replication_slots WHERE active AND database = current_database()';
    const before = await slow.sql(sender);
    let resume = (): void => undefined;
    go = new Promise((resolve) => (resume = resolve));
    await slow.sql(`INSERT INTO t SELECT g, repeat(md5(g::text), 40) FROM generate_series(1, 20000) g`);
    // More than twice as long as the server waits for a word of ours
    const end = performance.now() + 2_500;
    await until('a long time', () => performance.now() > end);
    expect(await slow.sql(sender)).toEqual(before);
    resume();
    const expected = await publishedRows(slow);
    await until('what the table holds', () => isDeepStrictEqual(reading.rows, expected));
    expect(await slow.sql(sender)).toEqual(before);
    expect(server.log.slice(saidBefore)).not.toContain(
      'terminating walsender process due to replication timeout',
    );
    await reading.stop();
  }, 60_000);
});
