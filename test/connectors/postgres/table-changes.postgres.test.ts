// Tables that are made, dropped, renamed and reshaped while they are read: subscribers hold what the published tables hold, under the
// names that they have, and of the others nothing. Each change has a database and a reader of its own, all at once.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { Bridge } from './bridge.js';
import { publishedRows } from './table-oracle.js';

const TABLES = `
  CREATE TABLE t (id int PRIMARY KEY, n int, note text);
  INSERT INTO t SELECT g, g, 'before' FROM generate_series(1, 20) g;
  CREATE TABLE kept (id int PRIMARY KEY, n int);
  INSERT INTO kept VALUES (1, 0);
  CREATE TABLE aside (id int PRIMARY KEY, n int);
  INSERT INTO aside VALUES (1, 1);
  CREATE TYPE mood AS ENUM ('sad');
`;
/** After the change more is written, to `kept` too. */
const MORE = 'UPDATE kept SET n = n + 1';

interface Case {
  readonly name: string;
  readonly sql: string;
  /** What is written behind it, in another transaction. */
  readonly then?: string;
  /** Before the reading begins. */
  readonly before?: string;
  readonly publication?: string;
}

const FOR_T = 'FOR TABLE t, kept';
const CASES: readonly Case[] = [
  {
    name: 'dropped and made again',
    sql: 'DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, other text); ALTER PUBLICATION tailrace ADD TABLE t',
    then: `INSERT INTO t VALUES (1, 'anew'), (50, 'anew')`,
  },
  { name: 'dropped', sql: 'DROP TABLE t' },
  {
    name: 'added to the publication',
    sql: 'ALTER PUBLICATION tailrace ADD TABLE aside',
    then: 'UPDATE aside SET n = 2',
  },
  {
    name: 'taken out of the publication',
    sql: 'ALTER PUBLICATION tailrace DROP TABLE t',
    then: 'UPDATE t SET n = 99',
  },
  {
    name: 'made, where all tables are published',
    sql: 'CREATE TABLE fresh (id int PRIMARY KEY); INSERT INTO fresh VALUES (1)',
    publication: 'FOR ALL TABLES',
  },
  { name: 'renamed', sql: 'ALTER TABLE t RENAME TO r', then: 'UPDATE r SET n = 99 WHERE id = 1' },
  {
    name: 'renamed, and another takes its name',
    sql: 'ALTER TABLE t RENAME TO r; ALTER TABLE aside RENAME TO t',
    then: 'DELETE FROM r WHERE id < 5',
  },
  {
    name: 'moved to another schema',
    sql: 'CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s',
    then: 'UPDATE s.t SET n = 99 WHERE id = 1',
  },
  { name: 'a column with a default added', sql: `ALTER TABLE t ADD COLUMN extra text DEFAULT 'x'` },
  {
    name: 'a column dropped',
    sql: 'ALTER TABLE t DROP COLUMN note',
    then: 'UPDATE t SET n = 99 WHERE id = 1',
  },
  { name: 'a column renamed', sql: 'ALTER TABLE t RENAME note TO remark' },
  {
    name: 'two columns change places',
    sql: 'ALTER TABLE t RENAME n TO x; ALTER TABLE t RENAME id TO n; ALTER TABLE t RENAME x TO id',
  },
  {
    name: 'the type of a column changed',
    sql: 'ALTER TABLE t ALTER n TYPE numeric',
    then: 'UPDATE t SET n = 1.50 WHERE id = 1',
  },
  {
    name: 'the type of a column changed to one that was just made',
    sql: `CREATE TYPE fresh AS ENUM ('new'); ALTER TABLE t ADD COLUMN f fresh DEFAULT 'new'`,
  },
  {
    name: 'a value added to an enum',
    before: 'ALTER TABLE t ADD COLUMN m mood',
    sql: `ALTER TYPE mood ADD VALUE 'glad'`,
    then: `UPDATE t SET m = 'glad'`,
  },
  {
    name: 'the type of the key changed',
    sql: 'ALTER TABLE t ALTER id TYPE text',
    then: `INSERT INTO t VALUES ('k', 1, 'x')`,
  },
  {
    name: 'another key',
    sql: 'ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (n)',
    then: 'UPDATE t SET n = 99 WHERE id = 1',
  },
  {
    name: 'replica identity full',
    sql: 'ALTER TABLE t REPLICA IDENTITY FULL',
    then: 'UPDATE t SET n = 99 WHERE id < 5; DELETE FROM t WHERE id = 6',
  },
  {
    name: 'replica identity by an index',
    sql: 'ALTER TABLE t ALTER n SET NOT NULL; CREATE UNIQUE INDEX t_n ON t (n); ALTER TABLE t REPLICA IDENTITY USING INDEX t_n',
    then: 'DELETE FROM t WHERE id = 6',
  },
  {
    name: 'a partition added',
    before:
      'DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)',
    sql: 'CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20); INSERT INTO t VALUES (1, 1), (11, 1)',
    then: 'UPDATE t SET id = id + 5',
  },
];

describe.each(isLong ? ([15, 18] as const) : ([18] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  beforeAll(
    async () =>
      void (server = await startPostgres({
        version,
        settings: { max_wal_senders: 40, max_replication_slots: 40, max_connections: 150 },
      })),
  );
  afterAll(() => server.close());

  test.concurrent.each(CASES)(
    'B13 B14 G3 G7 a table, while it is read: $name',
    async ({ sql, then = '', before = '', publication = FOR_T }) => {
      const { database, bridge } = await follow(
        `${before}; CREATE PUBLICATION tailrace ${publication} WITH (publish_via_partition_root = true)`,
      );
      await database.sql(`${MORE}; UPDATE t SET n = n + 100 WHERE n < 10`);
      await database.sql(`BEGIN; ${MORE}; ${sql}; COMMIT`);
      await database.sql(`${then}; ${MORE}`);
      await bridge.untilTrue(await publishedRows(database));
      expect(bridge.bugs).toEqual([]);
      await bridge.close();
    },
    60_000,
  );

  test.concurrent.each([
    { name: 'replica identity nothing', sql: 'ALTER TABLE t REPLICA IDENTITY NOTHING' },
    { name: 'no primary key any more', sql: 'ALTER TABLE t DROP CONSTRAINT t_pkey' },
  ])(
    'B17 a table that cannot be followed any more stops the source, which says why: $name',
    async ({ sql }) => {
      const { database, bridge } = await follow(`CREATE PUBLICATION tailrace ${FOR_T}`);
      await database.sql(`${sql}; ${MORE}`);
      await until('the reason', () => bridge.said('source-options-rejected') > 0, 30_000);
      expect(JSON.stringify(bridge.log)).toMatch(/public\.t.*REPLICA IDENTITY|public\.t.*PRIMARY KEY/);
      await until('the subscriber to be told', () => bridge.isStale);
      await bridge.close();
    },
    60_000,
  );

  async function follow(sql: string): Promise<{ readonly database: TestDatabase; readonly bridge: Bridge }> {
    const database = await server.createDatabase('shapes');
    await database.sql(`${TABLES}; ${sql}`);
    const bridge = await Bridge.open({ options: { url: database.url() } });
    await bridge.untilTrue(await publishedRows(database));
    return { database, bridge };
  }
});
