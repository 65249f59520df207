// From the welcome to the last log line.

import { describe, expect, test } from '@jest/globals';
import { Bystander } from './bystander.js';
import { TestServer } from './test-server.js';
import type { TestClient } from './test-client.js';
import { until } from './until.js';

async function subscribed(
  server: TestServer,
  o: { expiresIn?: number; acks?: boolean } = {},
): Promise<TestClient> {
  const client = await server.session(o);
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  return client;
}

describe('P7 the welcome', () => {
  test('tells the partitions, the end of the token, the beat and the limits', async () => {
    const server = await TestServer.start();
    const client = await server.session({ expiresIn: 600 });
    expect(client.control[0]).toEqual({
      re: 1,
      op: 'welcome',
      session: expect.stringMatching(/^s_[\w-]{12}$/),
      x: [[0, 'e1', 0]],
      resumed: false,
      exp: (server.seconds() + 600) * 1000,
      beatMs: 10_000,
      limits: { messageBytes: 65_536, filters: 1_000, commandsPerSecond: 20, commandBurst: 60 },
    });
  });

  test('P5 P12 commands behind `auth` wait for it, and are obeyed in order', async () => {
    const server = await TestServer.start();
    server.put('prices/A', 1);
    const client = await server.connect();
    client.say(
      { op: 'auth', id: 1, token: await server.token(), subscribe: [{ id: 2, filters: ['prices/B'] }] },
      { op: 'get', id: 3, path: 'prices/A' },
    );
    client.say({ op: 'get', id: 4, path: 'prices/NONE' });
    await client.reply(4);
    expect(client.control.flatMap((line) => line.re ?? [])).toEqual([1, 2, 3, 4]);
  });

  test('P16 an offer to resume is answered with resumed:false', async () => {
    const server = await TestServer.start();
    const client = await server.connect();
    client.say({
      op: 'auth',
      id: 1,
      token: await server.token(),
      resume: { cut: [['e0', 0, 7]], seen: 7, digest: 'd' },
    });
    expect(await client.untilControl('welcome')).toMatchObject({ resumed: false });
  });
});

describe('commands', () => {
  test('P10 get and unsubscribe', async () => {
    const server = await TestServer.start();
    server.put('prices/A', { bid: 1, ask: 2 });
    const client = await subscribed(server);
    client.say(
      { op: 'get', id: 3, path: 'prices/A', fields: ['/bid'] },
      { op: 'unsubscribe', id: 4, sub: 1 },
    );
    expect(await client.reply(3)).toEqual({
      re: 3,
      op: 'value',
      path: 'prices/A',
      x: 0,
      v: 1,
      at: server.clock.now(),
      value: { bid: 1 },
    });
    expect(await client.reply(4)).toEqual({ re: 4, op: 'unsubscribed', sub: 1 });
    server.put('prices/A', { bid: 3, ask: 2 });
    client.say({ op: 'get', id: 5, path: 'prices/A' });
    await client.reply(5);
    expect(client.data).toHaveLength(1);
  });

  test('P14 two intents on one path are two aliases', async () => {
    const server = await TestServer.start();
    server.put('prices/A', { bid: 1, ask: 2 });
    const client = await server.session();
    client.say(
      { op: 'subscribe', id: 2, filters: ['prices/A'] },
      { op: 'subscribe', id: 3, filters: ['prices/A'], fields: ['/bid'], times: true },
    );
    await client.untilData(2);
    const [whole, bid] = client.data;
    expect([whole?.[6], bid?.[6]]).toEqual([{ bid: 1, ask: 2 }, { bid: 1 }]);
    expect(whole?.[1]).not.toBe(bid?.[1]);
    expect((await client.reply(3)).n).toBe(bid?.[4]);
  });

  test('P15 rights: none where no rule could show any of it', async () => {
    const server = await TestServer.start();
    const client = await server.session();
    client.say(
      { op: 'subscribe', id: 2, filters: ['secret/**'] },
      { op: 'subscribe', id: 3, filters: ['prices/NONE'] },
    );
    expect(await client.reply(2)).toMatchObject({ rights: 'none' });
    expect(await client.reply(3)).toMatchObject({ rights: 'some' });
  });

  test('P20 resync brings a keyframe', async () => {
    const server = await TestServer.start();
    server.put('prices/A', 1);
    const client = await subscribed(server);
    client.say({ op: 'resync', a: client.data[0]?.[1] });
    await client.untilData(2);
    expect(client.data[1]).toEqual(client.data[0]);
  });
});

