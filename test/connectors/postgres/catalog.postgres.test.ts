// The catalog says of each table what the stream says of it: proved by what pgoutput sends after a row was written.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';

import { publishedTables, type PublishedTable } from '../../../connectors/postgres/catalog/catalog.js';
import { differs } from '../../../connectors/postgres/catalog/table-watch.js';
import { decodeMessage, type Relation } from '../../../connectors/postgres/wire/pgoutput.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { emptyDatabase, textSql } from './text-sql.js';

interface Case {
  readonly name: string;
  readonly since?: 18;
  /** Makes tables, and the publication `p`. */
  readonly setup: string;
  /** Writes to each table that is published. */
  readonly write: string;
  /** `schema.name: columns; key | filter`, sorted. */
  readonly tables: readonly string[];
}

const PARTITIONED = `
  CREATE TABLE orders (dropped int, region text, id int, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
  ALTER TABLE orders DROP COLUMN dropped;
  CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('eu');
  CREATE TABLE orders_us (note text, gone int, id int NOT NULL, region text NOT NULL);
  ALTER TABLE orders_us DROP COLUMN gone;
  ALTER TABLE orders ATTACH PARTITION orders_us FOR VALUES IN ('us');`;
const WRITE_PARTITIONS = `INSERT INTO orders VALUES ('eu', 1, 'a'), ('us', 2, 'b')`;

