import { expect, test } from '@jest/globals';
import { BUCKETS_MS, Histogram } from '../../src/telemetry/histogram.js';

test('an observation counts in its bucket and in all that are wider; a bound belongs to the bucket below it', () => {
  const histogram = new Histogram();
  for (const ms of [0, 1, 1.5, 10, 10.5, 60_000]) histogram.observe(ms);
  histogram.observe(20, 3);
  expect(histogram.read()).toEqual({
    //       1  2.5 5  10 25 50 100 250 1000 10000
    atMost: [2, 3, 3, 4, 8, 8, 8, 8, 8, 8],
    count: 9,
    sumMs: 0 + 1 + 1.5 + 10 + 10.5 + 60_000 + 3 * 20,
  });
});

test('F16 there are at most twelve buckets, from 1 ms to 10 s', () => {
  expect(BUCKETS_MS.length + 1).toBeLessThanOrEqual(12);
  expect([BUCKETS_MS[0], BUCKETS_MS.at(-1)]).toEqual([1, 10_000]);
  expect([...BUCKETS_MS].sort((a, b) => a - b)).toEqual(BUCKETS_MS);
});
