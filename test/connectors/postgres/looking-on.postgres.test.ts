// A source that is only looked at, beside the process that serves it: `tap`, `check --connect`.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { SourceUnavailable } from '../../../connectors/contract.js';
import { postgres } from '../../../connectors/postgres/postgres.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { collect } from '../collector.js';
import { loopbackOutbound } from '../../support/outbound.js';

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
  const serving = collect(postgres.create(options, { name: 's', log, outbound: loopbackOutbound }));
  await serving.live();
  await serving.stop();
  const before = await slots();
  expect(before).toHaveLength(1);

  const looking = collect(
    postgres.create(options, { name: 's', log, outbound: loopbackOutbound, looksOn: true }),
  );
  await looking.live();
  expect(looking.values).toEqual(['{"id":1}={"id":1}']);
  await looking.stop();
  expect(await slots()).toEqual(before);
}, 60_000);

test('who looks on is told that the slot is in use, and is not refused; a second one that would serve is', async () => {
  const database = await server.createDatabase('looked_at');
  await database.sql('CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tailrace FOR TABLE t');
  const warnings: unknown[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string, facts: unknown) => void warnings.push([event, facts]),
  };
  const context = { name: 's', log, outbound: loopbackOutbound };
  const options = { url: database.url(), slot: { name: 'in_use' } };
  const serving = collect(postgres.create(options, context));
  await serving.live();

  const { signal } = new AbortController();
  const looking = postgres.create(options, { ...context, looksOn: true });
  await looking.probe(signal);
  await looking.close();
  const reason: unknown = expect.stringMatching(
    /^the replication slot in_use is in use by PID \d+, which is right if/,
  );
  expect(warnings).toEqual([['slot-in-use', { reason }]]);

  const second = postgres.create(options, context);
  await expect(second.probe(signal)).rejects.toBeInstanceOf(SourceUnavailable);
  await expect(second.probe(signal)).rejects.toThrow(
    /in use by PID (\d+); stop .*: SELECT pg_terminate_backend\(\1\);/,
  );
  await second.close();
}, 60_000);
