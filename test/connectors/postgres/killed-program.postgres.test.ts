// The built program, killed at any moment of its life: nothing of it is left on the server, and its subscribers end with what the tables
// hold. Its memory in transactions that are far too large for it.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';

import { Chance } from '../../../connectors/kit/chance.js';
import { freePort } from '../../../src/demo/kafka-process.js';
import { BuiltProgram, type RunningProgram } from '../../support/built-program.js';
import { Follower } from '../../support/follower.js';
import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { ADMIN_TOKEN, bridgeConfig, bridgeEnv } from './bridge.js';
import { Load } from './load.js';
import { HISTORY_TABLES, REST } from './random-statements.js';
import { publishedRows } from './table-oracle.js';

const KILLS = isLong ? 10 : 3;
const SNAPSHOT_KILLS = isLong ? 4 : 2;
const ROWS = isLong ? 1_000_000 : 40_000;
const LARGE = isLong ? 1_000_000 : 50_000;
const PATIENCE_MS = 60_000;

let server: PostgresServer;
let built: BuiltProgram;
beforeAll(async () => {
  [server, built] = await Promise.all([startPostgres({ version: 18 }), BuiltProgram.build()]);
}, 120_000);
afterAll(async () => {
  await built.close();
  await server.close();
});

interface Started {
  readonly database: TestDatabase;
  readonly port: number;
  readonly run: (nodeArguments?: readonly string[]) => Promise<RunningProgram>;
}

async function prepare(sql: string, { atomic = false } = {}): Promise<Started> {
  const database = await server.createDatabase('killed');
  await database.sql(sql);
  const port = await freePort();
  const config = JSON.stringify(
    bridgeConfig({ options: { url: database.url() }, atomic }, { port, type: 'postgres' }),
  );
  const run = (nodeArguments: readonly string[] = []) =>
    built.run({ config, env: bridgeEnv(database.url()), nodeArguments });
  return { database, port, run };
}

async function untilNoSlot(database: TestDatabase): Promise<void> {
  const slots = 'SELECT * FROM pg_replication_slots WHERE database = current_database()';
  await until('no slot', async () => (await database.sql(slots)).length === 0);
}

async function untilTrue(follower: Follower, database: TestDatabase): Promise<void> {
  const expected = await publishedRows(database);
  const isTrue = (): boolean =>
    follower.isLive && !follower.isStale && isDeepStrictEqual(follower.values, expected);
  await until('what the tables hold', isTrue, PATIENCE_MS);
}

test('G4 G5 the program is killed again and again under load: no slot is left, and the subscriber ends with what the tables hold', async () => {
  const { database, port, run } = await prepare(HISTORY_TABLES);
  await database.sql(
    `INSERT INTO a (id, n, note) SELECT g, g, repeat('x', 500) FROM generate_series(1000, 10000) g`,
  );
  let program = await run();
  const follower = new Follower(port);
  for (let kill = 0; kill < KILLS; kill++) {
    const load = new Load(() => database, new Chance(kill));
    // Before it has a slot, while it reads the snapshot, or when it follows
    const at = performance.now() + Math.random() * 1_000;
    await until('the moment of the kill', () => performance.now() > at);
    const before = follower.connections;
    await program.kill();
    await untilNoSlot(database);
    program = await run();
    await until('the subscriber', () => follower.connections > before, PATIENCE_MS);
    await load.stop();
    await database.sql(REST);
    await untilTrue(follower, database);
  }
  follower.stop();
  await program.kill();
  await untilNoSlot(database);
}, 600_000);

test('B10 the program is killed in the middle of the snapshot: it is not ready before it has all, and then it has all', async () => {
  const { database, port, run } = await prepare(`CREATE TABLE t (id int PRIMARY KEY, note text);
    INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, ${ROWS}) g; CREATE PUBLICATION tailrace FOR TABLE t`);
  for (let kill = 1; kill <= SNAPSHOT_KILLS; kill++) {
    const program = await run();
    const share = kill / (SNAPSHOT_KILLS + 1);
    let progress = 0;
    await until(
      'the moment of the kill',
      async () => {
        const status = await statusOf(program);
        progress = (status.sources[0]?.paths ?? 0) / ROWS;
        return progress >= share;
      },
      PATIENCE_MS,
    );
    if (progress < 1) expect((await fetch(`${program.adminUrl}/readyz`)).status).toBe(503);
    await program.kill();
    await untilNoSlot(database);
  }
  const program = await run();
  await until('ready', async () => (await fetch(`${program.adminUrl}/readyz`)).status === 200, PATIENCE_MS);
  const follower = new Follower(port);
  await until('live', () => follower.isLive, PATIENCE_MS);
  expect(follower.values.size).toBe(ROWS);
  follower.stop();
  await program.kill();
}, 600_000);

interface Status {
  readonly sources: readonly { readonly paths: number }[];
}

async function statusOf(program: RunningProgram): Promise<Status> {
  const answer = await fetch(`${program.adminUrl}/v1/status`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  return (await answer.json()) as Status;
}

test.each([{ atomic: false }, { atomic: true }])(
  'B18 a transaction of very many changes passes in bounded memory (atomic: $atomic)',
  async ({ atomic }) => {
    const keys = LARGE / 100;
    const sql = `CREATE TABLE t (id int PRIMARY KEY, n int, note text); INSERT INTO t SELECT g, 0, md5(g::text) FROM generate_series(1, ${keys}) g;
      CREATE PUBLICATION tailrace FOR TABLE t`;
    const { database, port, run } = await prepare(sql, { atomic });
    const program = await run();
    const follower = new Follower(port);
    await untilTrue(follower, database);
    program.forgetPeak();
    const before = program.memory().nowMb;
    await database.sql('DO $$ BEGIN FOR i IN 1..100 LOOP UPDATE t SET n = n + 1; END LOOP; END $$');
    await untilTrue(follower, database);
    const { peakMb } = program.memory();
    console.info(
      `B18 (atomic: ${atomic}): ${LARGE} changes, resident ${before} MB before, ${peakMb} MB at the highest`,
    );
    expect(peakMb).toBeLessThan(512);
    follower.stop();
    await program.kill();
  },
  300_000,
);
