// D7 somebody sets the wall clock by an hour, either way, while sessions are open: only tokens look at it, and they are bounded.

import { describe, expect, test } from '@jest/globals';
import type { TestClient } from '../server/test-client.js';
import { TestServer } from '../server/test-server.js';
import { until } from '../server/until.js';

const HOUR = 3_600_000;

async function subscribed(server: TestServer, o: { expiresIn?: number } = {}): Promise<TestClient> {
  const client = await server.session({ acks: false, ...o });
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  return client;
}

/** Time passes in small steps, and clients show that they are there in each. */
async function live(server: TestServer, clients: readonly TestClient[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 5) {
    server.clock.pass(5_000);
    const id = 1_000 + second;
    for (const client of clients) client.say({ op: 'get', id, path: 'prices/NONE' });
    await Promise.all(clients.map((client) => client.reply(id)));
    for (const client of clients) client.control.length = 0;
  }
}

/** Lines about a path, less those that only say how far it is. */
function changesOf({ data }: TestClient): readonly unknown[][] {
  return data.filter(([kind]) => Number(kind) <= 4);
}

function untilChanges(client: TestClient, count: number): Promise<void> {
  return until(`${count} changes`, () => changesOf(client).length === count);
}

/** The bid in the last change. */
function lastBid(client: TestClient): unknown {
  return JSON.stringify(changesOf(client).at(-1)).match(/"bid":(\d+)/)?.[1];
}

describe.each([
  ['forward', HOUR],
  ['back', -HOUR],
])('D7 the wall clock jumps an hour %s', (_way, jump) => {
  test('nobody is disconnected, no timer runs early or late, versions go on', async () => {
    const server = await TestServer.start();
    const clients = [
      await subscribed(server, { expiresIn: 2 * 3_600 }),
      await subscribed(server, { expiresIn: 2 * 3_600 }),
    ];
    server.put('prices/A', { bid: 1, ask: 2 });
    await Promise.all(clients.map((client) => untilChanges(client, 1)));
    const beats: number[] = [];
    clients[0]?.ws.on('message', (bytes: Buffer) => {
      if (bytes.toString().includes('"beat"')) beats.push(server.clock.monotonic());
    });

    server.clock.jump(jump);
    server.clock.pass(0);
    await live(server, clients, 60);
    server.put('prices/A', { bid: 3, ask: 2 });
    await Promise.all(clients.map((client) => untilChanges(client, 2)));
    await live(server, clients, 60);

    expect(clients.map(({ closed }) => closed)).toEqual([undefined, undefined]);
    for (const client of clients) expect(changesOf(client).map((line) => line[2])).toEqual([1, 2]); // versions are positions
    expect(clients.map(lastBid)).toEqual(['3', '3']);
    const gaps = beats.slice(1).map((at, i) => at - (beats[i] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10_250);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(9_750);
  });

  test('a connection still has its ten seconds to authenticate, and a drain its time', async () => {
    const server = await TestServer.start();
    const silent = await server.connect();
    await until('the upgrade', () => server.server.traffic.unauthenticated === 1);
    server.clock.jump(jump);
    server.clock.pass(9_999);
    expect(server.server.traffic.unauthenticated).toBe(1);
    server.clock.pass(1);
    expect(await silent.closing()).toMatchObject({ code: 4502 });

    const last = await server.session();
    const stopped = server.server.stop({ waitMs: 1_000, spreadMs: 1_000, graceMs: 5_000 });
    server.clock.jump(-jump);
    server.clock.pass(999);
    expect(server.server.traffic.sessions).toBe(1);
    server.clock.pass(1);
    expect(await last.closing()).toMatchObject({ code: 1012 });
    await stopped;
    expect(server.log.at(-1)).toMatchObject({ event: 'drained', tookMs: 1_000 });
  });
});

describe('D7 F3 a token when the wall clock is set', () => {
  test('forward beyond its end: data stops at once, the session is held for 25 s at most, then closed with 4005', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server, { expiresIn: 1_800 });
    server.clock.jump(HOUR);
    server.put('prices/A', { bid: 1 });
    server.clock.pass(24_999);
    client.say({ op: 'get', id: 50, path: 'prices/A' });
    expect(await client.reply(50)).toMatchObject({ error: { code: 'not_found' } });
    expect(changesOf(client)).toEqual([]);
    server.clock.pass(1);
    expect(await client.closing()).toMatchObject({ code: 4005 });
  });

  test('forward beyond its end: a token that counts by the new time brings the data back', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server, { expiresIn: 1_800 });
    server.clock.jump(HOUR);
    server.clock.pass(5_000);
    server.put('prices/A', { bid: 1 });
    client.say({ op: 'auth', id: 9, token: await server.token({ expiresIn: 60 }) });
    await untilChanges(client, 1);
    server.clock.pass(30_000);
    expect(client.closed).toBeUndefined();
  });

  test('back: the token lives no longer than it had left when it came', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server, { expiresIn: 60 });
    server.clock.jump(-HOUR);
    await live(server, [client], 55);
    server.put('prices/A', { bid: 1 });
    await untilChanges(client, 1);
    server.clock.pass(5_250);
    server.put('prices/A', { bid: 2 });
    client.say({ op: 'get', id: 50, path: 'prices/A' });
    expect(await client.reply(50)).toMatchObject({ error: { code: 'not_found' } });
    expect(changesOf(client)).toHaveLength(1);
    server.clock.pass(25_000);
    expect(await client.closing()).toMatchObject({ code: 4005 });
  });

  test('back after its end: nobody is revived without a new token', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server, { expiresIn: 60 });
    await live(server, [client], 55);
    server.clock.pass(5_250);
    server.clock.jump(-HOUR);
    server.put('prices/A', { bid: 1 });
    server.clock.pass(10_000);
    client.say({ op: 'get', id: 50, path: 'prices/A' });
    expect(await client.reply(50)).toMatchObject({ error: { code: 'not_found' } });
    expect(changesOf(client)).toEqual([]);
    server.clock.pass(15_000);
    expect(await client.closing()).toMatchObject({ code: 4005 });
  });
});
