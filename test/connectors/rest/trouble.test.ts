// Feeds that do not answer, answer late, or ask to be left alone: the last values stay, subscribers learn in time that they are old,
// and nobody is asked more often than was agreed. Times are a twentieth of those in production.

import type { LookupAddress } from 'node:dns';
import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { pause } from '../../../connectors/kit/expectation.js';
import { createOutbound } from '../../../src/outbound/outbound.js';
import type { FeedFault } from '../../support/feed.js';
import { isLong } from '../../support/long.js';
import { heldOf, type Bridge } from './bridge.js';
import { manyItems, openBridge, openFeed, openServer } from './bridged-feed.js';

/** Five minutes in production. */
const FAILING_MS = isLong ? 15_000 : 1_500;
const HOUR_MS = 3_600_000;
const ITEMS = manyItems(30);

afterEach(() => void jest.restoreAllMocks());

/** As one: a connection that was kept and has ended meanwhile is made anew at once, which is not another attempt. */
const AT_ONCE_MS = 25;

/** Waits that are not what the schedule says, ±20 %, and what a busy machine adds. `tookMs`: of each attempt. */
function offSchedule(requests: readonly number[], tookMs: number): string[] {
  const [first = 0, second = 0] = requests;
  const attempts = second - first < AT_ONCE_MS ? requests.slice(1) : requests;
  const waits = attempts.slice(1).map((at, n) => at - (attempts[n] ?? 0) - tookMs);
  if (waits.length < 4) return [`only ${attempts.length} attempts`];
  return waits.flatMap((wait, n) => {
    const due = Math.min(50 * 2 ** n, 3_000);
    return wait >= due * 0.8 - 3 && wait <= due * 1.2 + 150 ? [] : [`wait ${n}: ${wait} for ${due} ms`];
  });
}

interface Failing {
  readonly bridge: Bridge;
  /** Times of all attempts so far. */
  readonly attempts: () => readonly number[];
  readonly fail: () => void;
  readonly heal: () => void;
  readonly tookMs: number;
}

async function expectPatience({ bridge, attempts, fail, heal, tookMs }: Failing): Promise<void> {
  const { changes } = bridge.watcher;
  fail();
  const before = attempts().length;
  await bridge.until('the first attempt that fails', () => attempts().length > before);
  const failedAt = performance.now();
  await bridge.until('the client to know', () => bridge.isStale);
  expect(performance.now() - failedAt).toBeLessThan(1_500 + tookMs);
  await pause(FAILING_MS - (performance.now() - failedAt));
  expect(offSchedule(attempts().slice(before), tookMs)).toEqual([]);
  expect(bridge.values).toEqual(heldOf(ITEMS));
  expect(bridge.said('poll-failed')).toBe(1);
  heal();
  await bridge.untilHolds(heldOf(ITEMS));
  expect(bridge.watcher.changes).toBe(changes);
}

describe('C1 the last values stay, are stale in time, and attempts keep to the schedule', () => {
  const faults: readonly (readonly [string, FeedFault, number])[] = [
    ['an error of the server', { do: 'status', status: 503 }, 0],
    ['a timeout', { do: 'hang' }, 100],
    ['a reset before the answer', { do: 'reset', at: 'head' }, 0],
    ['a reset in the middle of the body', { do: 'reset', at: 'body' }, 0],
  ];
  test.each(faults)('C1 %s', async (_, fault, tookMs) => {
    const { feed, bridge } = await openFeed({ items: ITEMS, options: { timeout: '100ms' } });
    await expectPatience({
      ...{ bridge, tookMs },
      attempts: () => feed.requests.map(({ at }) => at),
      fail: () => void (feed.rule = () => fault),
      heal: () => feed.heal(),
    });
  });

  test('C1 a name that is not known any more', async () => {
    const attempts: number[] = [];
    let isKnown = true;
    const here: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];
    const outbound = createOutbound({
      allow: ['127.0.0.0/8'],
      resolve: (_name, _options, done) => {
        attempts.push(performance.now());
        if (isKnown) done(null, here);
        else done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
      },
    });
    const { server, bridge } = await openFeed({ items: ITEMS, host: 'feeds.test', outbound });
    await expectPatience({
      ...{ bridge, attempts: () => attempts, tookMs: 0 },
      fail: () => {
        isKnown = false;
        server.dropConnections();
      },
      heal: () => void (isKnown = true),
    });
  });
});

