// A source that is only looked at, beside the process that serves it: `tap`.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { postgres } from '../../../connectors/postgres/postgres.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { collect } from '../collector.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
});
afterAll(() => server.close());

test('who looks on neither takes the durable slot of who serves, nor leaves one behind', async () => {
  const database = await server.createDatabase('looked_at');
  await database.sql(
    'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE PUBLICATION tailrace FOR TABLE t',
  );
  const log = { info: () => undefined, warn: () => undefined };
  const options = { url: database.url(), slot: { name: 'of_who_serves' } };
  const slots = async () =>
    (
      await database.sql(
        `SELECT slot_name, confirmed_flush_lsn::text AS at FROM pg_replication_slots WHERE database = '${database.name}' AND NOT temporary`,
      )
    ).map((row) => JSON.stringify(row));
  const serving = collect(postgres.create(options, { name: 's', log }));
  await serving.live();
  await serving.stop();
  const before = await slots();
  expect(before).toHaveLength(1);

  const looking = collect(postgres.create(options, { name: 's', log, looksOn: true }));
  await looking.live();
  expect(looking.values).toEqual(['{"id":1}={"id":1}']);
  await looking.stop();
  expect(await slots()).toEqual(before);
}, 60_000);
