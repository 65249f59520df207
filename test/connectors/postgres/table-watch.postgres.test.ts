// What a look at the catalog tells of tables that were altered meanwhile, and that it is silent about what changes no row. Rows that
// DDL changes are never in the stream: whoever does not look has values that no table holds (B13, B14).

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';

import { publishedTables } from '../../../connectors/postgres/catalog/catalog.js';
import type { Selection } from '../../../connectors/postgres/catalog/selection.js';
import { lookAtTables } from '../../../connectors/postgres/catalog/table-watch.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { emptyDatabase, textSql } from './text-sql.js';

const SETUP = `
  CREATE TYPE color AS ENUM ('red', 'blue'); CREATE TYPE point3 AS (x int, y int, z color); CREATE DOMAIN colors AS color[];
  CREATE SCHEMA other;
  CREATE TABLE t (id int PRIMARY KEY, n int, note text, spare int UNIQUE NOT NULL, c colors, p point3);
  CREATE TABLE u (id int PRIMARY KEY, n int);
  CREATE TABLE hidden (id int PRIMARY KEY);
  CREATE TABLE o (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
  CREATE TABLE o_1 PARTITION OF o FOR VALUES FROM (0) TO (10); CREATE TABLE o_2 PARTITION OF o FOR VALUES FROM (10) TO (20);
  CREATE PUBLICATION p FOR TABLE t, u, o WHERE (id < 100) WITH (publish_via_partition_root);
  CREATE PUBLICATION leaves FOR TABLE o;
  INSERT INTO t VALUES (1, 1, 'a', 1); INSERT INTO o VALUES (1), (11);`;

interface Alteration {
  readonly ddl: string;
  readonly since?: 18;
  readonly selection?: Selection;
  readonly changes: readonly string[];
}

