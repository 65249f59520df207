// Finds the time stamps that the workload writes into values, and keeps how old they were when they were read.

import { stampUs } from '../server/load.js';
import { STAMP_DIGITS } from '../server/workload.js';
import { percentile } from '../stats.js';

const MARK = Buffer.from('"t":');
const ZERO = 0x30;
const MOST_SAMPLES = 1 << 21;

export interface LatencySummary {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Invariant: the first `#count` of `#ms` are the samples since the last summary. */
export class Latencies {
  readonly #ms = new Float64Array(MOST_SAMPLES);
  #count = 0;

  /** Stamps of one piece of a message. One that is cut by its end is not counted. */
  find(buffer: Buffer, from: number, to: number): void {
    const nowUs = stampUs();
    for (let at = from; ;) {
      const mark = buffer.indexOf(MARK, at);
      at = mark + MARK.length + STAMP_DIGITS;
      if (mark < 0 || at > to) return;
      let stamp = 0;
      for (let digit = at - STAMP_DIGITS; digit < at; digit++)
        stamp = stamp * 10 + (buffer[digit] ?? ZERO) - ZERO;
      if (this.#count < MOST_SAMPLES) this.#ms[this.#count++] = (nowUs - stamp) / 1000;
    }
  }

  /** Of all samples, which are forgotten. */
  summary(): LatencySummary {
    const sorted = this.#ms.slice(0, this.#count).sort();
    this.#count = 0;
    return {
      samples: sorted.length,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? NaN,
    };
  }
}
