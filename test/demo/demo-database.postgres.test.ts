// The demo's own Postgres and its table: who gets in, and that nothing of it stays behind, however the demo ends.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import pg from 'pg';

import { externalDatabase, ownDatabase, type DemoDatabase } from '../../src/demo/demo-database.js';
import { Market } from '../../src/demo/market.js';
import { OrdersTable } from '../../src/demo/orders-table.js';
import { BuiltProgram } from '../support/built-program.js';
import { until } from '../support/kafka.js';

const SMALL = { seed: 7, instruments: 50, accounts: 20, orders: 60 };
const market = new Market(SMALL);

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe('its own server', () => {
  let database: DemoDatabase;
  let table: OrdersTable;
  beforeAll(async () => {
    database = await ownDatabase();
    table = new OrdersTable(database);
    await table.open(market.orders(), market.watchedOrders());
  }, 60_000);
  afterAll(async () => {
    await table.close();
    await database.close();
  });

  test('lets nobody in without a password', async () => {
    const { host } = new URL(database.url);
    await expect(query(`postgres://postgres:guess@${host}/postgres`, 'SELECT 1')).rejects.toThrow(/password/);
  });

  test('lets Tailrace read and nothing else', async () => {
    const [row] = await query(table.readerUrl, 'SELECT count(*)::int AS n FROM tailrace_demo.orders');
    expect(row).toEqual({ n: 64 });
    await expect(query(table.readerUrl, 'DELETE FROM tailrace_demo.orders')).rejects.toThrow(/denied/);
  });

  test('holds what the market says, after any moves', async () => {
    const moving = new Market(SMALL);
    for (let turn = 0; turn < 50; turn++) await table.write(moving.moveOrders(20));
    const rows = await query(database.url, 'SELECT * FROM tailrace_demo.orders WHERE id < 5000 ORDER BY id');
    const expected = moving.orders().filter(({ order }) => order !== undefined);
    expect(
      rows.map(({ id, account, filled, price }) => [Number(id), account, filled, Number(price)]),
    ).toEqual(expected.map(({ id, order }) => [id, order?.account, order?.filled, order?.price]));
  });

  test('in a database that somebody else runs the table goes with the demo, and all that came with it', async () => {
    const elsewhere = new OrdersTable(externalDatabase(database.url));
    await elsewhere.open(market.orders(), []);
    const left = `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'tailrace%' UNION ALL SELECT pubname FROM pg_publication`;
    expect(await query(database.url, left)).toHaveLength(2);
    await elsewhere.close();
    expect(await query(database.url, left)).toEqual([]);
  });
});

describe('a demo that is killed', () => {
  let program: BuiltProgram;
  let child: ChildProcess | undefined;
  beforeAll(async () => void (program = await BuiltProgram.build()), 60_000);
  afterAll(async () => {
    child?.kill('SIGKILL');
    await program.close();
  });

  test('leaves no server and no data', async () => {
    const script = `import { ownDatabase } from './dist/src/demo/demo-database.js';
      console.log((await ownDatabase()).url);
      setInterval(() => undefined, 60_000);`;
    const running = spawn(process.execPath, ['--input-type=module', '-e', script], {
      ...{ cwd: program.folder, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    child = running;
    let url = '';
    running.stdout.on('data', (text) => (url += String(text)));
    await until('the server to run', () => url.endsWith('\n'), 30_000);
    const [row] = await query(url.trim(), 'SHOW data_directory');
    const data = String(row?.['data_directory']);
    expect(existsSync(data)).toBe(true);
    running.kill('SIGKILL');
    await until('the data to be gone', () => !existsSync(data), 20_000);
    await expect(query(url.trim(), 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  }, 60_000);
});
