// Looks at the tables, one after the other: each is compared with the one before it, so that what was harmless then is not added up
// with what is harmless now.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { publishedTables } from '../../../connectors/postgres/catalog/catalog.js';
import { WalAlarm } from '../../../connectors/postgres/catalog/retained-wal.js';
import { Lookout } from '../../../connectors/postgres/lookout.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { accessTo, withSql } from './connecting.js';

let server: PostgresServer;
beforeAll(async () => void (server = await startPostgres({ version: 18 })));
afterAll(() => server.close());

const SELECTION = { publication: 'tailrace' };

async function watching(database: TestDatabase): Promise<{ lookout: Lookout; end: () => Promise<void> }> {
  const access = accessTo(database.url());
  const log = { info: () => undefined, warn: () => undefined };
  const ending = new AbortController();
  const lookout = new Lookout({
    ...{ access, selection: SELECTION, slot: 'none', walBudget: 1, alarm: new WalAlarm(log), log },
    ...{ lookEveryMs: 3_600_000, signal: ending.signal },
  });
  lookout.watch(await withSql(access, (sql) => publishedTables(sql, SELECTION)));
  const end = async (): Promise<void> => {
    await lookout.close();
    ending.abort();
  };
  return { lookout, end };
}

test('TRUNCATE, and later ALTER TABLE that writes no row anew, are not taken for one that does', async () => {
  const database = await server.createDatabase('looks');
  await database.sql('CREATE TABLE t (id int PRIMARY KEY, n int); CREATE PUBLICATION tailrace FOR TABLE t');
  const { lookout, end } = await watching(database);
  await database.sql('TRUNCATE t');
  await lookout.look();
  await database.sql('ALTER TABLE t ALTER n SET STATISTICS 50');
  await lookout.look();
  await database.sql('ALTER TABLE t ALTER n TYPE int USING n + 1');
  await expect(lookout.look()).rejects.toThrow(/public.t was rewritten by ALTER TABLE/);
  await end();
}, 30_000);

test('a table that is gone is told once, and the others are still looked at', async () => {
  const database = await server.createDatabase('looks');
  await database.sql(
    'CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY); CREATE PUBLICATION tailrace FOR TABLE t, u',
  );
  const { lookout, end } = await watching(database);
  await database.sql('DROP TABLE u');
  await lookout.look();
  await lookout.look();
  expect(lookout.takeGone().map(({ topic }) => topic)).toEqual(['public.u']);
  await database.sql('ALTER TABLE t ADD note text');
  await expect(lookout.look()).rejects.toThrow('public.t gained column "note"');
  await end();
}, 30_000);
