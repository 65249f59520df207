// The log of the `single` role: versions and order, no storage. Every start is a new epoch, and sources are read anew.

import type { Clock } from '../clock.js';
import { epochOf, type Bounds, type Ms, type Update, type Version } from '../topic/update.js';
import type { LaneClaim, LogPartition, LogReader, LogWriter } from './log.js';

/** What the log keeps of one source between its writers. */
interface Lane {
  partition: LogPartition;
  /** Version of the next update. */
  next: Version;
}

/** Invariant: within a partition versions grow by one per update, and readers see appends in that order, before `append` returns. */
export class MemoryLog {
  readonly #clock: Clock;
  readonly #reader: LogReader;
  readonly #lanes = new Map<string, Lane>();
  #nextX = 0;

  constructor(clock: Clock, reader: LogReader) {
    this.#clock = clock;
    this.#reader = reader;
  }

  /**
   * The writer of a source's only lane. Always succeeds: nobody else can write to this log. A source that was claimed before
   * goes on in its epoch, atomic or not as it is now; one that was retired since begins a new one.
   */
  claim(source: string, { atomic }: LaneClaim = { atomic: false }): LogWriter {
    const lane = this.#lanes.get(source) ?? this.#open(source, atomic);
    this.#adjust(lane, atomic);
    const { x } = lane.partition;
    const reader = this.#reader;
    return {
      append(updates: readonly Update[], readAt: Ms, bounds?: Bounds) {
        const first = lane.next;
        lane.next += updates.length;
        reader.apply({ x, first, readAt, updates, bounds });
      },
      markSource: (freshness) => reader.markSource(x, freshness),
      markPath: (key, path, isStale) => reader.markPath(x, key, path, isStale),
      release() {},
      retire: () => {
        this.#lanes.delete(source);
        reader.partitionRemoved(x);
      },
    };
  }

  #open(source: string, atomic: boolean): Lane {
    const partition = { x: this.#nextX++, source, epoch: this.#newEpoch(), part: 0, atomic };
    const lane = { partition, next: 1 };
    this.#lanes.set(source, lane);
    this.#reader.partitionAdded(partition);
    return lane;
  }

  #adjust(lane: Lane, atomic: boolean): void {
    if (lane.partition.atomic === atomic) return;
    lane.partition = { ...lane.partition, atomic };
    this.#reader.partitionAdded(lane.partition);
  }

  #newEpoch() {
    const bits = () =>
      Math.floor(this.#clock.random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0');
    return epochOf(bits() + bits());
  }
}
