// D3, the stop of one process among others: closes one after the other, and hints that spread the returns.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Drain, type Drainable } from '../../src/server/drain.js';
import { HandClock } from './hand-clock.js';
import { TestServer } from './test-server.js';
import { until } from './until.js';

interface Told {
  readonly name: number;
  readonly afterMs: number;
  readonly retryMs: number;
}

/** Clients that note when they are told, on a clock of their own. */
class Crowd {
  readonly clock = new HandClock();
  readonly told: Told[] = [];
  readonly clients: readonly Drainable[];
  readonly drain: Drain;

  constructor(o: { clients: number; spreadMs: number; joinsPerSecond?: number; random?: () => number }) {
    const { clock } = this;
    const since = clock.monotonic();
    if (o.random !== undefined) clock.random = o.random;
    this.clients = Array.from({ length: o.clients }, (_, name) => ({
      stop: (retryMs: number) => this.told.push({ name, afterMs: clock.monotonic() - since, retryMs }),
      terminate: () => undefined,
    }));
    const { clients } = this;
    this.drain = new Drain({ clock, clients, spreadMs: o.spreadMs, joinsPerSecond: o.joinsPerSecond ?? 200 });
    this.drain.start();
  }

  /** The largest share of all closes that falls into any one second. */
  get busiestSecond(): number {
    const times = this.told.map(({ afterMs }) => afterMs);
    const within = (from: number): number => times.filter((at) => at >= from && at < from + 1_000).length;
    return Math.max(...times.map(within)) / times.length;
  }
}

