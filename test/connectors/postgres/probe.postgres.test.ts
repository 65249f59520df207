// Each fault of a publication, its tables and their rights: the probe names it, its SQL mends it, and then it is gone.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';

import { probeFindings, type ProbeOptions } from '../../../connectors/postgres/catalog/checks.js';
import type { Finding } from '../../../connectors/postgres/catalog/finding.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { emptyDatabase, textSql } from './text-sql.js';

interface Fault {
  readonly name: string;
  readonly since?: 18;
  readonly before?: 18;
  /** By the superuser. `reader` is the role that probes. */
  readonly setup: string;
  readonly options?: Partial<ProbeOptions>;
  readonly problems: readonly string[];
  /** What stands where no SQL mends it. */
  readonly isLeft?: true;
}

const T = 'CREATE TABLE t (id int PRIMARY KEY, note text);';
const ROOT = `CREATE TABLE o (id int, region text, code text NOT NULL, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
  CREATE TABLE o_eu PARTITION OF o FOR VALUES IN ('eu');`;

const FAULTS: readonly Fault[] = [
  {
    name: 'no publication',
    setup: `${T} ${ROOT} CREATE TABLE keyless (a int); CREATE TABLE "Odd ""Name""" ("constructor" int PRIMARY KEY)`,
    problems: ['there is no publication "p" in this database'],
  },
  {
    name: 'no publication, for tables that are listed',
    setup: `${T} ${ROOT}`,
    options: { tables: ['public.o', { table: 'public.t', where: 'id > 5' }] },
    problems: ['there is no publication "p" in this database'],
  },
  {
    name: 'all that is wrong at once, though there is no publication yet',
    setup: `CREATE TABLE keyless (a int); ${T} ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      CREATE UNLOGGED TABLE u (id int PRIMARY KEY); CREATE TABLE o (id int) PARTITION BY LIST (id); CREATE SCHEMA closed;
      CREATE TABLE closed.t (id int PRIMARY KEY); REVOKE pg_read_all_data FROM reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`,
    options: {
      tables: ['public.keyless', { table: 'public.t', where: 'id > 0' }, 'public.u', 'public.o', 'closed.t'],
    },
    problems: [
      'public.u is UNLOGGED: nobody is told of its changes',
      'there is no publication "p" in this database',
      'public.keyless has no primary key: nothing names its rows',
      'public.o has no primary key: nothing names its rows',
      'the role "reader" may not read closed.t',
      'row security hides rows of public.t from the role "reader", though their changes are sent',
    ],
  },
  {
    name: 'what is wrong with tables that the publication lacks',
    setup: `${T} CREATE TABLE u (id int, PRIMARY KEY (id) DEFERRABLE); CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: ['public.t', { table: 'public.u', columns: ['no'], where: 'nowhere' }] },
    problems: [
      'the publication "p" does not publish public.u',
      'there is no column "no" of public.u',
      'public.u has a primary key that is DEFERRABLE: Postgres refuses updates and deletes',
      '`where` of public.u is no condition on its rows: column "nowhere" does not exist',
    ],
    isLeft: true,
  },
  {
    name: 'a publication without tables',
    setup: `${T} ${ROOT} CREATE PUBLICATION p`,
    problems: ['the publication "p" publishes no table'],
  },
  {
    name: 'operations that are left out',
    setup: `${T} CREATE PUBLICATION p FOR TABLE t WITH (publish = 'insert, update')`,
    problems: ['the publication "p" leaves out delete, truncate'],
  },
  {
    name: 'a listed table that is not published',
    setup: `${T} CREATE TABLE u (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: ['public.t', { table: 'public.u', where: 'id <> 7' }] },
    problems: ['the publication "p" does not publish public.u'],
  },
  {
    name: 'tables that are not there or are none',
    setup: `${T} CREATE VIEW v AS SELECT 1; CREATE SEQUENCE s; CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: ['public.t', 'public.T', 'public.v', 'public.s', 'pg_catalog.pg_class', 'no.where'] },
    problems: [
      'there is no table public.T; there is public.t',
      'public.v is a view; only tables can be published',
      'public.s is a sequence; only tables can be published',
      'pg_catalog.pg_class is a system table, which cannot be published',
      'there is no table no.where',
    ],
    isLeft: true,
  },
  {
    name: 'a table that is not logged',
    setup: 'CREATE UNLOGGED TABLE u (id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES',
    options: { tables: ['public.u'] },
    problems: ['public.u is UNLOGGED: nobody is told of its changes'],
  },
  {
    name: 'a root that is published by its partitions',
    setup: `${ROOT} CREATE PUBLICATION p FOR TABLE o`,
    options: { tables: ['public.o'] },
    problems: ['the publication "p" publishes the partitions of public.o, and not public.o itself'],
  },
  {
    name: 'a root that is not published at all',
    setup: `${T} ${ROOT} CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: [{ table: 'public.o', where: 'id > 0' }] },
    problems: ['the publication "p" does not publish public.o'],
  },
  {
    name: 'a partition that is published through its root',
    setup: `${ROOT} CREATE PUBLICATION p FOR TABLE o WITH (publish_via_partition_root)`,
    options: { tables: ['public.o_eu'] },
    problems: [
      'the publication "p" publishes the rows of public.o_eu as those of public.o; name that one in `tables`, or publish partitions as their own',
    ],
  },
  {
    name: 'columns that are not there, or not published',
    setup: `CREATE TABLE t (id int PRIMARY KEY, a int, "B" int, gone int); ALTER TABLE t DROP gone; CREATE PUBLICATION p FOR TABLE t (id) WHERE (id > 0)`,
    options: { tables: [{ table: 'public.t', columns: ['a', 'B'] }] },
    problems: ['the column "a" of public.t is not published', 'the column "B" of public.t is not published'],
  },
  {
    name: 'columns that are not there',
    setup: `CREATE TABLE t (id int PRIMARY KEY, gone int); ALTER TABLE t DROP gone; CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: [{ table: 'public.t', columns: ['gone', 'constructor'] }] },
    problems: ['there is no column "gone" of public.t', 'there is no column "constructor" of public.t'],
    isLeft: true,
  },
  {
    name: 'a generated column, where none can be sent',
    before: 18,
    setup: `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id) STORED); CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: [{ table: 'public.t', columns: ['g'] }] },
    problems: [
      'the column "g" of public.t is generated and cannot be published before version 18 of the server',
    ],
    isLeft: true,
  },
  {
    name: 'a generated column that is not published',
    since: 18,
    setup: `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id) STORED); CREATE PUBLICATION p FOR TABLE t`,
    options: { tables: [{ table: 'public.t', columns: ['g'] }] },
    problems: ['the column "g" of public.t is not published'],
  },
  {
    name: 'no primary key (B17)',
    setup: 'CREATE TABLE t (id int, a int); CREATE PUBLICATION p FOR TABLE t',
    problems: ['public.t has no primary key: nothing names its rows'],
  },
  {
    name: 'no primary key, but an index that would do (B17)',
    setup: `CREATE TABLE t (half int UNIQUE, a int NOT NULL, "B" int NOT NULL); CREATE UNIQUE INDEX "Odd ""one""" ON t (a, "B");
      CREATE PUBLICATION p FOR TABLE t`,
    problems: ['public.t has no primary key: nothing names its rows'],
  },
  {
    name: 'a root without a primary key (B17)',
    setup: `CREATE TABLE o (region text, a int) PARTITION BY LIST (region); CREATE TABLE o_eu PARTITION OF o FOR VALUES IN ('eu');
      CREATE PUBLICATION p FOR TABLE o WITH (publish_via_partition_root)`,
    problems: ['public.o has no primary key: nothing names its rows'],
  },
  {
    name: 'a primary key that is deferrable',
    setup: `CREATE TABLE t (a int, b int, CONSTRAINT "the key" PRIMARY KEY (b, a) DEFERRABLE); CREATE PUBLICATION p FOR TABLE t`,
    problems: ['public.t has a primary key that is DEFERRABLE: Postgres refuses updates and deletes'],
  },
  {
    name: 'REPLICA IDENTITY NOTHING (B17)',
    setup: `${T} ALTER TABLE t REPLICA IDENTITY NOTHING; CREATE TABLE u (a int); ALTER TABLE u REPLICA IDENTITY NOTHING;
      CREATE PUBLICATION p FOR TABLE t, u`,
    problems: [
      'public.t has REPLICA IDENTITY NOTHING: updates and deletes cannot say which row they mean',
      'public.u has REPLICA IDENTITY NOTHING: updates and deletes cannot say which row they mean',
    ],
  },
  {
    name: 'an identity whose index is gone',
    setup: `CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i;
      DROP INDEX i; CREATE PUBLICATION p FOR TABLE t`,
    problems: [
      'public.t has lost the index that was its replica identity: updates and deletes cannot say which row they mean',
    ],
  },
  {
    name: 'REPLICA IDENTITY FULL and nothing that names a row (B17)',
    setup: `CREATE TABLE t (a int UNIQUE, b int); ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE t`,
    problems: [
      'public.t has neither a primary key nor a unique index of columns that are NOT NULL: nothing names its rows',
    ],
  },
  {
    name: 'a column list without the key',
    setup: `${T} CREATE PUBLICATION p FOR TABLE t (note)`,
    problems: [
      'the publication leaves out "id" of the key of public.t: changes cannot say which row they mean',
    ],
  },
  {
    name: 'a key that is generated and not sent',
    since: 18,
    setup: `CREATE TABLE t (n int, id int GENERATED ALWAYS AS (n) STORED PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t`,
    problems: ['"id" of the key of public.t is a generated column, which the publication does not send'],
  },
  {
    name: 'a key that is generated and cannot be sent',
    before: 18,
    setup: `CREATE TABLE t (n int, id int GENERATED ALWAYS AS (n) STORED PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t`,
    problems: ['"id" of the key of public.t is a generated column, which servers before 18 do not send'],
    isLeft: true,
  },
  {
    name: 'partitions that log less than the key of their root',
    setup: `${ROOT} CREATE UNIQUE INDEX by_code ON o (code, region); ALTER TABLE o REPLICA IDENTITY USING INDEX by_code;
      CREATE PUBLICATION p FOR TABLE o WITH (publish_via_partition_root)`,
    problems: [
      "the partition public.o_eu of public.o has another replica identity, which leaves out columns of the root's key",
    ],
  },
  {
    name: 'partitions without an identity below a root that has one',
    setup: `${ROOT} ALTER TABLE o_eu REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR TABLE o WITH (publish_via_partition_root)`,
    problems: [
      "the partition public.o_eu of public.o has another replica identity, which leaves out columns of the root's key",
    ],
  },
  {
    name: 'partitions of which nobody is told',
    setup: `${ROOT} CREATE UNLOGGED TABLE o_us PARTITION OF o FOR VALUES IN ('us');
      CREATE PUBLICATION p FOR TABLE o WITH (publish_via_partition_root)`,
    problems: ['the partition public.o_us of public.o is UNLOGGED: nobody is told of its changes'],
  },
  {
    name: 'tables that the role may not read',
    setup: `CREATE SCHEMA closed; CREATE TABLE closed.t (id int PRIMARY KEY); ${T} CREATE TABLE part (id int PRIMARY KEY, hidden int, seen int);
      REVOKE pg_read_all_data FROM reader; GRANT SELECT (id, seen) ON part TO reader;
      CREATE PUBLICATION p FOR TABLE closed.t, t, part (id, seen)`,
    problems: ['the role "reader" may not read closed.t, public.t'],
  },
  {
    name: 'rows that are hidden from the role',
    setup: `${T} ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE PUBLICATION p FOR TABLE t`,
    problems: ['row security hides rows of public.t from the role "reader", though their changes are sent'],
  },
  {
    name: 'updates that Postgres refuses for REPLICA IDENTITY FULL and a column list',
    setup: `${T} ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE t (id)`,
    problems: [
      'Postgres refuses UPDATE and DELETE of public.t: it has REPLICA IDENTITY FULL and a column list',
    ],
  },
  {
    name: 'updates that Postgres refuses for generated columns',
    since: 18,
    setup: `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id) STORED); ALTER TABLE t REPLICA IDENTITY FULL;
      CREATE TABLE u (a int NOT NULL UNIQUE, g int GENERATED ALWAYS AS (a) VIRTUAL); ALTER TABLE u REPLICA IDENTITY FULL;
      CREATE PUBLICATION p FOR TABLE t, u`,
    problems: [
      'Postgres refuses UPDATE and DELETE of public.t: it has REPLICA IDENTITY FULL and generated columns that are not published',
      'Postgres refuses UPDATE and DELETE of public.u: it has REPLICA IDENTITY FULL and virtual generated columns',
    ],
  },
  {
    name: 'updates that Postgres refuses for a row filter',
    setup: `${ROOT} CREATE PUBLICATION p FOR TABLE o WHERE (code = 'a' AND id > 0) WITH (publish_via_partition_root)`,
    problems: [
      'Postgres refuses UPDATE and DELETE of public.o: its row filter uses "code", which is not of the replica identity',
    ],
  },
  {
    name: 'another row filter than is asked for',
    setup: `${T} CREATE PUBLICATION p FOR TABLE t (id) WHERE (id > 5)`,
    options: { tables: [{ table: 'public.t', where: 'id > 6 -- or so' }] },
    problems: ['`where` of public.t says id > 6 -- or so, and the publication publishes those with (id > 5)'],
  },
  {
    name: 'no row filter where one is asked for, in a publication that can have none',
    setup: `${T} ${ROOT} CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root)`,
    options: { tables: ['public.o', { table: 'public.t', where: 'id IN (1, 2)' }] },
    problems: ['`where` of public.t says id IN (1, 2), and the publication publishes all rows of it'],
  },
  {
    name: 'names that differ only by where their dot is',
    setup: `CREATE SCHEMA "a.b"; CREATE TABLE "a.b".c (id int PRIMARY KEY); CREATE SCHEMA a; CREATE TABLE a."b.c" (id int PRIMARY KEY);
      CREATE PUBLICATION p FOR TABLE "a.b".c, a."b.c"`,
    problems: ['"a"."b.c" and "a.b"."c" are both called a.b.c; rename one, or publish only one'],
    isLeft: true,
  },
];

describe.each([15, 18] as const)('Postgres %i', (version) => {
  let server: PostgresServer;
  let admin: pg.Client;
  let reader: pg.Client;
  beforeAll(async () => {
    server = await startPostgres({ version });
    admin = await server.connect();
    await admin.query('CREATE ROLE reader LOGIN REPLICATION');
    reader = await server.connect('postgres', { user: 'reader' });
  });
  afterAll(() => server.close());

  const ofVersion = FAULTS.filter(({ since = 15, before = 99 }) => since <= version && version < before);
  test.each(ofVersion)('finds $name', async ({ setup, options, problems, isLeft }) => {
    await emptyDatabase(admin);
    await admin.query(`GRANT pg_read_all_data TO reader; ALTER ROLE reader NOBYPASSRLS; ${setup}`);
    const probe = (): Promise<Finding[]> => probeFindings(textSql(reader), { publication: 'p', ...options });

    const findings = await probe();
    expect(findings.map(({ problem }) => problem)).toEqual(problems);
    if (isLeft === true) return;
    await admin.query(findings.map(({ sql }) => sql).join('\n'));
    expect(await probe()).toEqual([]);
  });
});
