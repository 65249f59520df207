// Changes that say less, or more, than a row: values out of line that an update leaves alone, keys that change, tables that are emptied.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';

import type { PostgresOptions } from '../../../connectors/postgres/options.js';
import type { Json } from '../../../src/topic/json.js';
import { until } from '../../support/kafka.js';
import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { Bridge } from './bridge.js';
import { readTables, type ReadTables } from './read-tables.js';
import { publishedRows } from './table-oracle.js';

/** Values of 8,000 bytes and more that are not compressed. */
const BIG: Readonly<Record<string, string>> = {
  text: `repeat('é"\\', 3000)`,
  'varchar(20000)': `repeat('x', 9000)`,
  jsonb: `jsonb_build_object('long', repeat('x', 9000), 'n', 1)`,
  json: `json_build_object('long', repeat('y', 9000), 'n', 1)`,
  bytea: `decode(repeat('00ff', 5000), 'hex')`,
  'text[]': `array_fill('x'::text, ARRAY[9000])`,
  'int[]': `array_fill(7, ARRAY[3000])`,
  xml: `('<a>' || repeat('x', 9000) || '</a>')::xml`,
};
const IDENTITIES = {
  default: () => '',
  index: (table: string) =>
    `CREATE UNIQUE INDEX ${table}_k ON ${table} (k); ALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${table}_k`,
  full: (table: string) => `ALTER TABLE ${table} REPLICA IDENTITY FULL`,
};

