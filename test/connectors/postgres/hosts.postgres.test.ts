// Several hosts: the first that is no standby is used, and those that are down are passed over.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { SourceUnavailable } from '../../../connectors/contract.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import { promote, startStandby } from '../../support/postgres-standby.js';
import { startPostgres, type PostgresServer } from '../../support/postgres.js';
import { accessTo, refusalOf, unaborted, withSql } from './connecting.js';

let primary: PostgresServer;
let standby: PostgresServer;

beforeAll(async () => {
  primary = await startPostgres({ version: 18 });
  standby = await startStandby(primary);
}, 60_000);
afterAll(async () => {
  await primary?.close();
  await standby?.close();
});

const url = (...ports: number[]): string =>
  `postgres://postgres@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/postgres`;

test('the first that is no standby is used', async () => {
  const access = accessTo(url(1, standby.port, primary.port));
  await withSql(access, async (sql) => expect(sql.place).toBe(`127.0.0.1:${primary.port}/postgres`));
  const session = await openReplication(access, unaborted());
  expect(session.place).toBe(`127.0.0.1:${primary.port}/postgres`);
  await session.close();
});

test('a standby alone is told from a primary, and may be promoted yet', async () => {
  const error = await refusalOf(accessTo(url(standby.port)));
  expect(error).toBeInstanceOf(SourceUnavailable);
  expect(error.message).toContain('is a standby');
  await promote(standby);
  const session = await openReplication(accessTo(url(standby.port)), unaborted());
  const { timeline, walEnd } = await session.identify();
  const history = await session.timelineHistory(timeline);
  expect(timeline).toBe(2);
  expect(history).toEqual([{ timeline: 1, endsAt: expect.any(BigInt) }]);
  expect(history[0]?.endsAt).toBeLessThanOrEqual(walEnd);
  await session.close();
});
