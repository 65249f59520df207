// Turns what the log says into messages: work per change, then per view; what is left per session is a field read and a push.

import type { Cache, Change } from '../cache/cache.js';
import type { EntryKey, LogBatch, Ms, Update, Version } from '../topic/update.js';
import type { JsonText } from '../topic/utf8.js';
import type { Audience } from './audience.js';
import type { Audiences } from './audiences.js';
import type { Delivery } from './delivery.js';
import { FreshnessMessage, type Message } from './message.js';
import type { Stream, Watch, WatchedEntry } from './stream.js';
import type { Timings } from './timings.js';
import { Transition } from './transition.js';

/** Totals since the start, per change and stream; read at scrapes. */
export interface PublishCounts {
  /** Updates taken from the log. */
  updates: number;
  /** Messages by what they say: the forms of a delta, whole values, deletes. */
  merge: number;
  patch: number;
  full: number;
  keyframe: number;
  delete: number;
  /** Changes of which a stream showed nothing: hidden fields, equal values. */
  none: number;
  /** Bytes of the whole values in whose place a delta, or nothing, was told, less those of the delta. */
  readonly saved: { merge: number; patch: number; none: number };
}

export interface PublisherOptions {
  readonly cache: Cache<Watch>;
  readonly audiences: Audiences;
  readonly delivery: Delivery;
  readonly timings: Timings;
  /** An audience was given a path more, and has too many now. */
  readonly grown: (audience: Audience) => void;
}

/** Takes updates in the log's order. A path that nobody watches is stored, not parsed. */
export class Publisher {
  readonly counts: PublishCounts = {
    updates: 0,
    merge: 0,
    patch: 0,
    full: 0,
    keyframe: 0,
    delete: 0,
    none: 0,
    saved: { merge: 0, patch: 0, none: 0 },
  };
  readonly #o: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#o = options;
  }

  /** One of the batch's updates. */
  take({ x, readAt }: LogBatch, version: Version, update: Update): void {
    const { cache, timings } = this.#o;
    this.counts.updates += 1;
    if (cache.stalePaths > 0) this.markPath(update.key, false);
    const change = cache.apply(x, version, update);
    if (change === undefined) return;
    const streams = this.#tell(change);
    if (streams > 0) timings.told(x, { at: update.at, readAt, streams });
  }

  /** The path's newest record could not be used, or a good one has come. */
  markPath(key: EntryKey, isStale: boolean): void {
    const entry = this.#o.cache.markStale(key, isStale);
    for (const stream of entry?.watch?.streams ?? []) {
      this.#o.delivery.publish(stream, new FreshnessMessage(stream));
    }
  }

  /** Like all that it calls, returns in how many streams somebody gets it with the next flush. */
  #tell(change: Change<Watch>): number {
    const { entry } = change;
    switch (change.kind) {
      case 'born':
        return this.#born(entry);
      case 'changed':
        return entry.watch === undefined ? 0 : this.#changed(entry, entry.watch, change.previous);
      case 'gone':
        return this.#gone(entry, change.version, change.at);
    }
  }

  #born(entry: WatchedEntry): number {
    const audiences = this.#o.audiences.born(entry);
    let live = 0;
    for (const stream of entry.watch?.streams ?? []) live += this.#publish(stream, stream.keyframe());
    for (const audience of audiences) this.#o.grown(audience);
    return live;
  }

  #changed(entry: WatchedEntry, watch: Watch, previousText: JsonText): number {
    const transition = new Transition(previousText, entry.text, watch.value);
    let live = 0;
    for (const stream of watch.streams) live += this.#publish(stream, stream.advance(transition));
    watch.value = transition.nextIfParsed;
    return live;
  }

  #gone(entry: WatchedEntry, version: Version, at: Ms): number {
    let live = 0;
    for (const stream of entry.watch?.streams ?? []) live += this.#publish(stream, stream.end(version, at));
    this.#o.audiences.gone(entry);
    return live;
  }

  #publish(stream: Stream, message: Message | undefined): 0 | 1 {
    this.#count(stream, message);
    if (message === undefined) return 0;
    const { delivery } = this.#o;
    const before = delivery.live;
    delivery.publish(stream, message);
    return delivery.live > before ? 1 : 0;
  }

  #count(stream: Stream, message: Message | undefined): void {
    const { counts } = this;
    if (message === undefined) {
      counts.none += 1;
      counts.saved.none += stream.wholeBytes;
    } else if (message.kind === 'delta') {
      const { form, text } = message.delta;
      counts[form] += 1;
      if (form !== 'full') counts.saved[form] += Math.max(0, stream.wholeBytes - text.length);
    } else if (message.kind === 'keyframe' || message.kind === 'delete') {
      counts[message.kind] += 1;
    }
  }
}
