// What becomes of values: of every odd one, the JSON that we promise, the same from the snapshot and from the stream; of any, what was
// put in.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { isLong } from '../../support/long.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { ODD_TYPES, ODD_VALUES } from './odd-values.js';
import { readTwice } from './read-twice.js';

const ROWS = isLong ? 5_000 : 300;

/** Styles that a database may be set to, and that would change the text of values. */
const OTHER_STYLES = [
  "datestyle TO 'German, DMY'",
  "intervalstyle TO 'sql_standard'",
  "timezone TO 'Asia/Kolkata'",
  "bytea_output TO 'escape'",
  'extra_float_digits TO -3',
];

async function publishedTable(server: PostgresServer, create: string): Promise<TestDatabase> {
  const database = await server.createDatabase('values');
  await database.sql(`${ODD_TYPES} ${create}; CREATE PUBLICATION tailrace FOR ALL TABLES`);
  for (const style of OTHER_STYLES) await database.sql(`ALTER DATABASE ${database.name} SET ${style}`);
  return database;
}

describe.each([15, 18] as const)('on Postgres %i', (version) => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ version });
  });

  afterAll(async () => {
    await server?.close();
  });

  test('B21 odd values have the JSON that is promised, byte for byte the same by COPY and by the stream', async () => {
    const columns = ODD_VALUES.map(([type], i) => `v${i} ${type}`);
    const values = ODD_VALUES.map(([type, sql]) => `(${sql})::${type}`);
    const database = await publishedTable(
      server,
      `CREATE TABLE odd (id int8 PRIMARY KEY, ${columns.join(', ')})`,
    );
    const { copied, streamed } = await readTwice(database.url(), 'tailrace', () =>
      database.sql(
        `INSERT INTO odd SELECT 9007199254740993, ${values.join(', ')}; INSERT INTO odd VALUES (2)`,
      ),
    );
    expect(streamed).toEqual(copied);
    expect(copied.map(({ key }) => key)).toEqual(['{"id":2}', '{"id":9007199254740993}']);
    const described = (json: (index: number) => string | undefined) =>
      ODD_VALUES.map(([type, sql], index) => `${type} ${sql}: ${json(index)}`);
    const of = (row: number) => described((index) => copied[row]?.columns.get(`v${index}`));
    expect(of(1)).toEqual(described((index) => ODD_VALUES[index]?.[2]));
    expect(of(0)).toEqual(described(() => 'null'));
    for (const { value } of copied)
      expect(Object.keys(JSON.parse(value) as object)).toHaveLength(1 + columns.length);
  });

  test('B21 a label that is added to an enum, and names that are odd, are the same by COPY and by the stream', async () => {
    const name = '__proto__ "x" \\ ß';
    const column = `"${name.replaceAll('"', '""')}"`;
    const database = await publishedTable(
      server,
      `CREATE TABLE "odd""T" (${column} mood PRIMARY KEY, "constructor" mood[])`,
    );
    const { copied, streamed } = await readTwice(database.url(), 'tailrace', async () => {
      await database.sql('ALTER TYPE mood ADD VALUE \'brand "new"\'');
      await database.sql(`INSERT INTO "odd""T" VALUES ('brand "new"', '{"brand \\"new\\""}')`);
    });
    const label = '"brand \\"new\\""';
    expect(copied.map(({ value }) => value)).toEqual([
      `{${JSON.stringify(name)}:${label},"constructor":[${label}]}`,
    ]);
    expect(streamed).toEqual(copied);
  });

  test('B21 any value is read as what was put in, by COPY and by the stream', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 }).map((any) => any.replaceAll('\0', ''));
    const odd = fc.oneof(text, fc.constantFrom('', 'NULL', '\\N', '{}', '"', '\\', '\n', '\t'));
    const row = fc.record({
      text: fc.option(odd),
      bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      float: fc.double({ noNaN: true, noDefaultInfinity: true }).map((float) => float + 0), // pg writes -0 as 0
      bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      texts: fc.array(fc.option(odd), { maxLength: 5 }),
      grid: fc.array(fc.tuple(odd, odd), { maxLength: 3 }),
      json: fc.jsonValue({ maxDepth: 2 }).filter((json) => !JSON.stringify(json).includes('\\u0000')),
      moment: fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
    });
    const rows = fc.sample(row, { numRuns: ROWS, ...(isLong ? {} : { seed: 1 }) });
    const database = await publishedTable(
      server,
      `CREATE TABLE any_value (id int PRIMARY KEY, text text, bigint int8, float float8, bytes bytea, texts text[], grid text[],
        json json, moment timestamptz)`,
    );
    const client = await database.connect();
    const { copied, streamed } = await readTwice(database.url(), 'tailrace', async () => {
      await client.query('BEGIN');
      for (const [id, { text: any, bigint, float, bytes, texts, grid, json, moment }] of rows.entries()) {
        const values = [
          id,
          any,
          bigint,
          float,
          bytes,
          texts,
          grid,
          JSON.stringify(json),
          moment.toISOString(),
        ];
        await client.query('INSERT INTO any_value VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', values);
      }
      await client.query('COMMIT');
    });
    const expected = rows.map(({ bytes, moment, bigint, json, ...same }, id) => ({
      ...{
        id,
        ...same,
        bytes: bytes.toString('base64'),
        bigint,
        json: JSON.stringify(json),
        moment: +moment,
      },
    }));
    const read = copied.map(({ value, columns }) => {
      const { moment, ...same } = JSON.parse(value) as Record<string, unknown>;
      const exact = { bigint: columns.get('bigint'), json: columns.get('json') };
      return { ...same, ...exact, moment: Date.parse(String(moment)) };
    });
    expect(read).toEqual(expected);
    expect(streamed).toEqual(copied);
  });
});