const CASES: readonly Case[] = [
  {
    name: 'columns of odd names, in table order, without those that were dropped',
    setup: `CREATE SCHEMA "Odd ""Schema"""; CREATE TABLE "Odd ""Schema"""."Weird ""Name""" (
        "constructor" int, gone int, "__proto__" text, "say ""hi""; --" varchar(7), "select" char(3), "toString" numeric(9,2)[],
        PRIMARY KEY ("__proto__", "constructor"));
      ALTER TABLE "Odd ""Schema"""."Weird ""Name""" DROP COLUMN gone;
      CREATE PUBLICATION p FOR TABLE "Odd ""Schema"""."Weird ""Name"""`,
    write: `INSERT INTO "Odd ""Schema"""."Weird ""Name""" VALUES (1, 'a')`,
    tables: [
      'Odd "Schema".Weird "Name": constructor __proto__ say "hi"; -- select toString; constructor __proto__',
    ],
  },
  {
    name: 'the column list of the publication, in table order',
    setup: `CREATE TABLE t (a int, b int, id int PRIMARY KEY, c int);
      CREATE PUBLICATION p FOR TABLE t (c, id, b) WHERE (id > 0 AND id < 10)`,
    write: 'INSERT INTO t VALUES (1, 2, 3, 4)',
    tables: ['public.t: b id c; id | ((id > 0) AND (id < 10))'],
  },
  {
    name: 'no generated columns, unless asked for',
    setup: `CREATE TABLE t (id int PRIMARY KEY, double int GENERATED ALWAYS AS (id * 2) STORED, note text);
      CREATE PUBLICATION p FOR TABLE t`,
    write: `INSERT INTO t (id) VALUES (1)`,
    tables: ['public.t: id note; id'],
  },
  {
    name: 'generated columns that are listed, and none that are virtual',
    since: 18,
    setup: `CREATE TABLE t (id int PRIMARY KEY, double int GENERATED ALWAYS AS (id * 2) STORED, note text);
      CREATE TABLE u (id int PRIMARY KEY, double int GENERATED ALWAYS AS (id * 2) VIRTUAL, note text);
      CREATE PUBLICATION p FOR TABLE t (double, id), u`,
    write: `INSERT INTO t (id) VALUES (1); INSERT INTO u (id) VALUES (1)`,
    tables: ['public.t: id double; id', 'public.u: id note; id'],
  },
  {
    name: 'stored generated columns of a publication that publishes them',
    since: 18,
    setup: `CREATE TABLE t (id int PRIMARY KEY, double int GENERATED ALWAYS AS (id * 2) STORED, note text,
        triple int GENERATED ALWAYS AS (id * 3) VIRTUAL);
      CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = stored)`,
    write: `INSERT INTO t (id) VALUES (1)`,
    tables: ['public.t: id double note; id'],
  },
  {
    name: 'all tables, without those that are not logged',
    setup: `CREATE TABLE t (id int PRIMARY KEY); CREATE UNLOGGED TABLE u (id int PRIMARY KEY);
      CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE SEQUENCE s;
      CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES`,
    write: 'INSERT INTO t VALUES (1); INSERT INTO other.t VALUES (1)',
    tables: ['other.t: id; id', 'public.t: id; id'],
  },
  {
    name: 'tables of a schema, whose filters do not count',
    setup: `CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY, n int); CREATE TABLE s.b (id int PRIMARY KEY, n int);
      CREATE TABLE t (id int PRIMARY KEY, n int);
      CREATE PUBLICATION p FOR TABLES IN SCHEMA s, TABLE s.a WHERE (id > 100), TABLE t WHERE (id > 1)`,
    write: 'INSERT INTO s.a VALUES (1, 1); INSERT INTO s.b VALUES (1, 1); INSERT INTO t VALUES (2, 2)',
    tables: ['public.t: id n; id | (id > 1)', 's.a: id n; id', 's.b: id n; id'],
  },
  {
    name: 'partitions, where the publication does not go through the root',
    setup: `${PARTITIONED} CREATE PUBLICATION p FOR TABLE orders`,
    write: WRITE_PARTITIONS,
    tables: ['public.orders_eu: region id note; region id', 'public.orders_us: note id region; id region'],
  },
  {
    name: 'the root, with its own order of columns, where the publication goes through it',
    setup: `${PARTITIONED} CREATE PUBLICATION p FOR TABLE orders (id, region) WHERE (id > 0) WITH (publish_via_partition_root)`,
    write: WRITE_PARTITIONS,
    tables: ['public.orders*: region id; region id | (id > 0)'],
  },
  {
    name: 'roots only, of all tables through the root',
    setup: `${PARTITIONED} CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root)`,
    write: WRITE_PARTITIONS,
    tables: ['public.orders*: region id note; region id'],
  },
  {
    name: 'partitions only, of all tables',
    setup: `${PARTITIONED} CREATE PUBLICATION p FOR ALL TABLES`,
    write: WRITE_PARTITIONS,
    tables: ['public.orders_eu: region id note; region id', 'public.orders_us: note id region; id region'],
  },
  {
    name: 'the lower root of two, where only that is published',
    setup: `CREATE TABLE top (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE middle PARTITION OF top FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
      CREATE TABLE low PARTITION OF middle FOR VALUES FROM (0) TO (50);
      CREATE TABLE other PARTITION OF top FOR VALUES FROM (100) TO (200);
      CREATE PUBLICATION p FOR TABLE middle, low WITH (publish_via_partition_root)`,
    write: 'INSERT INTO top VALUES (1), (101)',
    tables: ['public.middle*: id; id'],
  },
  {
    name: 'partitions of other schemas than their root',
    setup: `CREATE SCHEMA s; CREATE SCHEMA hidden; CREATE TABLE s.top (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE hidden.low PARTITION OF s.top FOR VALUES FROM (0) TO (50);
      CREATE TABLE hidden.t (id int PRIMARY KEY);
      CREATE PUBLICATION p FOR TABLES IN SCHEMA s`,
    write: 'INSERT INTO s.top VALUES (1); INSERT INTO hidden.t VALUES (1)',
    tables: ['hidden.low: id; id'],
  },
  {
    name: 'tables that inherit, each as its own',
    setup: `CREATE TABLE parent (id int PRIMARY KEY, a text); CREATE TABLE child (b text, PRIMARY KEY (id)) INHERITS (parent);
      CREATE TABLE alone (id int PRIMARY KEY); CREATE TABLE hidden (PRIMARY KEY (id)) INHERITS (alone);
      CREATE PUBLICATION p FOR TABLE parent, ONLY alone`,
    write: `INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2); INSERT INTO alone VALUES (1); INSERT INTO hidden VALUES (1)`,
    tables: ['public.alone: id; id', 'public.child: id a b; id', 'public.parent: id a; id'],
  },
  {
    name: 'the index that is the replica identity, without the columns that it only includes',
    setup: `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, area text NOT NULL, note text);
      CREATE UNIQUE INDEX by_code ON t (code, area) INCLUDE (note);
      ALTER TABLE t REPLICA IDENTITY USING INDEX by_code; CREATE PUBLICATION p FOR TABLE t`,
    write: `INSERT INTO t VALUES (1, 'a', 'b')`,
    tables: ['public.t: id code area note; code area'],
  },
  {
    name: 'a key beside REPLICA IDENTITY FULL: the primary key, else a unique index of columns that are never null',
    setup: `CREATE TABLE a (id int PRIMARY KEY, code int NOT NULL UNIQUE); ALTER TABLE a REPLICA IDENTITY FULL;
      CREATE TABLE b (half int UNIQUE, x int NOT NULL, y int NOT NULL, UNIQUE (x, y));
      CREATE UNIQUE INDEX ON b (x) WHERE y > 0; CREATE UNIQUE INDEX ON b ((x + y)); ALTER TABLE b REPLICA IDENTITY FULL;
      CREATE PUBLICATION p FOR TABLE a, b`,
    write: 'INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1, 1)',
    tables: ['public.a: id code; id', 'public.b: half x y; x y'],
  },
];