describe.each(isLong ? ([15, 18] as const) : ([18] as const))('on Postgres %d', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.close());

  async function untilTrue(reading: ReadTables, database: TestDatabase): Promise<void> {
    const expected = await publishedRows(database);
    await until('what the tables hold', () => isDeepStrictEqual(reading.rows, expected)).catch((error) => {
      const differing = [...expected].filter(
        ([path, row]) => !isDeepStrictEqual(reading.rows.get(path), row),
      );
      throw new Error(`${String(error)}: ${JSON.stringify(differing).slice(0, 500)}`);
    });
  }

  test.each<{ readonly name: string; readonly more: Partial<PostgresOptions> }>([
    { name: 'remembered', more: {} },
    { name: 'not remembered', more: { toastMemory: 0 } },
  ])(
    'B12 G3 values out of line that an update leaves alone stay as they are: 8 types, 3 identities ($name)',
    async ({ more }) => {
      const database = await server.createDatabase('toast');
      const tables = Object.entries(BIG).flatMap(([type, value], n) =>
        Object.entries(IDENTITIES).map(([identity, alter]) => ({
          name: `t_${identity}_${n}`,
          type,
          value,
          alter,
        })),
      );
      for (const { name, type, alter } of tables) {
        const columns = `k int NOT NULL, touched int, big ${type}, small text`;
        await database.sql(`CREATE TABLE ${name} (id int PRIMARY KEY, ${columns});
          ALTER TABLE ${name} ALTER big SET STORAGE EXTERNAL; ${alter(name)}`);
      }
      const inserted = ({ name, value }: (typeof tables)[number], ids: string): string =>
        `INSERT INTO ${name} SELECT g, g, 0, ${value}, 's' FROM generate_series(${ids}) g`;
      await database.sql(`${tables.map((table) => inserted(table, '1, 3')).join(';')};
        CREATE PUBLICATION tailrace FOR TABLE ${tables.map(({ name }) => name).join()}`);
      const reading = readTables({ options: { url: database.url(), ...more } });
      await reading.untilTold('live');
      const change = async (what: (name: string) => string): Promise<void> => {
        await database.sql(tables.map(({ name }) => what(name)).join(';'));
        await untilTrue(reading, database);
      };
      await database.sql(tables.map((table) => inserted(table, '4, 6')).join(';'));
      await untilTrue(reading, database);
      const big = new Map([...reading.rows].map(([path, row]) => [path, bigOf(row)]));
      const from = reading.events.length;
      await change((name) => `UPDATE ${name} SET touched = touched + 1`);
      await change((name) => `UPDATE ${name} SET touched = 7; UPDATE ${name} SET small = NULL WHERE id > 2`);
      for (const { changes } of reading.events.slice(from))
        for (const [path, value] of changes) expect([path, bigOf(value)]).toEqual([path, big.get(path)]);
      // Of another key, of another value, of a row that is gone when it is looked at
      await change((name) => `UPDATE ${name} SET id = id + 10, k = k + 10 WHERE id = 1`);
      await change(
        (name) => `UPDATE ${name} SET touched = 8 WHERE id = 2; UPDATE ${name} SET big = NULL WHERE id = 2`,
      );
      await change((name) => `UPDATE ${name} SET touched = 9 WHERE id = 3; DELETE FROM ${name} WHERE id = 3`);
      await change(
        (name) =>
          `UPDATE ${name} SET touched = 10 WHERE id = 4; UPDATE ${name} SET id = 40, k = 40 WHERE id = 4`,
      );
      expect(reading.losses).toEqual([]);
      await reading.stop();
    },
    60_000,
  );

  test('B15 a row whose key changes is deleted and set in one event', async () => {
    const database = await server.createDatabase('keys');
    await database.sql(`CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE f (id int PRIMARY KEY, n int);
      ALTER TABLE f REPLICA IDENTITY FULL; INSERT INTO t SELECT g, g FROM generate_series(1, 10) g;
      INSERT INTO f SELECT * FROM t; CREATE PUBLICATION tailrace FOR TABLE t, f`);
    const reading = readTables({ options: { url: database.url() } });
    await reading.untilTold('live');
    const from = reading.events.length;
    await database.sql('BEGIN; UPDATE t SET id = id + 100; UPDATE f SET id = id + 100; COMMIT');
    await untilTrue(reading, database);
    for (const { changes } of reading.events.slice(from)) {
      // Of each row the old key and the new one, one behind the other
      const keys = changes.map(([path]) => Number(/\d+/.exec(path.replace(/^.*id/, ''))?.[0]));
      for (let n = 0; n < keys.length; n += 2) {
        expect(keys[n + 1]).toBe((keys[n] ?? NaN) + 100);
        expect(changes[n]?.[1]).toBeNull();
      }
    }
    await reading.stop();
  });

  test('B15 G9 of an atomic source a subscriber never sees both keys of a row, nor neither', async () => {
    const database = await server.createDatabase('keys');
    await database.sql(`CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1, 10) g;
      CREATE PUBLICATION tailrace FOR TABLE t`);
    const options = { url: database.url() };
    const sizes = new Set<number>();
    const bridge = await Bridge.open({ options, atomic: true });
    await bridge.untilTrue(await publishedRows(database));
    const looking = setInterval(() => sizes.add(bridge.values.size), 1);
    for (let n = 0; n < 20; n++) await database.sql('UPDATE t SET id = id + 100');
    await bridge.untilTrue(await publishedRows(database));
    clearInterval(looking);
    await bridge.close();
    expect([...sizes]).toEqual([10]);
  });

  test('B16 tables that are truncated are empty at once, with those that refer to them', async () => {
    const database = await server.createDatabase('truncated');
    const rows = 'SELECT g, g FROM generate_series(1, 10000) g';
    await database.sql(`CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t ${rows};
      CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t); INSERT INTO r ${rows};
      CREATE TABLE u (id int PRIMARY KEY, n int); INSERT INTO u ${rows}; CREATE TABLE kept (id int PRIMARY KEY);
      INSERT INTO kept VALUES (1); CREATE PUBLICATION tailrace FOR TABLE t, r, u, kept`);
    const bridge = await Bridge.open({ options: { url: database.url() } });
    await bridge.untilTrue(await publishedRows(database));
    const at = performance.now();
    await database.sql('BEGIN; TRUNCATE t, u CASCADE; INSERT INTO u VALUES (1, 2); COMMIT');
    await bridge.untilTrue(await publishedRows(database), 5_000);
    console.info(`B16: 30,000 rows gone after ${Math.round(performance.now() - at)} ms`);
    expect(bridge.values.size).toBe(2);
    expect(bridge.losses).toBe(0);
    await bridge.close();
  }, 60_000);
});

function bigOf(row: Json | undefined): Json | undefined {
  return (row as Readonly<Record<string, Json>> | undefined)?.['big'];
}
