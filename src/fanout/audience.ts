// An audience is everybody with the same rights (as far as the filter reaches), filter and intent: the unit of membership,
// so that 10,000 sessions on 100,000 paths are not 10^9 entries. A cohort is those of an audience who join at one time.

import type { Grants } from '../entitle/grants.js';
import type { Intent } from '../entitle/view.js';
import type { Filter } from '../topic/filter.js';
import type { Slot } from '../cache/cache.js';
import type { Session } from './session.js';
import type { Stream, WatchedEntry } from './stream.js';
import type { Subscription } from './subscription.js';

/** One filter of one subscription of one session, as a member of an audience. */
export class Membership {
  readonly session: Session;
  readonly subscription: Subscription;
  readonly audience: Audience;
  /** Place in `audience.members`; -1 while joining. */
  index = -1;
  /** Set while joining. */
  cohort: Cohort | undefined;

  constructor(session: Session, subscription: Subscription, audience: Audience) {
    this.session = session;
    this.subscription = subscription;
    this.audience = audience;
  }

  /** The streams whose keyframe this member has been given. */
  *held(): Iterable<Stream> {
    for (const stream of this.audience.streams.values()) if (this.#isPast(stream)) yield stream;
  }

  /** Whether this member has been given the stream's keyframe. */
  holds(stream: Stream): boolean {
    return this.audience.streams.get(stream.entry) === stream && this.#isPast(stream);
  }

  #isPast(stream: Stream): boolean {
    return this.cohort === undefined || stream.entry.slot < this.cohort.cursor;
  }
}

/** Invariant: a stream stands in `streams` exactly while its path exists, matches, and is visible; in order of slots. */
export class Audience {
  /** Equal audiences have equal identities. */
  readonly identity: string;
  readonly grants: Grants;
  readonly filter: Filter;
  readonly intent: Intent;
  readonly streams = new Map<WatchedEntry, Stream>();
  /** Those who have every stream's keyframe and get what changes. */
  readonly members: Membership[] = [];
  /** Those who are being given the keyframes; never an empty cohort. */
  readonly cohorts = new Set<Cohort>();

  constructor(identity: string, grants: Grants, filter: Filter, intent: Intent) {
    this.identity = identity;
    this.grants = grants;
    this.filter = filter;
    this.intent = intent;
  }

  get isEmpty(): boolean {
    return this.members.length === 0 && this.cohorts.size === 0;
  }

  admit(member: Membership): void {
    member.cohort = undefined;
    member.index = this.members.length;
    this.members.push(member);
  }

  /** Takes a member out, wherever it is. */
  dismiss(member: Membership): void {
    if (member.cohort !== undefined) {
      member.cohort.remove(member);
      return;
    }
    const last = this.members.pop();
    if (last === undefined || last === member) return;
    this.members[member.index] = last;
    last.index = member.index;
  }
}

/**
 * A walk through an audience's streams in order of slots. A change goes to a cohort at once if its path lies behind
 * the cursor; else the walk reads the changed value when it gets there. So nothing is missed and nothing is buffered.
 */
export class Cohort {
  readonly audience: Audience;
  readonly members = new Set<Membership>();
  readonly #walk: Iterator<Stream>;
  #cursor: Slot;

  constructor(audience: Audience, from: Slot = 0) {
    this.audience = audience;
    this.#cursor = from;
    this.#walk = audience.streams.values(); // live: sees births and deaths ahead of it
  }

  /** Every path with a smaller slot has been given. */
  get cursor(): Slot {
    return this.#cursor;
  }

  add(member: Membership): void {
    member.cohort = this;
    this.members.add(member);
    this.audience.cohorts.add(this);
  }

  remove(member: Membership): void {
    this.members.delete(member);
    member.cohort = undefined;
    if (this.members.size === 0) this.audience.cohorts.delete(this);
  }

  /** The next stream to give, or undefined at the end. */
  next(): Stream | undefined {
    for (;;) {
      const step = this.#walk.next();
      if (step.done === true) return undefined;
      const { slot } = step.value.entry;
      if (slot < this.#cursor) continue; // where a cohort that was split off begins
      this.#cursor = slot + 1;
      return step.value;
    }
  }

  /** All have been given everything: they are members now. */
  finish(): void {
    for (const member of this.members) this.audience.admit(member);
    this.members.clear();
    this.audience.cohorts.delete(this);
  }
}
