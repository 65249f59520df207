// SIGTERM, seen from outside: nobody new, everybody told, an end in time.

import { expect, test } from '@jest/globals';
import { createLog } from '../../src/telemetry/logger.js';
import { PublicServer } from '../../src/server/public-server.js';
import { createAuthenticator } from '../../src/server/auth/authenticator.js';
import { JWT_AUTH, LIMITS, TestServer } from './test-server.js';
import { until } from './until.js';
import { loopbackOutbound } from '../support/outbound.js';

const AT_ONCE = { waitMs: 0, spreadMs: 0 };

test('D3 P35 clients get what they are owed, then goaway, then 1012', async () => {
  const server = await TestServer.start();
  const client = await server.session();
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  server.put('prices/A', 1);
  const stopped = server.server.stop({ ...AT_ONCE, graceMs: 5_000 });
  expect(await client.closing()).toEqual({ code: 1012, reason: 'the server stops' });
  expect(client.data.map((line) => line[6])).toEqual([1]);
  expect(client.control.at(-1)).toEqual({ op: 'goaway', retryMs: 1_500 });
  await stopped;
  expect(server.fanOut.counts().sessions).toBe(0);
});

test('connections that are not authenticated are closed, too, and nobody new gets in', async () => {
  const server = await TestServer.start();
  const silent = await server.connect();
  const stopped = server.server.stop({ ...AT_ONCE, graceMs: 5_000 });
  await expect(server.connect()).rejects.toThrow();
  expect(await silent.closing()).toMatchObject({ code: 1012 });
  await stopped;
});

test('a peer that does not answer cannot hold up the stop longer than the grace', async () => {
  const server = await TestServer.start();
  const client = await server.session();
  client.ws.pause();
  let isStopped = false;
  void server.server.stop({ ...AT_ONCE, graceMs: 2_000 }).then(() => (isStopped = true));
  server.clock.pass(1_999);
  expect(server.closes()).toEqual([]);
  server.clock.pass(1);
  await until('the stop', () => isStopped);
  expect(server.closes()).toMatchObject([{ code: 1012 }]);
});

test('a port that is taken is an error with a code', async () => {
  const server = await TestServer.start();
  const { clock, fanOut } = server;
  const log = createLog({ level: 'error', style: 'json', write: () => undefined });
  const authenticator = createAuthenticator(JWT_AUTH, { clock, log, outbound: loopbackOutbound });
  const listen = { host: '127.0.0.1', port: server.port, origins: [] };
  const second = new PublicServer({ clock, log, fanOut, authenticator, listen, limits: LIMITS });
  await expect(second.listen()).rejects.toMatchObject({ code: 'address-unavailable' });
});