describe('D3 the spread', () => {
  test('of 2,000 sessions over 30 s puts no more than 6 % into any second, and ends in time', () => {
    const crowd = new Crowd({ clients: 2_000, spreadMs: 30_000 });
    crowd.clock.pass(30_000);
    expect(crowd.told).toHaveLength(2_000);
    expect(crowd.busiestSecond).toBeLessThan(0.035);
  });

  test('is fair: who came first goes first, everybody once, all within it, however many they are', () => {
    const sizes = fc.record({
      clients: fc.integer({ min: 0, max: 3_000 }),
      spreadMs: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(sizes, ({ clients, spreadMs }) => {
        const crowd = new Crowd({ clients, spreadMs });
        crowd.clock.pass(spreadMs);
        expect(crowd.told.map(({ name }) => name)).toEqual(
          Array.from({ length: clients }, (_, name) => name),
        );
        const expected = Math.min(spreadMs, clients * 50);
        for (const { name, afterMs } of crowd.told) {
          expect(Math.abs(afterMs - (name / clients) * expected)).toBeLessThanOrEqual(50);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('is short for a few: ten are gone within half a second', () => {
    const crowd = new Crowd({ clients: 10, spreadMs: 30_000 });
    crowd.clock.pass(500);
    expect(crowd.told).toHaveLength(10);
  });

  test('leaves the share of those who go by themselves to the others, and tells nobody twice or in vain', () => {
    const crowd = new Crowd({ clients: 1_000, spreadMs: 10_000 });
    crowd.clock.pass(2_000);
    const early = crowd.told.length;
    for (const client of crowd.clients.slice(500)) crowd.drain.gone(client);
    crowd.clock.pass(8_000);
    expect(crowd.told.map(({ name }) => name)).toEqual(Array.from({ length: 500 }, (_, name) => name));
    const halfWay = crowd.told.filter(({ afterMs }) => afterMs < 6_000).length;
    expect(Math.abs(halfWay - early - (500 - early) / 2)).toBeLessThan(10);
  });

  test('after a stalled event loop makes no burst of what was missed', () => {
    const crowd = new Crowd({ clients: 2_000, spreadMs: 30_000 });
    crowd.clock.pass(5_000);
    crowd.clock.stall(5_000);
    crowd.clock.pass(20_000);
    expect(crowd.told).toHaveLength(2_000);
    expect(crowd.busiestSecond).toBeLessThan(0.05);
  });
});

describe('D3 the hints', () => {
  test('bring back those who are closed at once no faster than one process admits them', () => {
    let next = 0;
    const crowd = new Crowd({ clients: 2_000, spreadMs: 0, random: () => (next++ % 100) / 100 });
    const hints = crowd.told.map(({ retryMs }) => retryMs);
    expect([Math.min(...hints), Math.max(...hints)]).toEqual([1_000, 10_900]);
    const inOneSecond = hints.filter((ms) => ms < 2_000).length;
    expect(inOneSecond).toBe(200);
  });

  test('only jitter where the closes are slow enough by themselves', () => {
    let next = 0;
    const crowd = new Crowd({ clients: 2_000, spreadMs: 30_000, random: () => (next++ % 100) / 100 });
    crowd.clock.pass(30_000);
    const hints = crowd.told.map(({ retryMs }) => retryMs);
    expect([Math.min(...hints), Math.max(...hints)]).toEqual([1_000, 1_990]);
  });
});

describe('D3 a server that drains', () => {
  const PLAN = { waitMs: 5_000, spreadMs: 10_000, graceMs: 20_000 };

  test('goes on through the wait: new clients get in, changes arrive', async () => {
    const server = await TestServer.start();
    const early = await server.session({ acks: false });
    void server.server.stop(PLAN);
    server.clock.pass(4_999);
    const late = await server.session({ acks: false });
    for (const client of [early, late]) {
      client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
      await client.untilControl('end');
    }
    server.put('prices/A', 1);
    await Promise.all([early.untilData(1), late.untilData(1)]);
    expect(server.server.traffic).toMatchObject({ sessions: 2, draining: 2 });
    expect([early.closed, late.closed]).toEqual([undefined, undefined]);
    const values = await fetch(`${server.url}/v1/values/prices/A`, {
      headers: { Authorization: `Bearer ${await server.token()}` },
    });
    expect([values.status, values.headers.get('connection')]).toEqual([200, 'close']);
  });

  test('then lets nobody in, and closes those who are there in their order, the unauthenticated too', async () => {
    const server = await TestServer.start();
    const [first, second] = [await server.session(), await server.session()];
    const stopped = server.server.stop(PLAN);
    server.clock.pass(4_999);
    const silent = await server.connect();
    await until('the upgrade', () => server.server.traffic.unauthenticated === 1);
    server.clock.pass(1);
    await expect(server.connect()).rejects.toThrow();
    expect(await first.closing()).toEqual({ code: 1012, reason: 'the server stops' });
    expect(first.control.at(-1)).toEqual({ op: 'goaway', retryMs: 1_500 });
    expect([second.closed, silent.closed]).toEqual([undefined, undefined]);
    expect(server.server.traffic.draining).toBe(1);
    server.clock.pass(50);
    expect(await second.closing()).toMatchObject({ code: 1012 });
    expect(silent.closed).toBeUndefined();
    server.clock.pass(50);
    expect(await silent.closing()).toMatchObject({ code: 1012 });
    await stopped;
    const lines = server.log.filter(({ event }) => event.startsWith('drain'));
    expect(lines).toMatchObject([
      { event: 'draining', connections: 2, waitMs: 5_000, spreadMs: 10_000 },
      { event: 'drained', connections: 3, closed: 3, terminated: 0, tookMs: 5_100 },
    ]);
    expect(server.server.traffic.draining).toBe(0);
  });

  test('goes on with the rest to the last value while others are closed, and ends early when all go by themselves', async () => {
    const server = await TestServer.start();
    const [first, second] = [await server.session(), await server.session()];
    const third = await server.session({ acks: false });
    third.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    await third.untilControl('end');
    const stopped = server.server.stop(PLAN);
    server.clock.pass(5_000);
    await first.closing();
    server.put('prices/A', 1);
    await third.untilData(1);
    second.ws.close();
    third.ws.close();
    await stopped; // no time passes
    expect(server.log.at(-1)).toMatchObject({ event: 'drained', connections: 3, closed: 1, tookMs: 5_000 });
  });

  test('waits for a reader that is owed bytes until the grace has passed, no longer', async () => {
    const server = await TestServer.start();
    const slow = await server.session();
    slow.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    await slow.untilControl('end');
    slow.ws.pause();
    for (let i = 0; i < 40; i++) server.put(`prices/${i}`, 'x'.repeat(200_000));
    let isStopped = false;
    void server.server
      .stop({ waitMs: 1_000, spreadMs: 1_000, graceMs: 4_000 })
      .then(() => (isStopped = true));
    server.clock.pass(1_000);
    await until('the close', () => server.server.traffic.sessions === 0);
    server.clock.pass(2_999);
    expect(server.closes()).toEqual([]);
    server.clock.pass(1);
    await until('the stop', () => isStopped);
    expect(server.closes()).toMatchObject([{ code: 1012 }]);
    expect(server.log.at(-1)).toMatchObject({ event: 'drained', closed: 1, terminated: 1, tookMs: 4_000 });
  });
});
