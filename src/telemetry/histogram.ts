// How often something took how long, in fixed buckets. Stages that measure time observe into one of these, which costs some
// ten nanoseconds, and a scrape reads it; prom-client's own costs sixty times as much.

import type { Ms } from '../topic/update.js';

/** Upper bounds of the buckets; a last one takes what is longer. Few: each is a series of every histogram of every source. */
export const BUCKETS_MS: readonly Ms[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 10_000];

/** What a scrape sees of a histogram. */
export interface HistogramReading {
  /** How many took at most as long as the bound at the same index. */
  readonly atMost: readonly number[];
  readonly count: number;
  readonly sumMs: Ms;
}

/** Invariant: every observation is in exactly one bucket, and in the sum. */
export class Histogram {
  readonly #counts: number[] = new Array<number>(BUCKETS_MS.length + 1).fill(0);
  #sumMs: Ms = 0;

  /** `times` things took `ms`, at least 0. */
  observe(ms: Ms, times = 1): void {
    let bucket = 0;
    while (ms > (BUCKETS_MS[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#sumMs += ms * times;
  }

  read(): HistogramReading {
    let count = 0;
    const atMost = this.#counts.map((inBucket) => (count += inBucket));
    return { atMost: atMost.slice(0, BUCKETS_MS.length), count, sumMs: this.#sumMs };
  }
}
