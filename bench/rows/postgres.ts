// Rows of a real Postgres to the cache: the snapshot, and changes by slot beside the client library that decodes nothing.

import { ForeignLoad } from '../foreign-load.js';
import { POSTGRES_READER } from '../processes.js';
import { figure, type Bench, type Figure, type RowGroup } from '../row.js';
import type { PostgresReader } from '../server/postgres-reader.js';
import { median, ratioOf } from '../stats.js';
import { startPostgres, type TestDatabase } from '../../test/support/postgres.js';

const SNAPSHOT_GOAL = 80_000;
const STREAM_GOAL = 60_000;
/** Twelve columns, as a table of orders may have them. */
const TABLE = `CREATE TABLE orders (id int8 PRIMARY KEY, customer uuid NOT NULL DEFAULT gen_random_uuid(), status text, symbol text, quantity int, filled int,
  price numeric(12, 4), currency char(3), placed timestamptz DEFAULT now(), due date DEFAULT now(), is_open bool, note text)`;

/** So many changes by one transaction each, or all in one. */
type Load = 'one transaction' | 'a transaction each';

export const postgresRows: RowGroup = {
  rows: ['postgres-snapshot', 'postgres-stream'],
  async run(bench) {
    bench.progress('starting a Postgres');
    const server = await startPostgres({ version: 18 });
    try {
      const rows = bench.isQuick ? 100_000 : 1_000_000;
      const database = await filled(await server.createDatabase('bench'), rows);
      return [
        await snapshotFigure(bench, database, rows),
        await streamFigure(bench, database, 'one transaction', bench.isQuick ? 50_000 : 200_000),
        await streamFigure(bench, database, 'a transaction each', bench.isQuick ? 20_000 : 100_000),
      ];
    } finally {
      await server.close();
    }
  },
};

async function filled(database: TestDatabase, rows: number): Promise<TestDatabase> {
  await database.sql(`${TABLE}; INSERT INTO orders (id, status, symbol, quantity, filled, price, currency, is_open, note)
    SELECT g, 'open', 'ACME' || g % 2000, g % 1000, 0, g / 7.0, 'EUR', true, md5(g::text) FROM generate_series(1, ${rows}) g;
    CREATE PUBLICATION tailrace FOR TABLE orders; ANALYZE orders`);
  return database;
}

async function snapshotFigure(bench: Bench, database: TestDatabase, rows: number): Promise<Figure> {
  const rates: number[] = [];
  const pids: number[] = [];
  const load = new ForeignLoad(() => pids);
  load.start();
  for (let cycle = 0; cycle < 3; cycle++) {
    bench.progress(`snapshot of ${rows} rows: ${cycle + 1} of 3`);
    const reader = bench.server<PostgresReader>(POSTGRES_READER);
    pids.push(reader.pid);
    const cpuUs = await reader.call.snapshot({ url: database.url() });
    rates.push((rows / cpuUs) * 1_000_000);
    await reader.call.close();
  }
  return figure({
    row: 'postgres-snapshot',
    figure: 'rows per own CPU second from the database to the cache, all of them new',
    unit: '/s',
    value: median(rates),
    bound: { is: 'at least', limit: SNAPSHOT_GOAL, of: 'value' },
    foreignCores: load.stop(),
  });
}

async function streamFigure(
  bench: Bench,
  database: TestDatabase,
  load: Load,
  changes: number,
): Promise<Figure> {
  const rates: Record<'tailrace' | 'bare', number[]> = { tailrace: [], bare: [] };
  const pids: number[] = [];
  const foreign = new ForeignLoad(() => pids);
  foreign.start();
  const cycles = bench.isQuick ? 2 : 5;
  for (const who of ['bare', 'tailrace'] as const) {
    const reader = bench.server<PostgresReader>(POSTGRES_READER);
    pids.push(reader.pid);
    if (who === 'bare') await reader.call.bare({ url: database.url() });
    else await reader.call.snapshot({ url: database.url() });
    for (let cycle = -1; cycle < cycles; cycle++) {
      bench.progress(`${changes} changes in ${load}, ${who}: ${cycle + 1} of ${cycles}`);
      await reader.call.start();
      const taken = reader.call.taken(changes);
      await change(database, load, changes);
      const cpuUs = await taken;
      if (cycle >= 0) rates[who].push((changes / cpuUs) * 1_000_000);
    }
    await reader.call.close();
  }
  return figure({
    row: 'postgres-stream',
    figure: `row changes per own CPU second from the slot to the cache, in ${load}`,
    unit: '/s',
    value: median(rates.tailrace),
    relative: ratioOf(rates.tailrace, rates.bare),
    reference: `the library alone, nothing decoded, ${Math.round(median(rates.bare) / 1000)},000/s`,
    bound: { is: 'at least', limit: STREAM_GOAL, of: 'value' },
    foreignCores: foreign.stop(),
  });
}

async function change(database: TestDatabase, load: Load, changes: number): Promise<void> {
  const update = `UPDATE orders SET filled = filled + 1, status = 'part' WHERE id`;
  await database.sql(
    load === 'one transaction'
      ? `${update} <= ${changes}`
      : `DO $$ BEGIN FOR i IN 1..${changes} LOOP ${update} = i; COMMIT; END LOOP; END $$`,
  );
}