describe('F3 the end of a token', () => {
  test('data stops at exp, the session is held for 25 s, then closed with 4005', async () => {
    const server = await TestServer.start();
    const bystander = await Bystander.join(server);
    const client = await subscribed(server, { expiresIn: 5, acks: false });
    server.clock.pass(4_999);
    server.put('prices/A', 1);
    await client.untilData(1);
    server.clock.pass(1);
    server.put('prices/A', 2);
    server.clock.pass(24_999);
    await bystander.goesOn();
    expect(client.data.filter((line) => line[2] !== 1)).toEqual([]);
    expect(client.closed).toBeUndefined();
    server.clock.pass(1);
    expect(await client.closing()).toMatchObject({ code: 4005 });
    await bystander.goesOn();
  });

  test('G14 a get answers with nothing between exp and the close', async () => {
    const server = await TestServer.start();
    server.put('prices/A', 1);
    const client = await subscribed(server, { expiresIn: 5, acks: false });
    client.say({ op: 'get', id: 50, path: 'prices/A' });
    expect(await client.reply(50)).toMatchObject({ op: 'value', value: 1 });
    server.clock.pass(5_000);
    client.say({ op: 'get', id: 51, path: 'prices/A' });
    expect(await client.reply(51)).toMatchObject({ error: { code: 'not_found' } });
  });

  test('P8 a token in time goes on without a gap', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server, { expiresIn: 5, acks: false });
    server.clock.pass(4_000);
    client.say({ op: 'auth', id: 9, token: await server.token({ expiresIn: 60 }) });
    expect(await client.reply(9)).toEqual({ re: 9, op: 'refreshed', exp: (server.seconds() + 60) * 1000 });
    server.clock.pass(30_000);
    server.put('prices/A', 1);
    await client.untilData(1);
    expect(client.closed).toBeUndefined();
  });

  test('P9 a token within the 25 s starts the subscriptions anew', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server, { expiresIn: 5, acks: false });
    server.clock.pass(10_000);
    server.put('prices/A', 1);
    client.say({ op: 'auth', id: 9, token: await server.token({ expiresIn: 60 }) });
    await client.untilData(1);
    await until('a second end', () => client.control.filter(({ op }) => op === 'end').length === 2);
    const ops = client.control.map(({ op }) => op).filter((op) => op !== 'beat');
    expect(ops).toEqual(['welcome', 'subscribed', 'end', 'refreshed', 'reset', 'end']);
    server.clock.pass(30_000);
    expect(client.closed).toBeUndefined();
  });

  test('P8 the token of somebody else closes with 4500', async () => {
    const server = await TestServer.start();
    const bystander = await Bystander.join(server);
    const client = await subscribed(server);
    client.say({ op: 'auth', id: 9, token: await server.token({ sub: 'eve' }) });
    expect(await client.closing()).toMatchObject({ code: 4500 });
    expect(client.control.at(-1)).toMatchObject({ re: 9, error: { code: 'bad_token' } });
    await bystander.goesOn();
  });

  test('P28 a token with other roles takes away what they do not show', async () => {
    const server = await TestServer.start({
      rules: [
        { allow: ['trader'], paths: ['prices/**'] },
        { allow: ['guest'], paths: ['prices/A'] },
      ],
    });
    server.put('prices/A', 1);
    server.put('prices/B', 1);
    const client = await subscribed(server);
    client.say({ op: 'auth', id: 9, token: await server.token({ roles: ['guest'] }) });
    await client.untilControl('rights');
    await until('the delete', () => client.data.some((line) => line[0] === 4));
    const seen = client.data.length;
    server.put('prices/B', 2);
    server.put('prices/A', 2);
    await client.untilData(seen + 1);
    const aliasOfB = client.data.find((line) => line[5] === 'prices/B')?.[1];
    expect(client.data.slice(seen).some((line) => line[1] === aliasOfB && line[0] !== 4)).toBe(false);
  });
});

