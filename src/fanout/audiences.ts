// Keeps audiences and the streams that they listen to true to which paths exist. Matching and deciding happen here, at the
// birth of a path or of an audience, never per change.

import type { Cache } from '../cache/cache.js';
import { decide } from '../entitle/decide.js';
import type { Grants } from '../entitle/grants.js';
import { viewOf, type Intent, type View } from '../entitle/view.js';
import type { Alias } from '../protocol/data-lines.js';
import type { Filter } from '../topic/filter.js';
import { Audience } from './audience.js';
import { Stream, type Watch, type WatchedEntry } from './stream.js';
import { SubscriptionIndex } from './subscription-index.js';

/** Answers of the one decision so far, by effect. */
export interface EffectCounts {
  allow: number;
  deny: number;
}

/** The only space so far. */
const SPACE = '';

/** Invariant: an audience hears a stream exactly when the path exists, its filter matches, and its grants show something. */
export class Audiences {
  /** What paths show to audiences: decided at the birth of either. */
  readonly decisions: EffectCounts = { allow: 0, deny: 0 };
  readonly #cache: Cache<Watch>;
  readonly #index = new SubscriptionIndex();
  readonly #byIdentity = new Map<string, Audience>();
  /** How many streams show a view. */
  readonly #views = new Map<View, number>();
  #nextAlias: Alias = 1;
  #streams = 0;

  constructor(cache: Cache<Watch>) {
    this.#cache = cache;
  }

  /** How many audiences there are. */
  get size(): number {
    return this.#byIdentity.size;
  }

  /** How many streams there are: paths that are watched, once per view. */
  get streams(): number {
    return this.#streams;
  }

  /** How many different views these show: the cost driver of every change. */
  get views(): number {
    return this.#views.size;
  }

  /**
   * The audience of these rights, filter and intent, hearing every path that is there. `grants` are already reduced to what
   * can matter to the filter. Stops at `most` streams: more than a subscription may have is enough to know.
   */
  obtain(grants: Grants, filter: Filter, intent: Intent, most: number): Audience {
    const identity = `${intent.n} ${filter} ${grants.canonical}`;
    const existing = this.#byIdentity.get(identity);
    if (existing !== undefined) return existing;
    const audience = new Audience(identity, grants, filter, intent);
    this.#byIdentity.set(identity, audience);
    this.#index.add(audience);
    for (const entry of this.#cache.walk(SPACE, filter)) {
      if (audience.streams.size > most) break;
      this.#attach(audience, entry);
    }
    return audience;
  }

  /** Forgets an audience that nobody is in. */
  releaseIfEmpty(audience: Audience): void {
    if (!audience.isEmpty || this.#byIdentity.get(audience.identity) !== audience) return;
    this.#byIdentity.delete(audience.identity);
    this.#index.remove(audience);
    for (const [entry, stream] of audience.streams) this.#detach(audience, entry, stream);
    audience.streams.clear();
  }

  /** A path came into being: the audiences that now hear it. */
  born(entry: WatchedEntry): Audience[] {
    return this.#index.match(entry.path).filter((audience) => this.#attach(audience, entry));
  }

  /** A path is gone: nobody hears it any more. */
  gone(entry: WatchedEntry): void {
    for (const stream of entry.watch?.streams ?? []) {
      this.#ended(stream);
      for (const audience of stream.audiences) audience.streams.delete(entry);
    }
    entry.watch = undefined;
  }

  #attach(audience: Audience, entry: WatchedEntry): boolean {
    const view = viewOf(decide(audience.grants, entry.path), audience.intent);
    this.decisions[view === undefined ? 'deny' : 'allow'] += 1;
    if (view === undefined) return false;
    const watch = (entry.watch ??= { value: undefined, streams: [] });
    let stream = watch.streams.find((s) => s.view.canonical === view.canonical);
    if (stream === undefined) {
      stream = this.#begun(entry, view);
      watch.streams.push(stream);
    }
    stream.audiences.push(audience);
    audience.streams.set(entry, stream);
    return true;
  }

  #detach(audience: Audience, entry: WatchedEntry, stream: Stream): void {
    stream.audiences.splice(stream.audiences.indexOf(audience), 1);
    if (stream.audiences.length > 0 || entry.watch === undefined) return;
    const { streams } = entry.watch;
    streams.splice(streams.indexOf(stream), 1);
    this.#ended(stream);
    if (streams.length === 0) entry.watch = undefined;
  }

  #begun(entry: WatchedEntry, view: View): Stream {
    this.#streams += 1;
    this.#views.set(view, (this.#views.get(view) ?? 0) + 1);
    return new Stream(this.#nextAlias++, entry, view);
  }

  #ended({ view }: Stream): void {
    this.#streams -= 1;
    const left = (this.#views.get(view) ?? 0) - 1;
    if (left > 0) this.#views.set(view, left);
    else this.#views.delete(view);
  }
}
