// `where` in the options is compared with the publication's row filter by what the server makes of both, and can do nothing else.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';

import { probeFindings } from '../../../connectors/postgres/catalog/checks.js';
import type { Finding } from '../../../connectors/postgres/catalog/finding.js';
import { quoteLiteral } from '../../../connectors/postgres/catalog/statements.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { emptyDatabase, textSql } from './text-sql.js';

describe.each([15, 18] as const)('Postgres %i', (version) => {
  let server: PostgresServer;
  let admin: pg.Client;
  beforeAll(async () => {
    server = await startPostgres({ version });
    admin = await server.connect();
    await emptyDatabase(admin);
    await admin.query(`CREATE TABLE t (id int PRIMARY KEY, region text, "from" date);
      ALTER TABLE t REPLICA IDENTITY FULL; CREATE INDEX ON t (region); CREATE INDEX ON t (id, region);
      CREATE TABLE o (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE o_1 PARTITION OF o FOR VALUES FROM (0) TO (10); CREATE TABLE o_2 PARTITION OF o FOR VALUES FROM (10) TO (20);
      CREATE PUBLICATION p FOR TABLE t, o WHERE (id < 5) WITH (publish_via_partition_root);
      CREATE FUNCTION spring() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE trapped (); END $$;
      CREATE FUNCTION trap() RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(); RETURN true; END $$`);
  });
  afterAll(() => server.close());

  async function findings(table: string, where: string): Promise<Finding[]> {
    return probeFindings(textSql(admin), { publication: 'p', tables: [{ table, where }] });
  }

  async function publish(filter: string): Promise<void> {
    await admin.query(`ALTER PUBLICATION p DROP TABLE t; ALTER PUBLICATION p ADD TABLE t WHERE (${filter})`);
  }

  test.each([
    [`region = 'eu'`, `(region='eu'::text)`],
    [`region = 'eu' AND id > 5`, `t.region = 'eu' and public.t.id > 5 /* as agreed */`],
    [`region IN ('eu', 'us') OR id = 3`, `region = ANY (ARRAY['eu', 'us']) OR (id = (1 + 2)) -- three`],
    [`"from" >= '2026-01-01'`, `"from" >= date '2026-01-01'`],
    [`id BETWEEN 1 AND 9`, `id >= 1 AND id <= 9`],
    [`region IS DISTINCT FROM 'eu'`, `NOT region IS NOT DISTINCT FROM 'eu'`],
    [`region <> '$1'`, `region <> '$1' AND 'say "$2"' = 'say "$2"'`],
    [`true`, `1 = 1`],
  ])('takes %s for the same as %s', async (published, wanted) => {
    await publish(published);
    expect(await findings('public.t', wanted)).toEqual([]);
  });

  test.each([
    [`region = 'eu'`, `region = 'us'`],
    [`id < 5`, `id <= 5`],
    [`true`, `id = 5`],
    [`id = 5`, `true`],
    [`id = 5`, `id = 5 AND random() < 2`],
  ])('tells %s from %s', async (published, wanted) => {
    await publish(published);
    const [finding, ...others] = await findings('public.t', wanted);
    expect(finding?.problem).toMatch(/^`where` of public\.t says .* and the publication publishes /);
    expect(others).toEqual([]);
  });

  test('compares the filter of a root over all of its partitions', async () => {
    expect(await findings('public.o', 'id < 5')).toEqual([]);
    expect(await findings('public.o', 'id < 50')).toHaveLength(1);
  });

  test.each([
    [`regin = 'eu'`, 'column "regin" does not exist'],
    [`region =`, 'syntax error at or near ")"'],
    [`region`, 'argument of WHERE must be type boolean, not type text'],
    [`region = 'eu`, /^unterminated quoted string/],
    [`count(*) > 1`, 'aggregate functions are not allowed in WHERE'],
    [`id / 0 = 1 AND 1 / 0 = 1`, 'division by zero'],
    [`id = $2`, 'it has a parameter, $2'],
    [`true); DROP TABLE o; SELECT (true`, 'cannot insert multiple commands into a prepared statement'],
    [`true); COMMIT; DROP TABLE o --`, 'syntax error at or near ")"'],
    [`trap()`, 'cannot execute CREATE TABLE in a read-only transaction'],
  ])('says of %s why it is no condition, and does not do it', async (where, refusal) => {
    await publish('true');
    const [finding, ...others] = await findings('public.t', where);
    const said = finding?.problem.replace('`where` of public.t is no condition on its rows: ', '');
    expect(said).toEqual(typeof refusal === 'string' ? refusal : expect.stringMatching(refusal));
    expect(finding?.sql).toBe('');
    expect(others).toEqual([]);
    expect((await admin.query(`SELECT FROM pg_class WHERE relname IN ('o', 'trapped')`)).rowCount).toBe(1);
  });

  test.each(['on', 'off'])(
    'has literals that are only text, with standard_conforming_strings %s',
    async (setting) => {
      const text = `it's \\' OR true; -- \\\\ "x" \n`;
      await admin.query(`SET standard_conforming_strings = ${setting}`);
      const { rows } = await admin.query<{ same: string }>(`SELECT ${quoteLiteral(text)} AS same`);
      expect(rows[0]?.same).toBe(text);
      await admin.query('RESET standard_conforming_strings');
    },
  );
});