const ALTERATIONS: readonly Alteration[] = [
  { ddl: 'DROP TABLE t', changes: ['dropped: public.t was dropped'] },
  { ddl: 'ALTER PUBLICATION p DROP TABLE t', changes: ['left: public.t is no longer published'] },
  { ddl: 'ALTER TABLE t RENAME TO "T"', changes: ['renamed: public.t was renamed to public.T'] },
  { ddl: 'ALTER TABLE t SET SCHEMA other', changes: ['renamed: public.t was renamed to other.t'] },
  {
    ddl: 'ALTER TABLE t RENAME TO away',
    selection: { publication: 'p', tables: ['public.t', 'public.u'] },
    changes: ['renamed: public.t was renamed to public.away'],
  },
  { ddl: 'ALTER PUBLICATION p ADD TABLE hidden', changes: ['added: public.hidden is published now'] },
  {
    ddl: 'ALTER PUBLICATION p ADD TABLE hidden',
    selection: { publication: 'p', tables: ['public.t'] },
    changes: [],
  },
  {
    ddl: 'DROP TABLE u; CREATE TABLE u (id int PRIMARY KEY, n int); ALTER PUBLICATION p ADD TABLE u',
    changes: ['dropped: public.u was dropped', 'added: public.u was dropped and made anew'],
  },
  {
    ddl: 'ALTER TABLE t RENAME TO old; ALTER TABLE u RENAME TO t',
    changes: ['renamed: public.t was renamed to public.old', 'renamed: public.u was renamed to public.t'],
  },
  { ddl: 'ALTER TABLE t ADD added text', changes: ['reshaped: public.t gained column "added"'] },
  { ddl: 'ALTER TABLE t DROP note', changes: ['reshaped: public.t lost column "note"'] },
  {
    ddl: 'ALTER TABLE t RENAME note TO "constructor"',
    changes: ['reshaped: public.t lost column "note" and gained column "constructor"'],
  },
  {
    ddl: 'ALTER TABLE t DROP note; ALTER TABLE t ADD note text',
    changes: ['reshaped: public.t has its columns in another order'],
  },
  {
    ddl: 'ALTER TABLE t ALTER n TYPE bigint',
    changes: ['reshaped: public.t has another type for column "n"'],
  },
  {
    ddl: 'ALTER TABLE t ALTER note TYPE varchar(9)',
    changes: ['reshaped: public.t has another type for column "note"'],
  },
  {
    ddl: 'ALTER TABLE t ALTER n TYPE int USING n * 2',
    changes: ['reshaped: public.t was rewritten by ALTER TABLE'],
  },
  {
    ddl: 'ALTER TABLE o ALTER note TYPE text USING note || note',
    changes: ['reshaped: public.o was rewritten by ALTER TABLE'],
  },
  {
    ddl: 'ALTER TABLE o ALTER note TYPE text USING note || note',
    selection: { publication: 'leaves' },
    changes: [
      'reshaped: public.o_1 was rewritten by ALTER TABLE',
      'reshaped: public.o_2 was rewritten by ALTER TABLE',
    ],
  },
  {
    ddl: 'ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, n)',
    changes: ['reshaped: public.t has another key'],
  },
  {
    ddl: 'ALTER TABLE t REPLICA IDENTITY FULL',
    changes: ['reshaped: public.t has another replica identity'],
  },
  {
    ddl: 'ALTER TABLE t REPLICA IDENTITY USING INDEX t_spare_key',
    changes: ['reshaped: public.t has another key'],
  },
  {
    ddl: 'ALTER PUBLICATION p SET TABLE t, u, o WHERE (id < 99)',
    changes: ['reshaped: public.o has another row filter in the publication'],
  },
  {
    ddl: 'ALTER PUBLICATION p SET TABLE t (id), u, o WHERE (id < 100)',
    changes: ['reshaped: public.t lost columns "n", "note", "spare", "c", "p"'],
  },
  {
    ddl: `ALTER TYPE color RENAME VALUE 'red' TO 'rouge'`,
    changes: ['reshaped: public.t has values whose type was altered'],
  },
  {
    ddl: 'ALTER TYPE point3 ADD ATTRIBUTE w int',
    changes: ['reshaped: public.t has values whose type was altered'],
  },
  { ddl: 'DROP TABLE o_2', changes: ['reshaped: public.o has lost a partition'] },
  { ddl: 'ALTER TABLE o DETACH PARTITION o_2', changes: ['reshaped: public.o has lost a partition'] },
  { ddl: 'TRUNCATE o_2', changes: ['reshaped: public.o has a partition that was truncated or rewritten'] },
  {
    ddl: 'CREATE TABLE o_3 PARTITION OF o FOR VALUES FROM (20) TO (30)',
    changes: ['reshaped: public.o has a new partition'],
  },
  {
    ddl: 'DROP TABLE o_2; CREATE TABLE o_3 PARTITION OF o FOR VALUES FROM (20) TO (30)',
    changes: ['reshaped: public.o has lost a partition'],
  },
  {
    ddl: 'ALTER TABLE o DETACH PARTITION o_2',
    selection: { publication: 'leaves' },
    changes: ['left: public.o_2 is no longer published'],
  },
  {
    ddl: 'ALTER PUBLICATION leaves SET (publish_via_partition_root = true)',
    selection: { publication: 'leaves' },
    changes: [
      'left: public.o_1 is no longer published',
      'left: public.o_2 is no longer published',
      'added: public.o is published now',
    ],
  },
  {
    ddl: 'ALTER TABLE g ALTER double SET EXPRESSION AS (id * 3)',
    since: 18,
    selection: { publication: 'generated' },
    changes: ['reshaped: public.g was rewritten by ALTER TABLE'],
  },
];

