// Each thing that a client can do wrong has one answer, a count, and no effect on anybody else.

import { describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { Bystander } from './bystander.js';
import type { TestClient } from './test-client.js';
import { ISSUER, SECRET, TestServer } from './test-server.js';
import { until } from './until.js';

async function setUp(): Promise<{ server: TestServer; bystander: Bystander }> {
  const server = await TestServer.start();
  return { server, bystander: await Bystander.join(server) };
}

/** The connection closes with the code, is counted under it, and the bystander's stream goes on. */
async function expectClosed(
  server: TestServer,
  bystander: Bystander,
  client: TestClient,
  code: number,
): Promise<void> {
  expect((await client.closing()).code).toBe(code);
  await until('the close is counted', () => server.server.traffic.closes.get(code) === 1);
  expect(server.closes()).toMatchObject([{ code }]);
  await bystander.goesOn();
  expect(server.fanOut.counts().sessions).toBe(1);
}

describe('P2 P11 what is not the protocol closes', () => {
  test('garbage: error `bad_message`, then 4501', async () => {
    const { server, bystander } = await setUp();
    const client = await server.session();
    client.ws.send('garbage');
    expect(await client.error()).toMatchObject({ code: 'bad_message', retryable: false });
    await expectClosed(server, bystander, client, 4501);
  });

  test('a binary message: 1003', async () => {
    const { server, bystander } = await setUp();
    const client = await server.session();
    client.ws.send(Buffer.from('{"op":"ack","frames":1}'));
    await expectClosed(server, bystander, client, 1003);
  });

  test('text that is not UTF-8: 1007', async () => {
    const { server, bystander } = await setUp();
    const client = await server.session();
    client.ws.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false });
    await expectClosed(server, bystander, client, 1007);
  });

  test('a message of 64 KiB is read, one byte more closes with 1009', async () => {
    const { server, bystander } = await setUp();
    const client = await server.session();
    const command = '{"op":"get","id":5,"path":"prices/NONE"}';
    client.ws.send(command + ' '.repeat(64 * 1024 - command.length));
    expect(await client.reply(5)).toMatchObject({ error: { code: 'not_found' } });
    client.ws.send(command + ' '.repeat(64 * 1024 - command.length + 1));
    await expectClosed(server, bystander, client, 1009);
    expect(server.server.traffic.limitHits.get('message')).toBe(1);
  });

  test('E6 128 fragments are one message, one more closes with 1008', async () => {
    const { server, bystander } = await setUp();
    const client = await server.session();
    const inFragments = (count: number): void => {
      const command = '{"op":"get","id":5,"path":"prices/NONE"}';
      client.ws.send(command, { fin: false });
      for (let i = 2; i < count; i++) client.ws.send('', { fin: false });
      client.ws.send('', { fin: true });
    };
    inFragments(128);
    expect(await client.reply(5)).toMatchObject({ error: { code: 'not_found' } });
    inFragments(129);
    await expectClosed(server, bystander, client, 1008);
    expect(server.server.traffic.limitHits.get('fragments')).toBe(1);
  });

  test('E5 frames that are not masked, or of unknown kind: 1002', async () => {
    for (const bytes of [Buffer.from([0x81, 0x02, 0x7b, 0x7d]), Buffer.from([0x83, 0x80, 0, 0, 0, 0])]) {
      const { server, bystander } = await setUp();
      const client = await server.session();
      rawSocketOf(client).write(bytes);
      await expectClosed(server, bystander, client, 1002);
    }
  });
});

describe('P5 before authentication', () => {
  test('subscribe before auth: error `unauthenticated`, then 4501', async () => {
    const { server, bystander } = await setUp();
    const client = await server.connect();
    client.say({ op: 'subscribe', id: 1, filters: ['prices/**'] });
    expect(await client.reply(1)).toMatchObject({ error: { code: 'unauthenticated' } });
    await expectClosed(server, bystander, client, 4501);
  });

  test('an unknown command before auth: 4501', async () => {
    const { server, bystander } = await setUp();
    const client = await server.connect();
    client.say({ op: 'fly', id: 1 });
    await expectClosed(server, bystander, client, 4501);
  });

  test('F1 silence: nothing after 9.999 s, 4502 after 10 s', async () => {
    const { server, bystander } = await setUp();
    const client = await server.connect();
    await until('the connection is there', () => server.server.traffic.unauthenticated === 1);
    server.clock.pass(9_999);
    await bystander.goesOn();
    expect(client.closed).toBeUndefined();
    server.clock.pass(1);
    await expectClosed(server, bystander, client, 4502);
    expect(server.server.traffic.limitHits.get('auth_timeout')).toBe(1);
    expect(server.server.traffic.unauthenticated).toBe(0);
  });

  test('pings do not prolong it', async () => {
    const { server, bystander } = await setUp();
    const client = await server.connect();
    await until('the connection is there', () => server.server.traffic.unauthenticated === 1);
    for (let i = 0; i < 5; i++) {
      client.ws.ping();
      server.clock.pass(2_000);
    }
    await expectClosed(server, bystander, client, 4502);
  });
});

