// The log of the `single` role: versions and order, no storage. Every start is a new epoch, and sources are read anew.

import type { Clock } from '../clock.js';
import { epochOf, type Update } from '../topic/update.js';
import type { LogPartition, LogReader, LogWriter } from './log.js';

/** Invariant: within a partition versions grow by one per update, and readers see appends in that order, before `append` returns. */
export class MemoryLog {
  readonly #clock: Clock;
  readonly #reader: LogReader;
  readonly #partitions: LogPartition[] = [];

  constructor(clock: Clock, reader: LogReader) {
    this.#clock = clock;
    this.#reader = reader;
  }

  get partitions(): readonly LogPartition[] {
    return this.#partitions;
  }

  /** The writer of a source's only lane. Always succeeds: nobody else can write to this log. */
  claim(source: string): LogWriter {
    const x = this.#partitions.length;
    this.#partitions.push({ x, source, epoch: this.#newEpoch(), part: 0 });
    const reader = this.#reader;
    let next = 1;
    return {
      append(updates: readonly Update[]) {
        const first = next;
        next += updates.length;
        reader.apply({ x, first, updates });
      },
      markSource: (freshness) => reader.markSource(x, freshness),
      markPath: (key, path, isStale) => reader.markPath(x, key, path, isStale),
      release() {},
    };
  }

  #newEpoch() {
    const bits = () =>
      Math.floor(this.#clock.random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0');
    return epochOf(bits() + bits());
  }
}