describe.each([15, 18] as const)('Postgres %i', (version) => {
  let server: PostgresServer;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startPostgres({ version });
    client = await server.connect();
  });
  afterAll(() => server.close());

  const ofVersion = CASES.filter(({ since = 15 }) => since <= version);
  test.each(ofVersion)('publishes $name', async ({ setup, write, tables }) => {
    await emptyDatabase(client);
    await client.query(setup);
    const found = await publishedTables(textSql(client), { publication: 'p' });
    expect(found.map(textOf).sort()).toEqual(tables);
    expect(await publishedNames(client)).toEqual(found.map(({ topic }) => topic).sort());

    const relations = await relationsAfter(client, write);
    expect([...relations.keys()].sort()).toEqual(found.map(({ oid }) => oid).sort());
    for (const table of found) expect(differs(table, relations.get(table.oid)!)).toBeUndefined();
  });
});

function textOf({ topic, columns, isPartitioned, rowFilter }: PublishedTable): string {
  const names = columns.map(({ name }) => name).join(' ');
  const key = columns.flatMap(({ isKey, name }) => (isKey ? [name] : [])).join(' ');
  return `${topic}${isPartitioned ? '*' : ''}: ${names}; ${key}${rowFilter === undefined ? '' : ` | ${rowFilter}`}`;
}

/** What the server itself says that `p` publishes. */
async function publishedNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ topic: string }>(
    `SELECT schemaname || '.' || tablename AS topic FROM pg_publication_tables WHERE pubname = 'p'`,
  );
  return rows.map(({ topic }) => topic).sort();
}

/** By oid. */
async function relationsAfter(client: pg.Client, write: string): Promise<Map<number, Relation>> {
  await client.query(`SELECT pg_create_logical_replication_slot('s', 'pgoutput')`);
  await client.query(write);
  const { rows } = await client.query<{ data: Buffer }>(
    `SELECT data FROM pg_logical_slot_get_binary_changes('s', NULL, NULL, 'proto_version', '1', 'publication_names', 'p')`,
  );
  await client.query(`SELECT pg_drop_replication_slot('s')`);
  const messages = rows.map(({ data }) => decodeMessage(data));
  // Of a partition that is published through its root, a relation is sent too, but no row.
  const written = new Set(messages.flatMap((message) => (message.kind === 'insert' ? [message.oid] : [])));
  return new Map(
    messages.flatMap((message): [number, Relation][] =>
      message.kind === 'relation' && written.has(message.relation.oid)
        ? [[message.relation.oid, message.relation]]
        : [],
    ),
  );
}
