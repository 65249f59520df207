// What is refused before it is a WebSocket.

import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Bystander } from './bystander.js';
import { UpgradeRefused, type ConnectOptions } from './test-client.js';
import { JWT_AUTH, TestServer } from './test-server.js';
import { until } from './until.js';

/** Status and headers of the HTTP answer; 101 where the upgrade was accepted. */
async function attempt(
  server: TestServer,
  options: ConnectOptions,
): Promise<{ status: number; retryAfter: unknown }> {
  try {
    await server.connect(options);
    return { status: 101, retryAfter: undefined };
  } catch (error) {
    if (error instanceof UpgradeRefused)
      return { status: error.status, retryAfter: error.headers['retry-after'] };
    throw error;
  }
}

async function statusOf(server: TestServer, options: ConnectOptions): Promise<number> {
  return (await attempt(server, options)).status;
}

describe('F13 the Origin of a page', () => {
  const allowed = ['https://app.example', 'http://127.0.0.1:8080'];
  const foreign = [
    'https://evil.example',
    'null',
    '',
    'https://app.example.evil.example',
    'https://evil-app.example',
    'https://app.example:8443',
    'https://app.example:443',
    'http://app.example',
    'HTTPS://APP.EXAMPLE',
    'https://App.example',
    'https://app.example/',
    'https://app.example/path',
    'https://sub.app.example',
    'https://app.exampl',
    'https://app.example.',
    'https://user@app.example',
    'https://app.example, https://evil.example',
    'https://app.example https://evil.example',
    'app.example',
    'https://app.example%00',
    'http://127.0.0.1',
    'http://localhost:8080',
    'file://',
  ];
  test.each(foreign)('%j is refused with 403 before the upgrade', async (origin) => {
    const server = await TestServer.start({ origins: allowed });
    expect(await statusOf(server, { headers: { origin } })).toBe(403);
    expect(server.server.traffic.upgradeRefusals.get('origin')).toBe(1);
    expect(server.server.traffic.unauthenticated).toBe(0);
  });

  test('allowed ones get in, and so does who is no page', async () => {
    const server = await TestServer.start({ origins: allowed });
    for (const origin of allowed) expect(await statusOf(server, { headers: { origin } })).toBe(101);
    expect(await statusOf(server, {})).toBe(101);
  });

  test('an empty list refuses every page, and the others go on', async () => {
    const server = await TestServer.start();
    const bystander = await Bystander.join(server);
    expect(await statusOf(server, { headers: { origin: server.url } })).toBe(403);
    await bystander.goesOn();
  });
});

