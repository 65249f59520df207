// Postgres for the conformance kit: a database of its own behind a proxy, on the oldest server that tests have and on the newest; with a
// slot that ends with its connection, and with one that stays.

import type { SourceRecord } from '../../../connectors/contract.js';
import type { ConnectorHarness, TestUpstream, Write } from '../../../connectors/kit/harness.js';
import type { PostgresOptions } from '../../../connectors/postgres/options.js';
import { postgres as connector } from '../../../connectors/postgres/postgres.js';
import { until } from '../../support/kafka.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import type { TestedConnector } from './tested-connector.js';

interface Cluster {
  readonly server: PostgresServer;
  readonly proxy: TcpProxy;
}

type Version = 15 | 18;
type SlotKind = 'temporary' | 'durable';

const clusters = new Map<Version, Cluster>();
/** Bytes of one transaction. */
const MAX_TRANSACTION_BYTES = 500_000;

function harness(version: Version, slot: SlotKind): ConnectorHarness {
  return {
    type: connector,
    traits: { completeState: true, resumes: slot === 'durable', repeats: false },
    cannot: { writeBad: 'a row is always JSON' },
    misconfigurations: [
      {
        name: 'a publication that does not exist',
        options: (working) => ({ ...(working as PostgresOptions), publication: 'nowhere' }),
        says: [/publication "?nowhere/, 'CREATE PUBLICATION'],
      },
      {
        name: 'a database that does not exist',
        options: (working) => ({ ...(working as PostgresOptions), url: `${urlOf(working)}_not` }),
        says: ['3D000'],
      },
      {
        name: 'an address at which nobody listens',
        options: (working) => ({ ...(working as PostgresOptions), url: 'postgres://postgres@127.0.0.1:1/x' }),
        says: ['127.0.0.1:1'],
        error: 'SourceUnavailable',
      },
    ],
    textOf: rowText,
    createUpstream: () => createUpstream(version, slot),
  };
}

function urlOf(working: unknown): string {
  return (working as PostgresOptions).url;
}

/** Rows are `{k, v}`. */
function rowText({ key, value }: SourceRecord): { key: string; value: string | null } {
  const { k } = JSON.parse(String(key)) as { k: string };
  if (value === null) return { key: k, value };
  const { v } = JSON.parse(value.toString()) as { v: unknown };
  return { key: k, value: JSON.stringify(v) };
}

async function createUpstream(version: Version, slot: SlotKind): Promise<TestUpstream> {
  const { server, proxy } = clusterOf(version);
  const database = await server.createDatabase('conformance');
  await database.sql(
    'CREATE TABLE items (k text PRIMARY KEY, v json); CREATE PUBLICATION tailrace FOR TABLE items',
  );
  const url = new URL(database.url());
  url.port = String(proxy.port);
  const options: PostgresOptions = {
    ...{ url: url.href, connectTimeout: '2s' },
    ...(slot === 'durable' && { slot: { name: database.name } }),
  };
  const writtenAt = new Map<Write, string>();
  const dropSlots = () =>
    server.sql(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '${database.name}' AND NOT temporary`,
    );
  const write = async (writes: readonly Write[]): Promise<void> => {
    for (const some of transactionsOf(writes)) {
      const statements = some.map(statementOf).join(';');
      await database.sql(statements);
      const [row] = await database.sql('SELECT pg_current_wal_insert_lsn()::text AS lsn');
      for (const each of some) writtenAt.set(each, String(row?.['lsn']));
    }
  };
  return {
    options,
    write,
    async acknowledged(written) {
      const lsn = writtenAt.get(written);
      const [row] = await server.sql(
        `SELECT bool_and(confirmed_flush_lsn >= ${lsn === undefined ? 'NULL' : `'${lsn}'`}) AS is_so FROM pg_replication_slots WHERE database = '${database.name}'`,
      );
      return row?.['is_so'] === true;
    },
    async loseHistory(state) {
      await until('the slot to be free', () =>
        dropSlots().then(
          () => true,
          () => false,
        ),
      );
      await database.sql('TRUNCATE items');
      await write(state);
    },
    async breakContact() {
      proxy.refuse();
      return async () => proxy.heal();
    },
    async close() {
      await until('the slot to be free', () =>
        dropSlots().then(
          () => true,
          () => false,
        ),
      );
      await server.sql(`DROP DATABASE ${database.name} WITH (FORCE)`);
    },
  };
}

/** In order, of bounded size: each becomes one transaction. */
function transactionsOf(writes: readonly Write[]): Write[][] {
  const transactions: Write[][] = [];
  let bytes = Infinity;
  for (const write of writes) {
    if (bytes > MAX_TRANSACTION_BYTES) {
      transactions.push([]);
      bytes = 0;
    }
    transactions.at(-1)?.push(write);
    bytes += write.value?.length ?? 0;
  }
  return transactions;
}

function statementOf({ key, value }: Write): string {
  if (value === null) return `DELETE FROM items WHERE k = '${key}'`;
  return `INSERT INTO items VALUES ('${key}', '${value}') ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v`;
}

function clusterOf(version: Version): Cluster {
  const cluster = clusters.get(version);
  if (cluster === undefined) throw new Error(`Postgres ${version} was not started`);
  return cluster;
}

const BAD = 'not tried (writeBad: a row is always JSON)';

export const tested: TestedConnector = {
  harnesses: {
    'a temporary slot on 15': harness(15, 'temporary'),
    'a temporary slot on 18': harness(18, 'temporary'),
    'a durable slot on 18': harness(18, 'durable'),
  },
  leftOut: {
    'a temporary slot on 15': [BAD, 'not promised by resumes: false'],
    'a temporary slot on 18': [BAD, 'not promised by resumes: false'],
    'a durable slot on 18': [BAD, 'not promised by resumes: true, so that it is read again'],
  },
  async open() {
    await Promise.all(
      ([15, 18] as const).map(async (version) => {
        const server = await startPostgres({ version });
        clusters.set(version, { server, proxy: await TcpProxy.listen(server.port) });
      }),
    );
  },
  async close() {
    for (const { server, proxy } of clusters.values()) {
      await proxy.close();
      await server.close();
    }
  },
};
