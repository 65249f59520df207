// Turns what the log says into messages: work per change, then per view; what is left per session is a field read and a push.

import type { Cache, Change } from '../cache/cache.js';
import type { EntryKey, Update, Version } from '../topic/update.js';
import type { JsonText } from '../topic/utf8.js';
import type { Audience } from './audience.js';
import type { Audiences } from './audiences.js';
import type { Delivery } from './delivery.js';
import { FreshnessMessage, type Message } from './message.js';
import type { Stream, Watch, WatchedEntry } from './stream.js';
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
}

export interface PublisherOptions {
  readonly cache: Cache<Watch>;
  readonly audiences: Audiences;
  readonly delivery: Delivery;
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
  };
  readonly #o: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#o = options;
  }

  take(x: number, version: Version, update: Update): void {
    const { cache } = this.#o;
    this.counts.updates += 1;
    if (cache.stalePaths > 0) this.markPath(update.key, false);
    const change = cache.apply(x, version, update);
    if (change !== undefined) this.#tell(change);
  }

  /** The path's newest record could not be used, or a good one has come. */
  markPath(key: EntryKey, isStale: boolean): void {
    const entry = this.#o.cache.markStale(key, isStale);
    for (const stream of entry?.watch?.streams ?? []) {
      this.#o.delivery.publish(stream, new FreshnessMessage(stream));
    }
  }

  #tell(change: Change<Watch>): void {
    const { entry } = change;
    switch (change.kind) {
      case 'born':
        return this.#born(entry);
      case 'changed':
        if (entry.watch !== undefined) this.#changed(entry, entry.watch, change.previous);
        return;
      case 'gone':
        for (const stream of entry.watch?.streams ?? []) {
          this.#publish(stream, stream.end(change.version, change.at));
        }
        return this.#o.audiences.gone(entry);
    }
  }

  #born(entry: WatchedEntry): void {
    const audiences = this.#o.audiences.born(entry);
    for (const stream of entry.watch?.streams ?? []) this.#publish(stream, stream.keyframe());
    for (const audience of audiences) this.#o.grown(audience);
  }

  #changed(entry: WatchedEntry, watch: Watch, previousText: JsonText): void {
    const transition = new Transition(previousText, entry.text, watch.value);
    for (const stream of watch.streams) this.#publish(stream, stream.advance(transition));
    watch.value = transition.nextIfParsed;
  }

  #publish(stream: Stream, message: Message | undefined): void {
    if (message === undefined) {
      this.counts.none += 1;
      return;
    }
    this.#count(message);
    this.#o.delivery.publish(stream, message);
  }

  #count(message: Message): void {
    if (message.kind === 'delta') this.counts[message.delta.form] += 1;
    else if (message.kind === 'keyframe' || message.kind === 'delete') this.counts[message.kind] += 1;
  }
}