describe('F11 tokens that are refused: error `bad_token`, then 4500', () => {
  const forged: readonly [string, (server: TestServer) => Promise<string>, reason: string][] = [
    ['expired', (server) => server.token({ expiresIn: -60 }), 'expired'],
    ['alg none', async () => `${encode({ alg: 'none' })}.${encode({ sub: 'ada' })}.`, 'malformed'],
    ['of another audience', (server) => tokenFor(server, 'another'), 'bad_audience'],
  ];
  test.each(forged)('%s', async (_what, make, reason) => {
    const { server, bystander } = await setUp();
    const client = await server.connect();
    client.say(
      { op: 'auth', id: 1, token: await make(server) },
      { op: 'subscribe', id: 2, filters: ['prices/**'] },
    );
    expect(await client.reply(1)).toMatchObject({
      error: { code: 'bad_token', message: 'the token was refused' },
    });
    await expectClosed(server, bystander, client, 4500);
    expect(client.control).toHaveLength(1);
    expect(server.refusals()).toEqual({ [reason]: 1 });
    expect(server.log).toContainEqual(expect.objectContaining({ event: 'token-refused', reason }));
  });

  test('none, where there are no anonymous sessions', async () => {
    const { server, bystander } = await setUp();
    const client = await server.connect();
    client.say({ op: 'auth', id: 1 });
    await expectClosed(server, bystander, client, 4500);
    expect(server.refusals()).toEqual({ no_token: 1 });
  });
});

describe('P11 what is answered in band, and the session goes on', () => {
  const cases: readonly [string, object, code: string][] = [
    ['an unknown command', { op: 'fly', id: 3 }, 'unknown_command'],
    ['an empty segment', { op: 'subscribe', id: 3, filters: ['prices//spot'] }, 'bad_filter'],
    ['`**` in the middle', { op: 'subscribe', id: 3, filters: ['prices/**/spot'] }, 'bad_filter'],
    ['a path that is a filter', { op: 'get', id: 3, path: 'prices/*' }, 'bad_path'],
    ['a subscription that is not there', { op: 'unsubscribe', id: 3, sub: 99 }, 'unknown_subscription'],
    [
      'P17 a part that is not supported',
      { op: 'subscribe', id: 3, filters: ['a'], maxRate: '1/s' },
      'unsupported',
    ],
    ['P15 a value that is not there', { op: 'get', id: 3, path: 'prices/NONE' }, 'not_found'],
    ['P15 a value that may not be seen', { op: 'get', id: 3, path: 'secret/a' }, 'not_found'],
  ];
  test.each(cases)('%s', async (_what, command, code) => {
    const { server, bystander } = await setUp();
    server.put('secret/a', 1);
    server.put('prices/A', 1);
    const client = await server.session();
    client.say(command);
    expect(await client.reply(3)).toMatchObject({ error: { code, retryable: false } });
    client.say({ op: 'get', id: 4, path: 'prices/A' });
    expect(await client.reply(4)).toMatchObject({ op: 'value', value: 1 });
    expect(server.server.traffic.commandErrors).toBe(1);
    await bystander.goesOn();
  });

  test('P19 a resync of an alias that is not held is ignored', async () => {
    const { server, bystander } = await setUp();
    const client = await server.session();
    client.say({ op: 'resync', a: 12_345 }, { op: 'get', id: 4, path: 'prices/NONE' });
    await client.reply(4);
    expect(client.data).toEqual([]);
    await bystander.goesOn();
  });
});

function tokenFor(server: TestServer, audience: string): Promise<string> {
  const now = server.seconds();
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ada')
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .sign(new TextEncoder().encode(SECRET));
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** Below the protocol, to write what no client library would. */
function rawSocketOf(client: TestClient): { write(bytes: Buffer): void } {
  return (client.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
}
