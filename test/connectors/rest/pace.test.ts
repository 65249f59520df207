// When an endpoint is polled next. Time is a number here: what is tested is what comes out.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { FeedFault } from '../../../connectors/rest/client/feed-fault.js';
import { BACK_OFF, Pace, type PaceSettings } from '../../../connectors/rest/timing/pace.js';
import { pollWindow } from '../../../connectors/rest/timing/poll-window.js';

const HOUR_MS = 3_600_000;
const down = new FeedFault('unreachable', 'it does not answer');

/** A pace whose clocks are set by hand. */
function pace(settings: Partial<PaceSettings> = {}) {
  const clock = { wall: Date.parse('2026-03-04T12:00:00Z'), monotonic: 5_000, chance: 0.5 };
  const made = new Pace(
    { everyMs: 30_000, jitter: 0, windows: [], ...settings },
    { now: () => clock.wall, monotonic: () => clock.monotonic, random: () => clock.chance },
  );
  return { pace: made, clock };
}

/** 429, with or without Retry-After in ms. */
function tooOften(retryAfterMs?: number): FeedFault {
  return new FeedFault('unreachable', 'asked too often', { status: 429, retryAfterMs });
}

describe('polls that succeed', () => {
  test('begin at the interval, however long each takes', () => {
    const { pace: it, clock } = pace();
    it.begin();
    clock.monotonic += 12_000;
    expect(it.afterSuccess()).toBe(18_000);
    clock.monotonic += 18_000;
    expect(it.afterSuccess()).toBe(30_000); // nobody said when it began
  });

  test('C11 leave a server that is slower than the interval some rest', () => {
    const { pace: it, clock } = pace({ everyMs: 1_000 });
    it.begin();
    clock.monotonic += 7_000;
    expect(it.afterSuccess()).toBe(250);
  });

  test('are longer or shorter apart by at most the jitter', () => {
    const { pace: it, clock } = pace({ everyMs: 10_000, jitter: 0.1 });
    const waits = [0, 0.25, 0.5, 0.999].map((chance) => {
      clock.chance = chance;
      return Math.round(it.afterSuccess());
    });
    expect(waits).toEqual([9_000, 9_500, 10_000, 10_998]);
  });

  test.each([HOUR_MS, -HOUR_MS])('C11 are as far apart when the clock is set by %i ms', (jumpMs) => {
    const { pace: it, clock } = pace();
    it.begin();
    clock.wall += jumpMs;
    clock.monotonic += 1_000;
    expect(it.afterSuccess()).toBe(29_000);
    it.begin();
    clock.wall -= 2 * jumpMs;
    expect(it.afterFailure(down)).toBe(1_000);
    expect(it.isOpen()).toBe(true);
  });
});

describe('polls that fail', () => {
  test('C1 wait 1 s, then twice as long each time up to a minute, and begin anew after a success', () => {
    const { pace: it } = pace();
    const waits = Array.from({ length: 9 }, () => it.afterFailure(down) / 1_000);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    it.afterSuccess();
    expect(it.afterFailure(new BadFeed('it is no JSON'))).toBe(1_000);
    for (let i = 0; i < 5_000; i++) it.afterFailure(down);
    expect(it.afterFailure(down)).toBe(60_000);
  });

  test('C1 stay within 20 % of that', () => {
    const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(chances, (values) => {
        const { pace: it, clock } = pace();
        for (const [i, chance] of values.entries()) {
          clock.chance = chance;
          const right = Math.min(1_000 * 2 ** i, 60_000);
          expect(Math.abs(it.afterFailure(down) - right)).toBeLessThanOrEqual(right * 0.2);
        }
      }),
    );
  });

  test('are tried again long before the next poll of a rare feed, but at most 60 times as often', () => {
    const hourly = pace({ everyMs: HOUR_MS }).pace;
    expect([1, 2, 3].map(() => hourly.afterFailure(down))).toEqual([60_000, 60_000, 60_000]);
    const daily = pace({ everyMs: 24 * HOUR_MS }).pace;
    expect(daily.afterFailure(down)).toBe(24 * 60_000);
    const often = pace({ everyMs: 100 }).pace;
    expect(often.afterFailure(down)).toBe(1_000);
  });

  test.each([
    ['1 s', 1_000, 30_000],
    ['120 s', 120_000, 126_000],
    ['a date that has passed', 0, 30_000],
    ['an hour', HOUR_MS, HOUR_MS],
    ['an absurd 10^9 s', 1e12, HOUR_MS],
    ['nothing', undefined, 30_000],
  ])('C3 are no earlier than a 429 that asks for %s, and an hour later at most', (_, askedMs, waitMs) => {
    const { pace: it, clock } = pace();
    expect(it.afterFailure(tooOften(askedMs))).toBe(waitMs);
    expect(it.refusedMs).toBe(askedMs === 1e12 ? askedMs : undefined);
    for (clock.chance = 0; clock.chance < 1; clock.chance += 0.1) {
      const soonest = Math.max(Math.min(askedMs ?? 0, HOUR_MS), 30_000);
      const waited = it.afterFailure(tooOften(askedMs));
      expect(waited).toBeGreaterThanOrEqual(soonest);
      expect(waited).toBeLessThanOrEqual(Math.max(Math.min(soonest * 1.1, HOUR_MS), 72_000));
    }
  });

  test('C3 keep to what a server asked for at its last failure only', () => {
    const { pace: it } = pace();
    it.afterFailure(tooOften(1e12));
    expect(it.afterFailure(down)).toBe(2_000);
    expect(it.refusedMs).toBeUndefined();
  });

  test('C3 honour 503 with Retry-After, which alone is no reason to wait for the interval', () => {
    const { pace: it } = pace();
    const busy = (retryAfterMs?: number) =>
      new FeedFault('unreachable', 'busy', { status: 503, retryAfterMs });
    expect(it.afterFailure(busy())).toBe(1_000);
    expect(it.afterFailure(busy(20_000))).toBe(21_000);
  });

  test('wait as the settings say where they say it', () => {
    const { pace: it } = pace({ everyMs: 100, backOff: { ...BACK_OFF, firstMs: 50, longestMs: 150 } });
    expect([1, 2, 3].map(() => it.afterFailure(down))).toEqual([50, 100, 150]);
  });
});

describe('poll windows', () => {
  test('are open if one of them is, and asked about again within a minute', () => {
    const windows = ['08:00-10:00', '12:01-13:00'].map(pollWindow);
    const { pace: it, clock } = pace({ windows });
    clock.wall += 12_345;
    expect([it.isOpen(), it.untilOpen()]).toEqual([false, 47_655]);
    clock.wall += it.untilOpen();
    expect([it.isOpen(), it.untilOpen()]).toEqual([true, 0]);
    clock.wall -= 3 * HOUR_MS;
    expect(it.isOpen()).toBe(true);
    clock.wall += HOUR_MS;
    expect(it.untilOpen()).toBe(60_000);
  });

  test('are passed from one to the next without one being missed', () => {
    const { pace: it, clock } = pace({ windows: [pollWindow('Sun 01:15-01:45 Europe/London')] });
    clock.wall = Date.parse('2026-10-24T22:00:00Z');
    let asked = 0;
    while (!it.isOpen() && asked++ < 1_000) clock.wall += it.untilOpen();
    expect(new Date(clock.wall).toISOString()).toBe('2026-10-25T00:15:00.000Z');
  });
});
