// How long things take until they are on the sockets. Changes are noted when they are told, and observed together behind the
// flush that wrote them: once per change and stream, whoever is listening, so that a delivery costs nothing more.

import type { Clock } from '../clock.js';
import type { LogPartition } from '../log/log.js';
import { Histogram } from '../telemetry/histogram.js';
import type { Freshness, Ms } from '../topic/update.js';

/** A change of a path that somebody was sent. */
interface ToldChange {
  /** Event time. */
  readonly at: Ms;
  /** When ingest took it from the source: wall time. */
  readonly readAt: Ms;
  /** Streams of the path that somebody who keeps up listens to, and in which it shows. */
  readonly streams: number;
}

/**
 * Changes until the next flush, a column per fact: an object for each, with its two boxed times, cost a tenth of a whole change
 * where one session listens.
 */
class ToldChanges {
  readonly #of: SourceTimings[] = [];
  readonly #at: Ms[] = [];
  readonly #readAt: Ms[] = [];
  readonly #streams: number[] = [];

  get isEmpty(): boolean {
    return this.#of.length === 0;
  }

  add(of: SourceTimings, { at, readAt, streams }: ToldChange): void {
    this.#of.push(of);
    this.#at.push(at);
    this.#readAt.push(readAt);
    this.#streams.push(streams);
  }

  /** `now`: wall time at which every socket has them. */
  observe(now: Ms): void {
    for (let i = 0; i < this.#of.length; i++) {
      const change = {
        at: this.#at[i] ?? now,
        readAt: this.#readAt[i] ?? now,
        streams: this.#streams[i] ?? 0,
      };
      this.#of[i]?.observe(change, now);
    }
    for (const column of [this.#of, this.#at, this.#readAt, this.#streams]) column.length = 0;
  }
}

/** Of one source, once per change and stream. */
export class SourceTimings {
  readonly source: string;
  /** From being read from the source to the sockets. */
  readonly delivery = new Histogram();
  /** From the event time to the sockets, while the source is live: what comes when it is not is known to be late. */
  readonly freshness = new Histogram();
  /** Of the latter, those whose event time was still to come by our clock; they took 0. */
  clockSkews = 0;
  isLive = true;

  constructor(source: string) {
    this.source = source;
  }

  /** `now`: wall time at which every socket has it. */
  observe({ at, readAt, streams }: ToldChange, now: Ms): void {
    this.delivery.observe(Math.max(0, now - readAt), streams);
    if (!this.isLive) return;
    this.freshness.observe(Math.max(0, now - at), streams);
    if (at > now) this.clockSkews += streams;
  }
}

/** Invariant: what is noted stands in an outbox of the next flush, and is observed once, behind it. */
export class Timings {
  /** From a request to the end of its snapshot, as far as the outbox. */
  readonly subscribe = new Histogram();
  /** From a new policy or token to the sockets of all from whom it takes something. */
  readonly revocation = new Histogram();
  readonly #clock: Clock;
  /** By log partition; those of one source share theirs. */
  readonly #sources = new Map<number, SourceTimings>();
  readonly #changes = new ToldChanges();
  /** When rights changed: monotonic. */
  #revocations: Ms[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add({ x, source }: LogPartition): void {
    const known = [...this.#sources.values()].find((each) => each.source === source);
    this.#sources.set(x, known ?? new SourceTimings(source));
  }

  remove(x: number): void {
    this.#sources.delete(x);
  }

  of(x: number): SourceTimings | undefined {
    return this.#sources.get(x);
  }

  mark(x: number, freshness: Freshness): void {
    const timings = this.#sources.get(x);
    if (timings !== undefined) timings.isLive = freshness.state === 'live';
  }

  /** A change of partition `x` has been put into outboxes. */
  told(x: number, change: ToldChange): void {
    const of = this.#sources.get(x);
    if (of !== undefined) this.#changes.add(of, change);
  }

  /** Rights have changed, and what that takes away is in outboxes. `since`: monotonic. */
  revoked(since: Ms): void {
    this.#revocations.push(since);
  }

  /** Everything that was in outboxes has been written. */
  flushed(): void {
    if (!this.#changes.isEmpty) this.#changes.observe(this.#clock.now());
    if (this.#revocations.length === 0) return;
    const now = this.#clock.monotonic();
    for (const since of this.#revocations) this.revocation.observe(now - since);
    this.#revocations = [];
  }
}
