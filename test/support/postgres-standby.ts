// A second server that follows a first one: a copy of its data that replays its WAL until it is promoted.

import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { giveToServer } from '../../src/demo/postgres-install.js';
import { until } from './kafka.js';
import { PostgresServer } from './postgres.js';

/** Physical slot of the first server through which the second one gets its WAL. */
export const STANDBY_SLOT = 'standby';

/** Stops `primary` for the moment in which its data is copied. The standby's settings override those of a test server. */
export async function startStandby(
  primary: PostgresServer,
  settings: Readonly<Record<string, string | number | boolean>> = {},
): Promise<PostgresServer> {
  await primary.sql(`SELECT pg_create_physical_replication_slot('${STANDBY_SLOT}', true)`);
  await primary.stop('fast');
  const home = mkdtempSync(join(tmpdir(), `tailrace-test-postgres-${primary.version}-standby-`));
  giveToServer(home);
  await promisify(execFile)('cp', ['-a', primary.dataFolder, join(home, 'data')]);
  writeFileSync(join(home, 'data/standby.signal'), '');
  await primary.start();
  return PostgresServer.of(home, {
    version: primary.version,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres dbname=postgres`,
      primary_slot_name: STANDBY_SLOT,
      hot_standby_feedback: true,
      ...settings,
    },
  });
}

/** Resolves when the standby has replayed all that the primary has written. */
export async function untilReplayed(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  const [now] = await primary.sql('SELECT pg_current_wal_lsn()::text AS lsn');
  const replayed = `SELECT pg_last_wal_replay_lsn() >= '${String(now?.['lsn'])}'::pg_lsn AS all`;
  await until('the standby to follow', async () => (await standby.sql(replayed))[0]?.['all'] === true);
}

/** From now on the standby takes writes, on a timeline of its own. */
export async function promote(standby: PostgresServer): Promise<void> {
  await standby.sql('SELECT pg_promote()');
}