describe('the end of a connection', () => {
  test('one log line with the first reason, the duration and the counts, and nothing of it is left', async () => {
    const server = await TestServer.start();
    const client = await subscribed(server);
    server.clock.pass(1_500);
    client.ws.send('garbage');
    client.ws.send(Buffer.from([1]));
    await client.closing();
    await until('the log line', () => server.closes().length === 1);
    expect(server.closes()).toMatchObject([
      {
        subject: 'ada',
        code: 4501,
        reason: 'not a JSON object',
        durationMs: 1_500,
        subscriptions: 1,
        sentFrames: client.frames,
      },
    ]);
    expect(server.fanOut.counts()).toMatchObject({ sessions: 0, audiences: 0 });
    expect(server.server.traffic).toMatchObject({ sessions: 0, unauthenticated: 0, opens: 1 });
  });

  test('a client that closes is answered, and one that just goes is noticed', async () => {
    const server = await TestServer.start();
    const polite = await subscribed(server);
    polite.ws.close(1000);
    await polite.closing();
    const rude = await subscribed(server);
    rude.terminate();
    await until('both are gone', () => server.closes().length === 2);
    expect(server.closes().map(({ code }) => code)).toEqual([1000, 1006]);
    expect(server.fanOut.counts().sessions).toBe(0);
  });

  test('a code of the client is counted only if it is one that exists', async () => {
    const server = await TestServer.start();
    const client = await server.session();
    client.ws.close(3_456);
    await until('the close', () => server.closes().length === 1);
    expect(server.server.traffic.closes).toEqual(new Map([['other', 1]]));
  });

  test('a peer that does not answer the close is dropped after 5 s', async () => {
    const server = await TestServer.start();
    const client = await server.session();
    client.ws.pause(); // it reads nothing any more
    client.ws.send('garbage');
    await until('the session ends', () => server.server.traffic.sessions === 0);
    server.clock.pass(4_999);
    expect(server.closes()).toEqual([]);
    server.clock.pass(1);
    await until('the socket is gone', () => server.closes().length === 1);
    expect(server.closes()).toMatchObject([{ code: 4501 }]);
  });
});

describe('E3 a peer that is gone without a word', () => {
  test('is asked after 25 s of silence and closed with 4012 8 s later', async () => {
    const server = await TestServer.start();
    const client = await server.session({ acks: false });
    client.ws.pause();
    server.clock.pass(32_999);
    expect(server.server.traffic.sessions).toBe(1);
    server.clock.pass(1);
    expect(server.server.traffic.sessions).toBe(0);
    server.clock.pass(5_000);
    await until('the socket is gone', () => server.closes().length === 1);
    expect(server.closes()).toMatchObject([{ code: 4012 }]);
  });

  test('D8 one that answers within 8 s stays, whatever held it up', async () => {
    const server = await TestServer.start();
    const client = await server.session({ acks: false });
    let pings = 0;
    client.ws.on('ping', () => (pings += 1));
    for (let round = 1; round <= 4; round++) {
      server.clock.pass(25_000);
      await until('a ping', () => pings >= round);
      server.clock.pass(5_000); // nobody's event loop ran meanwhile
      client.say({ op: 'get', id: 100 + round, path: 'prices/NONE' }); // behind the pong
      await client.reply(100 + round);
    }
    expect(client.closed).toBeUndefined();
  });
});

test('E2 a session that acknowledges nothing is closed with 4008, and others go on', async () => {
  const server = await TestServer.start();
  const bystander = await Bystander.join(server);
  const client = await subscribed(server);
  server.put('prices/A', 1);
  await client.untilData(1);
  for (let i = 0; i < 20; i++) {
    client.say({ op: 'get', id: 10 + i, path: 'prices/NONE' }); // alive, but it does not acknowledge
    await client.reply(10 + i);
    server.clock.pass(2_000);
    if (client.closed !== undefined || server.server.traffic.sessions === 1) break;
  }
  expect(await client.closing()).toMatchObject({ code: 4008 });
  await bystander.goesOn();
});
