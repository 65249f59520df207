// A database that is busy where nobody looks: the slot of tables at rest lets the server drop its WAL all the same.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { Bridge } from './bridge.js';
import { publishedRows } from './table-oracle.js';

const CHUNKS = isLong ? 10 : 2;
const CHUNK_BYTES = 10 << 20;
/** Ten KB a row, and nothing of it compressed. */
const NOISE = `INSERT INTO noise SELECT g, repeat(md5(g::text), 320) FROM generate_series(1, 1000) g; TRUNCATE noise`;
const NOISY = 'CREATE TABLE noise (n int, filler text); ALTER TABLE noise ALTER filler SET STORAGE EXTERNAL';

describe.each(isLong ? ([15, 18] as const) : ([18] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres({ version })));
  afterAll(() => server.close());

  test.concurrent.each([{ slot: undefined }, { slot: { name: 'idle' } }])(
    'B5 tables at rest beside busy ones, and beside a busy database, keep no WAL (%j)',
    async ({ slot }) => {
      const database = await server.createDatabase('idle');
      const other = await server.createDatabase('busy');
      await other.sql(NOISY);
      await database.sql(`CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); ${NOISY}`);
      await database.sql('CREATE PUBLICATION tailrace FOR TABLE t');
      const bridge = await Bridge.open({ options: { url: database.url(), ...(slot && { slot }) } });
      try {
        await bridge.untilTrue(await publishedRows(database));
        const from = await written(server);
        for (let chunk = 0; chunk < CHUNKS; chunk++) {
          await (chunk % 2 === 0 ? database : other).sql(NOISE);
          await until(
            'WAL to be let go',
            async () => (await retained(server, database.name)) < CHUNK_BYTES / 2,
          );
        }
        expect((await written(server)) - from).toBeGreaterThan(CHUNKS * CHUNK_BYTES * 0.9);
        expect(bridge.losses).toBe(0);
      } finally {
        await bridge.close();
      }
    },
    60_000 + CHUNKS * 10_000,
  );
});

/** Bytes of WAL since the server was made. */
async function written(server: PostgresServer): Promise<number> {
  const [row] = await server.sql(`SELECT pg_current_wal_lsn() - '0/0' AS bytes`);
  return Number(row?.['bytes']);
}

/** Looked at after a checkpoint, which tells slots how far they can let go; a busy server tells them every 15 s by itself. */
async function retained(server: PostgresServer, database: string): Promise<number> {
  const [row] = await server.sql(
    `CHECKPOINT; SELECT max(pg_current_wal_lsn() - restart_lsn) AS bytes FROM pg_replication_slots WHERE database = '${database}'`,
  );
  return Number(row?.['bytes']);
}
