// What a server writes in a way that nobody can be sure of is not guessed at: the source stops, or waits, and says what
// it cannot read.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { OptionsRejected } from '../../../connectors/contract.js';
import { postgres } from '../../../connectors/postgres/postgres.js';
import { until } from '../../support/kafka.js';
import { loopbackOutbound } from '../../support/outbound.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { collect, type Collected } from '../collector.js';
import { Bridge } from './bridge.js';

let server: PostgresServer;
beforeAll(async () => void (server = await startPostgres({ version: 18 })));
afterAll(() => server.close());

/** Points in time are written as numbers from now on. */
const ALTERED_OUTPUT = `UPDATE pg_catalog.pg_type SET typoutput = 'int8out'::regproc WHERE typname = 'timestamptz'`;
const TABLE = `CREATE TABLE t (id int PRIMARY KEY, due timestamptz); CREATE PUBLICATION tailrace FOR TABLE t`;
const ROW = `INSERT INTO t VALUES (1, '2026-01-31T08:00:00Z')`;

async function failureOf(reading: Collected): Promise<unknown> {
  await until('the reading to fail', () => reading.error() !== undefined);
  await reading.stop();
  return reading.error();
}

test.each([
  { where: 'snapshot', before: `${ROW}; ${ALTERED_OUTPUT}`, then: 'SELECT' },
  { where: 'stream', before: '', then: `${ALTERED_OUTPUT}; ${ROW}` },
])(
  'a value in another style, in the $where, is an error of the contract',
  async ({ before, then }) => {
    const database = await server.createDatabase('unreadable');
    await database.sql(`${TABLE}; ${before}`);
    const log = { info: () => undefined, warn: () => undefined };
    const reading = collect(
      postgres.create({ url: database.url() }, { name: 's', log, outbound: loopbackOutbound }),
    );
    await until('it to have begun', () => reading.told().includes('live') || reading.error() !== undefined);
    await database.sql(then);
    const error = await failureOf(reading);
    expect(error).toBeInstanceOf(OptionsRejected);
    expect((error as Error).message).toMatch(
      /^cannot read what Postgres sent: .* \(public\.t\.due\): this server is not supported, or there is a bug/,
    );
    expect((error as Error).message).not.toContain('823');
    expect(reading.values).toEqual([]);
  },
  60_000,
);

test('the source tells, and subscribers keep what they have, marked stale', async () => {
  const database = await server.createDatabase('unreadable');
  await database.sql(`${TABLE}; ${ROW}`);
  const bridge = await Bridge.open({ options: { url: database.url() } });
  await bridge.untilLive();
  await database.sql(`${ALTERED_OUTPUT}; UPDATE t SET due = due + interval '1 day'`);
  await until('the reason', () => bridge.said('source-options-rejected') > 0);
  await until('the subscriber to be told', () => bridge.isStale);
  expect(bridge.values.size).toBe(1);
  expect(bridge.bugs).toEqual([]);
  await bridge.close();
}, 60_000);

test('a database in SQL_ASCII is read while all of it is UTF-8; other bytes stop the source, which says which', async () => {
  await server.sql(`CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`);
  const sql = (text: string) => server.sql(text, 'ascii');
  await sql(`CREATE TABLE t (id int PRIMARY KEY, note text); CREATE PUBLICATION tailrace FOR TABLE t`);
  await sql(`INSERT INTO t VALUES (1, 'Grüße')`);
  const bridge = await Bridge.open({ options: { url: server.url('ascii') } });
  await bridge.untilLive();
  expect([...bridge.values.values()]).toEqual([{ id: 1, note: 'Grüße' }]);
  await sql(`INSERT INTO t VALUES (2, E'Gr\\xfc\\xdfe')`);
  await until('the reason', () => bridge.said('source-options-rejected') > 0);
  expect(JSON.stringify(bridge.log)).toMatch(/invalid byte sequence for encoding .*0xfc/);
  await until('the subscriber to be told', () => bridge.isStale);
  await bridge.close();
}, 60_000);