describe('P1 the handshake', () => {
  test('without the subprotocol 400, on another path 404, by plain GET 426', async () => {
    const server = await TestServer.start();
    expect(await statusOf(server, { subprotocols: [] })).toBe(400);
    expect(await statusOf(server, { subprotocols: ['tailrace.v9.json'] })).toBe(400);
    expect(await statusOf(server, { path: '/v1/other' })).toBe(404);
    expect(await statusOf(server, { path: '/v1/stream?token=x' })).toBe(101);
    const plain = await fetch(`${server.url}/v1/stream`);
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
  });

  test('the subprotocol is answered, compression is not', async () => {
    const server = await TestServer.start();
    const client = await server.connect({ subprotocols: ['other', 'tailrace.v1.json'] });
    expect(client.ws.protocol).toBe('tailrace.v1.json');
    expect(client.ws.extensions).toBe('');
  });

  test('requests that no client library sends are answered, and the server stays', async () => {
    const server = await TestServer.start();
    const bystander = await Bystander.join(server);
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: tailrace.v1.json\r\n';
    const requests = [
      `GET //[ HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
      `GET /v1/stream HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
      `GET /v1/stream HTTP/1.1\r\nHost: x\r\n${upgrade}Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      `POST /v1/stream HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: 0\r\n\r\n`,
      'GET //[ HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n',
      'garbage\r\n\r\n',
    ];
    for (const request of requests) {
      const { text } = await raw(server, request);
      expect(text).toMatch(/^HTTP\/1\.1 4\d\d/);
    }
    await bystander.goesOn();
  });
});

describe('P6 a token in the Authorization header', () => {
  test('opens the session by itself', async () => {
    const server = await TestServer.start();
    const client = await server.connect({ headers: { authorization: `Bearer ${await server.token()}` } });
    expect(await client.untilControl('welcome')).not.toHaveProperty('re');
    client.say({ op: 'subscribe', id: 1, filters: ['prices/**'] });
    await client.untilControl('end');
  });

  test('is answered with 401 where it is wrong or of another kind', async () => {
    const server = await TestServer.start();
    const expired = await server.token({ expiresIn: -60 });
    expect(await statusOf(server, { headers: { authorization: `Bearer ${expired}` } })).toBe(401);
    expect(await statusOf(server, { headers: { authorization: 'Basic YTpi' } })).toBe(401);
    expect(server.server.traffic.upgradeRefusals.get('token')).toBe(2);
  });
});

describe('limits of the process', () => {
  test('E4 the rate of upgrades: at the limit, and one past it 503 with Retry-After', async () => {
    const server = await TestServer.start({ limits: { upgradesPerSecond: 3 } });
    for (let i = 0; i < 3; i++) expect(await statusOf(server, {})).toBe(101);
    expect(await attempt(server, {})).toEqual({ status: 503, retryAfter: '3' });
    expect(server.server.traffic.limitHits.get('upgrades')).toBe(1);
    server.clock.pass(1_000);
    expect(await statusOf(server, {})).toBe(101);
  });

  test('F1 connections that are not authenticated: at the cap, and one past it 503', async () => {
    const server = await TestServer.start({ limits: { unauthenticatedSessions: 2 } });
    const bystander = await Bystander.join(server);
    const first = await server.connect();
    expect(await statusOf(server, {})).toBe(101);
    expect(await statusOf(server, {})).toBe(503);
    expect(server.server.traffic.limitHits.get('unauthenticated')).toBe(1);
    await bystander.goesOn();
    first.say({ op: 'auth', id: 1, token: await server.token() });
    await first.untilControl('welcome');
    expect(await statusOf(server, {})).toBe(101);
  });

  test('sessions: at the cap, and one past it 503', async () => {
    const server = await TestServer.start({ limits: { sessions: 2 } });
    await server.session();
    const second = await server.session();
    expect(await statusOf(server, {})).toBe(503);
    second.terminate();
    await until('the session is gone', () => server.server.traffic.sessions === 1);
    expect(await statusOf(server, {})).toBe(101);
  });

  test('F18 headers of 16 KiB are read, more are answered with 431', async () => {
    const server = await TestServer.start();
    const get = (bytes: number): string =>
      `GET / HTTP/1.1\r\nHost: x\r\nFiller: ${'x'.repeat(bytes)}\r\n\r\n`;
    expect((await raw(server, get(15 * 1024))).text).toContain('HTTP/1.1 404');
    expect((await raw(server, get(16 * 1024))).text).toContain('HTTP/1.1 431');
  });

  test('F18 a request that does not finish is cut off, and so is a connection that says nothing', async () => {
    const server = await TestServer.start({ requestMs: 200 });
    const bystander = await Bystander.join(server);
    const cut = await Promise.all([
      raw(server, 'GET /v1/stream HTTP/1.1\r\nHost: x\r\nUpgr'),
      raw(server, ''),
    ]);
    for (const { text } of cut) expect(text).toContain('HTTP/1.1 408');
    await bystander.goesOn();
  });
});

test('F15 auth none lets everybody in; anonymous sessions have the roles of the configuration', async () => {
  const rules = [{ allow: ['guest'], paths: ['public/**'] }];
  if (JWT_AUTH.kind !== 'jwt') throw new Error('unexpected');
  const server = await TestServer.start({ auth: { ...JWT_AUTH, anonymous: { roles: ['guest'] } }, rules });
  server.put('public/a', 1);
  const client = await server.connect();
  client.say({ op: 'auth', id: 1, subscribe: [{ id: 2, filters: ['**'] }] });
  await client.untilData(1);
  expect(server.server.traffic.authenticated).toMatchObject({ anonymous: 1, token: 0 });
  const open = await TestServer.start({
    auth: { kind: 'none' },
    rules: [{ allow: 'everyone', paths: ['public/**'] }],
  });
  open.put('public/a', 1);
  const nobody = await open.connect();
  nobody.say({ op: 'auth', id: 1, subscribe: [{ id: 2, filters: ['**'] }] });
  await nobody.untilData(1);
});

/** Writes bytes as they are, and resolves with the answer once the server has answered or hung up. */
function raw(server: TestServer, request: string): Promise<{ text: string }> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(server.port, '127.0.0.1', () => socket.write(request));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n\r\n')) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ text }));
  });
}