/** Each runs alone: some cannot be in a transaction. */
const HARMLESS: readonly string[] = [
  `INSERT INTO t VALUES (2, 2, 'b', 2); UPDATE t SET n = 7; DELETE FROM u`,
  'TRUNCATE t',
  'VACUUM FULL t',
  'CLUSTER t USING t_pkey',
  'VACUUM FREEZE pg_attribute',
  'VACUUM FULL t',
  'REINDEX TABLE t',
  'ANALYZE',
  'ALTER TABLE t ALTER n SET DEFAULT 5',
  'ALTER TABLE t ALTER n SET STATISTICS 500',
  'TRUNCATE u',
  'ALTER TABLE t ADD CHECK (n <> 0)',
  'CREATE UNIQUE INDEX ON t (id, n)',
  'ALTER TABLE t ENABLE ROW LEVEL SECURITY',
  `COMMENT ON COLUMN t.n IS 'how many'; GRANT SELECT ON t TO PUBLIC`,
  `ALTER TYPE color ADD VALUE 'green' BEFORE 'red'`,
  'ALTER DOMAIN colors RENAME TO hues',
  'CREATE TABLE elsewhere (id int); DROP TABLE hidden',
  `SET lock_timeout = '1s'`,
];

describe.each([15, 18] as const)('Postgres %i', (version) => {
  let server: PostgresServer;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startPostgres({ version });
    client = await server.connect();
  });
  afterAll(() => server.close());

  async function setUp(): Promise<void> {
    await emptyDatabase(client);
    await client.query(SETUP);
    if (version < 18) return;
    await client.query(`CREATE TABLE g (id int PRIMARY KEY, double int GENERATED ALWAYS AS (id * 2) STORED);
      CREATE PUBLICATION generated FOR TABLE g WITH (publish_generated_columns = stored)`);
  }

  const ofVersion = ALTERATIONS.filter(({ since = 15 }) => since <= version);
  test.each(ofVersion)('tells of $ddl', async ({ ddl, selection = { publication: 'p' }, changes }) => {
    await setUp();
    const sql = textSql(client);
    const before = await publishedTables(sql, selection);
    await client.query(ddl);
    const look = await lookAtTables(sql, selection, before);
    expect(look.changes.map(({ kind, words }) => `${kind}: ${words}`)).toEqual(changes);
    expect((await lookAtTables(sql, selection, look.tables)).changes).toEqual([]);
  });

  test('is silent about what leaves the rows as they were, or is in the stream', async () => {
    await setUp();
    const sql = textSql(client);
    let before = await publishedTables(sql, { publication: 'p' });
    for (const statement of HARMLESS) {
      await client.query(statement);
      const { tables, changes } = await lookAtTables(sql, { publication: 'p' }, before);
      before = tables;
      expect([statement, changes.map(({ words }) => words)]).toEqual([statement, []]);
    }
  });

  test('sees the catalog as its transaction does, whatever is altered meanwhile (B11)', async () => {
    await setUp();
    const reader = await server.connect();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1');
    const before = await publishedTables(textSql(client), { publication: 'p' });
    await client.query(`ALTER PUBLICATION p SET TABLE t (id, spare), hidden, o WHERE (id < 99), u WHERE (id = 1);
      ALTER TABLE t ALTER n TYPE int USING n * 2; ALTER TYPE color RENAME VALUE 'red' TO 'rouge'; TRUNCATE u; DROP TABLE o_2`);
    expect(await publishedTables(textSql(reader), { publication: 'p' })).toEqual(before);
    await reader.end();
  });

  test('refuses to go on without the publication, or with a table that has lost its key (B17)', async () => {
    await setUp();
    const sql = textSql(client);
    await client.query('ALTER TABLE u DROP CONSTRAINT u_pkey');
    await expect(publishedTables(sql, { publication: 'p' })).rejects.toMatchObject({
      name: 'OptionsRejected',
      message: expect.stringMatching(
        /^public\.u has no primary key: nothing names its rows: ALTER TABLE "public"\."u" ADD COLUMN /,
      ),
    });
    expect(await publishedTables(sql, { publication: 'p', tables: ['public.t'] })).toHaveLength(1);
    await client.query('DROP PUBLICATION p');
    await expect(publishedTables(sql, { publication: 'p' })).rejects.toMatchObject({
      name: 'OptionsRejected',
      message: expect.stringMatching(
        /^there is no publication "p" in this database any more: CREATE PUBLICATION /,
      ),
    });
  });
});