test('C1 ten endpoints that hang, of which one is asked at a time: stale in time all the same', async () => {
  const names = Array.from({ length: 10 }, (_, n) => `line ${n}`);
  const server = await openServer();
  const feeds = names.map((name) => server.feed(`/${encodeURIComponent(name)}`));
  for (const feed of feeds) feed.items = ITEMS;
  const bridge = await openBridge({ options: { url: server.url('/{for}'), for: names } });
  await bridge.untilLive();
  for (const feed of feeds) feed.rule = () => ({ do: 'hang' });
  await bridge.until('a request that hangs', () => feeds.some(({ inFlight }) => inFlight > 0));
  const at = performance.now();
  await bridge.until('the client to know', () => bridge.isStale);
  expect(performance.now() - at).toBeLessThan(1_500);
  expect(bridge.values.size).toBe(300);
});

describe('C3 a server that asks for patience gets it', () => {
  test.each([429, 503])('C3 status %d with Retry-After in seconds', async (status) => {
    const { feed, bridge } = await openFeed({ items: ITEMS });
    feed.script({ do: 'status', status, headers: { 'retry-after': '1' } });
    await bridge.until('the refusal', () => feed.statuses.at(-1) === status);
    await bridge.until('another request', () => feed.statuses.at(-1) !== status);
    const [refused, next] = feed.requests.slice(-2);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(999);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeLessThan(1_300);
    await bridge.untilHolds(heldOf(ITEMS));
  });

  test('C3 Retry-After as a date', async () => {
    const { feed, bridge } = await openFeed({ items: ITEMS });
    const until = (Math.floor(Date.now() / 1_000) + 2) * 1_000;
    feed.script({ do: 'status', status: 429, headers: { 'retry-after': new Date(until).toUTCString() } });
    await bridge.until('the refusal', () => feed.statuses.at(-1) === 429);
    await bridge.until('another request', () => feed.statuses.at(-1) !== 429);
    expect(Date.now()).toBeGreaterThanOrEqual(until - 5);
    expect(Date.now()).toBeLessThan(until + 1_600);
  });

  test('C3 two minutes are two minutes', async () => {
    const { feed, bridge } = await openFeed({ items: ITEMS });
    feed.script({ do: 'status', status: 429, headers: { 'retry-after': '120' } });
    await bridge.until('the refusal', () => feed.statuses.at(-1) === 429);
    await pause(1_000);
    expect(feed.statuses.at(-1)).toBe(429);
    expect(bridge.values).toEqual(heldOf(ITEMS));
    expect(bridge.isStale).toBe(true);
  });

  test('C3 years are the longest that it gets, and the operator hears of it', async () => {
    const backOff = { firstMs: 50, longestMs: 3_000, longestRetryAfterMs: 700 };
    const { feed, bridge } = await openFeed({ items: ITEMS, surroundings: { backOff } });
    feed.script({ do: 'status', status: 429, headers: { 'retry-after': '1000000000' } });
    await bridge.until('the refusal', () => feed.statuses.at(-1) === 429);
    await bridge.until('another request', () => feed.statuses.at(-1) !== 429);
    const [refused, next] = feed.requests.slice(-2);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(699);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeLessThan(1_000);
    expect(bridge.lines('retry-after-capped').map(({ level, askedMs }) => [level, askedMs])).toEqual([
      ['warn', 1e12],
    ]);
  });

  test('C3 429 and nothing more: not before its turn', async () => {
    const { feed, bridge } = await openFeed({ items: ITEMS, options: { every: '400ms' } });
    feed.script({ do: 'status', status: 429 });
    await bridge.until('the refusal', () => feed.statuses.at(-1) === 429);
    await bridge.until('another request', () => feed.statuses.at(-1) !== 429);
    const [refused, next] = feed.requests.slice(-2);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(399);
  });
});

describe('C11 one request at a time', () => {
  test('C11 though answers take longer than the interval', async () => {
    const { feed, bridge } = await openFeed({ items: ITEMS, options: { every: '30ms' } });
    feed.rule = () => ({ do: 'delay', ms: 100 });
    const before = feed.requests.length;
    await bridge.until('some polls', () => feed.requests.length > before + 8);
    expect(feed.mostInFlight).toBe(1);
    expect(bridge.isStale).toBe(false);
  });

  test.each([
    ['forward', HOUR_MS],
    ['back', -HOUR_MS],
  ])('C11 D7 the wall clock jumps an hour %s: polls keep their pace', async (_, jump) => {
    const { feed, bridge } = await openFeed({ items: ITEMS, options: { every: '50ms' } });
    feed.script({ do: 'delay', ms: 100 });
    await bridge.until(
      'a poll in the middle of which it jumps',
      () => feed.faultsLeft === 0 && feed.inFlight === 1,
    );
    const real = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => real() + jump);
    const before = feed.requests.length;
    await pause(1_000);
    const polls = feed.requests.length - before;
    expect(polls).toBeGreaterThan(10);
    expect(polls).toBeLessThanOrEqual(21);
    feed.items = manyItems(31);
    await bridge.untilHolds(heldOf(manyItems(31)));
    expect(bridge.watcher.marks).not.toContain('stale');
  });
});
