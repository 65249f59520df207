// Limits on what a client sends and holds, each at the limit and one past it. Sizes are in bad-input.test.ts.

import { describe, expect, test } from '@jest/globals';
import { HandClock } from './hand-clock.js';
import { Bystander } from './bystander.js';
import { TestServer } from './test-server.js';
import { until } from './until.js';
import { RateLimit } from '../../src/server/limits.js';

const GET = (id: number): object => ({ op: 'get', id, path: 'prices/NONE' });

describe('E8 P18 the rate of commands', () => {
  test('60 at once are obeyed, the 61st closes with 4013 and says when to come back', async () => {
    const server = await TestServer.start();
    const bystander = await Bystander.join(server);
    const client = await server.session(); // its auth was the first
    client.say(...Array.from({ length: 59 }, (_, i) => GET(i + 2)));
    await client.reply(60);
    expect(client.closed).toBeUndefined();
    client.say(GET(61));
    expect(await client.closing()).toMatchObject({ code: 4013 });
    expect(client.control.at(-1)).toMatchObject({
      error: { code: 'rate', retryable: true, retryAfterMs: 50 },
    });
    expect(server.server.traffic.limitHits.get('inbound')).toBe(1);
    await bystander.goesOn();
  });

  test('20 come back each second', async () => {
    const server = await TestServer.start();
    const client = await server.session();
    client.say(...Array.from({ length: 59 }, (_, i) => GET(i + 2)));
    await client.reply(60);
    server.clock.pass(1_000);
    client.say(...Array.from({ length: 20 }, (_, i) => GET(i + 61)));
    await client.reply(80);
    expect(client.closed).toBeUndefined();
    client.say(GET(81));
    expect(await client.closing()).toMatchObject({ code: 4013 });
  });

  test('a flood after the limit is not obeyed, also where one message holds it all', async () => {
    const server = await TestServer.start();
    const client = await server.session();
    const before = server.server.traffic.commands;
    client.say(...Array.from({ length: 1_000 }, (_, i) => GET(i + 2)));
    for (let i = 0; i < 1_000; i++) client.say(GET(i));
    await client.closing();
    expect(server.server.traffic.commands - before).toBeLessThanOrEqual(60);
    expect(server.server.traffic.limitHits.get('inbound')).toBe(1); // what came behind was not even read
  });

  test('empty messages, pings and acks of nothing new cost, too', async () => {
    const floods: ((client: { ws: { send(text: string): void; ping(): void } }) => void)[] = [
      (client) => client.ws.send(''),
      (client) => client.ws.ping(),
      (client) => client.ws.send('{"op":"ack","frames":0}'),
      (client) => client.ws.send('{"op":"ack","frames":999999}'),
    ];
    for (const flood of floods) {
      const server = await TestServer.start();
      const client = await server.session();
      for (let i = 0; i < 60; i++) flood(client);
      expect(await client.closing()).toMatchObject({ code: 4013 });
    }
  });

  test('P18 acks of what is new are free', async () => {
    const server = await TestServer.start();
    const client = await server.session();
    client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    await client.untilControl('end');
    for (let i = 1; i <= 100; i++) {
      const before = client.frames;
      server.put('prices/A', i);
      await until('the change', () => client.frames > before);
      client.say({ op: 'ack', frames: client.frames });
    }
    client.say(GET(3));
    await client.reply(3);
    expect(client.closed).toBeUndefined();
  });
});

describe('F8 filters of all sessions together', () => {
  test('end where memory would: the one that is too many is refused, its session stays, and whoever goes makes room', async () => {
    const server = await TestServer.start({ limits: { filters: 3 } });
    const [ann, bob] = [await server.session(), await server.session({ sub: 'bob' })];
    ann.say({ op: 'subscribe', id: 2, filters: ['prices/A', 'prices/B'] });
    expect(await ann.reply(2)).toMatchObject({ op: 'subscribed' });
    bob.say({ op: 'subscribe', id: 2, filters: ['prices/A', 'prices/B'] });
    expect(await bob.reply(2)).toMatchObject({ error: { code: 'limit' } });
    bob.say({ op: 'subscribe', id: 3, filters: ['prices/A'] });
    expect(await bob.reply(3)).toMatchObject({ op: 'subscribed' });
    expect(server.fanOut.filters).toBe(3);
    ann.ws.close();
    await until('ann is gone', () => server.fanOut.filters === 1);
    bob.say({ op: 'subscribe', id: 4, filters: ['prices/B', 'prices/C'] });
    expect(await bob.reply(4)).toMatchObject({ op: 'subscribed' });
    bob.say({ op: 'unsubscribe', id: 5, sub: 1 });
    await until('room for one', () => server.fanOut.filters === 2);
    expect(server.server.traffic.limitHits.get('filters')).toBe(1);
  });
});

describe('P18 F8 filters of a session', () => {
  test('1,000 filters are taken, one more is refused with `limit`, and giving some back makes room', async () => {
    const server = await TestServer.start();
    const bystander = await Bystander.join(server);
    const client = await server.session();
    const filters = (count: number): string[] => Array.from({ length: count }, (_, i) => `prices/P${i}`);
    client.say(
      { op: 'subscribe', id: 2, filters: filters(400) },
      { op: 'subscribe', id: 3, filters: filters(600) },
    );
    expect(await client.reply(3)).toMatchObject({ op: 'subscribed' });
    client.say({ op: 'subscribe', id: 4, filters: ['prices/X'] });
    expect(await client.reply(4)).toMatchObject({ error: { code: 'limit', retryable: false } });
    expect(server.server.traffic.limitHits.get('filters')).toBe(1);
    client.say({ op: 'unsubscribe', id: 5, sub: 1 }, { op: 'subscribe', id: 6, filters: filters(400) });
    expect(await client.reply(6)).toMatchObject({ op: 'subscribed' });
    await bystander.goesOn();
  });
});

describe('a token bucket', () => {
  test('holds its burst, and no more after a long rest', () => {
    const clock = new HandClock();
    const rate = new RateLimit(clock, { perSecond: 2, burst: 3 });
    const taken = (): number => [1, 2, 3, 4, 5].filter(() => rate.take()).length;
    expect(taken()).toBe(3);
    expect(rate.retryAfterMs()).toBe(500);
    clock.pass(499);
    expect(rate.take()).toBe(false);
    clock.pass(1);
    expect(rate.take()).toBe(true);
    clock.pass(3_600_000);
    expect(taken()).toBe(3);
  });
});
