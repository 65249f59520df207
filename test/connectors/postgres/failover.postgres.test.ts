// Two servers, of which the second takes over when the first is killed under load. With a slot that is kept on both, reading goes on;
// without one, or where the second lacks what we have read, all is read anew.

import { afterAll, expect, test } from '@jest/globals';

import { Chance } from '../../../connectors/kit/chance.js';
import { until } from '../../support/kafka.js';
import { promote, startStandby, STANDBY_SLOT, untilReplayed } from '../../support/postgres-standby.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.js';
import { Bridge } from './bridge.js';
import { Load } from './load.js';
import { HISTORY_TABLES, REST } from './random-statements.js';
import { publishedRows } from './table-oracle.js';

const SLOT = 'kept_on_both';

const opened: { close(): Promise<void> }[] = [];
// All three at once: they wait more than they work
afterAll(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

interface Pair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  /** On the first, and after the failover on the second. */
  readonly databases: { readonly first: TestDatabase; readonly second: TestDatabase };
  readonly url: string;
}

async function startPair(version: 15 | 18): Promise<Pair> {
  const primary = await startPostgres({ version });
  opened.push(primary);
  const first = await primary.createDatabase('failover');
  await first.sql(HISTORY_TABLES);
  const standby = await startStandby(primary, version === 18 ? { sync_replication_slots: true } : {});
  opened.push(standby);
  const second: TestDatabase = {
    name: first.name,
    url: (login) => standby.url(first.name, login),
    sql: (text) => standby.sql(text, first.name),
    connect: () => standby.connect(first.name),
  };
  const url = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/${first.name}`;
  return { primary, standby, databases: { first, second }, url };
}

/** The standby has the slot too, so that it is good for going on. */
async function untilSynced({ primary, standby, databases }: Pair): Promise<void> {
  const synced = `SELECT FROM pg_replication_slots WHERE slot_name = '${SLOT}' AND synced AND NOT temporary`;
  const isSynced = async (): Promise<boolean> => {
    await databases.first.sql(REST);
    await primary.sql('SELECT pg_log_standby_snapshot()'); // which lets the slot move on
    return (await standby.sql(synced)).length > 0;
  };
  await until('the slot on the standby', isSynced, 30_000);
}

async function openBridge(options: Parameters<typeof Bridge.open>[0]['options']): Promise<Bridge> {
  const bridge = await Bridge.open({ options });
  opened.push(bridge);
  await bridge.untilLive();
  return bridge;
}

function loading(database: TestDatabase): Load {
  const load = new Load(() => database, new Chance(9));
  opened.push(load);
  return load;
}

async function expectSecond(bridge: Bridge, { second }: Pair['databases']): Promise<void> {
  await until('writes to be possible', () =>
    second.sql(REST).then(
      () => true,
      () => false,
    ),
  );
  await bridge.untilTrue(await publishedRows(second));
  expect(bridge.bugs).toEqual([]);
}

test.concurrent(
  'B9 with a failover slot the second server goes on where the first was: nothing is read anew',
  async () => {
    const pair = await startPair(18);
    const { primary, standby, databases } = pair;
    // Nobody is shown what the standby does not have
    await primary.sql(`ALTER SYSTEM SET synchronized_standby_slots = '${STANDBY_SLOT}'`);
    await primary.reload();
    const bridge = await openBridge({ url: pair.url, slot: { name: SLOT, failover: true } });
    const load = loading(databases.first);
    await untilSynced(pair);
    await primary.kill();
    await load.stop();
    await promote(standby);
    const more = loading(databases.second);
    await until('more load', () => more.committed > 50);
    await more.stop();
    await expectSecond(bridge, databases);
    expect(bridge.said('source-read-anew')).toBe(0);
  },
  90_000,
);

test.concurrent(
  'B9 without one all is read anew from the second server, once',
  async () => {
    const pair = await startPair(15);
    const { primary, standby, databases } = pair;
    const bridge = await openBridge({ url: pair.url });
    const load = loading(databases.first);
    await until('some load', () => load.committed > 50);
    await load.stop();
    await untilReplayed(primary, standby);
    await primary.kill();
    await promote(standby);
    await expectSecond(bridge, databases);
    expect(bridge.said('source-read-anew')).toBe(1);
  },
  90_000,
);

test.concurrent(
  'B9 G5 a second server that lacks what we have read is not taken for the first',
  async () => {
    const pair = await startPair(18);
    const { primary, standby, databases } = pair;
    const bridge = await openBridge({ url: pair.url, slot: { name: SLOT, failover: true } });
    await untilSynced(pair);
    await standby.sql('SELECT pg_wal_replay_pause()');
    await standby.stop('immediate'); // It gets nothing more
    await databases.first.sql(`INSERT INTO a (id, note) VALUES (999, 'the second server never had it')`);
    await bridge.untilTrue(await publishedRows(databases.first));
    await primary.kill();
    await standby.start();
    await promote(standby);
    await expectSecond(bridge, databases);
    expect(bridge.values.has('rows/public.a/%7B"id":999%7D')).toBe(false);
    expect(bridge.said('source-read-anew')).toBe(1);
  },
  90_000,
);
