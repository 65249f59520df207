// The seam between ingest and edge: an ordered hand-over that gives each update its version. Two implementations share it:
// in memory (one process) and, scaled out, one compacted Kafka topic per source. Readers get full values, never deltas.

import type { TopicPath } from '../topic/path.js';
import type { Bounds, EntryKey, Epoch, Freshness, LogBatch, Ms, Update } from '../topic/update.js';

/** The one writer of one lane (source, n). Calls keep their order for readers. */
export interface LogWriter {
  /**
   * Resolves (or returns, when there is nothing to wait for) once the updates are durable: only then acknowledge upstream.
   * `readAt`: when their records were taken from the source, wall time. `bounds`: they are a transaction of the source, or a part of one,
   * which the last part may end without an update; left out, they are none. Only of sources that were claimed as atomic.
   */
  append(updates: readonly Update[], readAt: Ms, bounds?: Bounds): Promise<void> | void;
  /** Says whether the lane's source is current; repeated calls with the same state are one. */
  markSource(freshness: Freshness): void;
  /** Says that a path's newest record was rejected, so its value is old (true); a later append of the path ends it by itself. */
  markPath(key: EntryKey, path: TopicPath, isStale: boolean): void;
  /** Lets go of the lane. Another writer may claim it and goes on where this one stopped. */
  release(): void;
  /** The source is configured no more, and all its paths have been deleted: its partition ends, and `x` is not used again. */
  retire(): void;
}

/** What an edge does with the log. Called in order; must not throw. */
export interface LogReader {
  apply(batch: LogBatch): void;
  markSource(x: number, freshness: Freshness): void;
  markPath(x: number, key: EntryKey, path: TopicPath, isStale: boolean): void;
  /** Before anything else is said of a partition, and again when it has become atomic or ceased to be. */
  partitionAdded(partition: LogPartition): void;
  /** Nothing more is said of it. */
  partitionRemoved(x: number): void;
}

/** One partition of the log as the wire's welcome names it. */
export interface LogPartition {
  readonly x: number;
  readonly source: string;
  readonly epoch: Epoch;
  /** Number of the partition within its source. */
  readonly part: number;
  /** Transactions of the source reach clients whole. Left out: no. */
  readonly atomic?: boolean | undefined;
}

/** What a writer says of its source when it claims the lane. */
export interface LaneClaim {
  /** Transactions of the source reach clients whole. */
  readonly atomic: boolean;
}
