// The edge: what the log says, to everybody who may see it. This file is the door (sessions, commands, policy, time);
// publisher.ts, delivery.ts and joins.ts are behind it.

import { Cache } from '../cache/cache.js';
import type { Clock } from '../clock.js';
import { decide } from '../entitle/decide.js';
import { grantsOf } from '../entitle/grants.js';
import type { Policy } from '../entitle/policy.js';
import type { Principal } from '../entitle/principal.js';
import { rightsOn } from '../entitle/rights.js';
import { IntentTable, viewOf, type View } from '../entitle/view.js';
import type { LogPartition, LogReader } from '../log/log.js';
import { partitionsLine } from '../protocol/control-lines.js';
import { sourceFreshLine, sourceStaleLine, type Alias } from '../protocol/data-lines.js';
import type { Filter } from '../topic/filter.js';
import { parseJson, stringifyJson } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';
import {
  entryKeyOf,
  type EntryKey,
  type Freshness,
  type LogBatch,
  type Ms,
  type Version,
} from '../topic/update.js';
import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Audience } from './audience.js';
import { Audiences, type EffectCounts } from './audiences.js';
import { Delivery } from './delivery.js';
import { sessionFigures, sourceFigures } from './figures.js';
import { Flow, type FlowLimits } from './flow.js';
import { Joins } from './joins.js';
import type { Listener } from './listener.js';
import { ControlMessage } from './message.js';
import { Publisher } from './publisher.js';
import { Session } from './session.js';
import type { Watch } from './stream.js';
import { NO_CUT, type Cut, type Subscription } from './subscription.js';
import { Subscriptions } from './subscriptions.js';
import { Timings } from './timings.js';
import { Upkeep } from './upkeep.js';

export interface FanOutLimits extends FlowLimits {
  readonly visiblePathsPerSubscription: number;
  /** Between two beats of a session. */
  readonly beatMs: Ms;
}

export interface FanOutOptions {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly limits: FanOutLimits;
  /** 0: what became due in one turn of the event loop leaves at its end. */
  readonly flushWindowMs: Ms;
}

export interface OpenSession {
  readonly principal: Principal;
  readonly listener: Listener;
  /** The client says itself how many frames it has processed. */
  readonly acks: boolean;
  /** Wall time from which nothing may be sent; undefined: never. */
  readonly expiresAt: Ms | undefined;
}

export interface SubscribeRequest {
  readonly filters: readonly Filter[];
  /** JSON pointers to what the client wants of each value; undefined: all that it may see. */
  readonly fields: readonly string[] | undefined;
  /** Whether the current values come first. */
  readonly snapshot: boolean;
  /** Whether every change carries its event time. */
  readonly times: boolean;
}

export interface ReadValue {
  readonly value: JsonText;
  readonly version: Version;
  readonly at: Ms;
  readonly x: number;
}

/** Paths that a lagging session may be owed one by one; beyond, it starts anew. */
const MAX_DIRTY = 5_000;

/** One edge: cache, audiences and sessions. Single-threaded; every method leaves it consistent. */
export class FanOut implements LogReader {
  readonly cache = new Cache<Watch>();
  readonly #clock: Clock;
  readonly #limits: FanOutLimits;
  readonly #audiences = new Audiences(this.cache);
  readonly #delivery: Delivery;
  readonly #joins: Joins;
  readonly #subscriptions: Subscriptions;
  readonly #publisher: Publisher;
  readonly #upkeep: Upkeep;
  readonly #intents = new IntentTable();
  readonly #sessions = new Set<Session>();
  readonly #partitions = new Map<number, LogPartition>();
  readonly #positions = new Map<number, Version>();
  readonly #stale = new Map<number, Ms>();
  readonly #overflowed = new Set<Session>();
  readonly #timings: Timings;
  /** Whether subscriptions could ever get something, and whether values that were asked for one by one were given. */
  readonly #decisions: Readonly<Record<'subscribe' | 'get', EffectCounts>> = {
    subscribe: { allow: 0, deny: 0 },
    get: { allow: 0, deny: 0 },
  };
  #policy: Policy;

  constructor(options: FanOutOptions) {
    const { clock, limits } = options;
    this.#clock = clock;
    this.#limits = limits;
    this.#policy = options.policy;
    this.#timings = new Timings(clock);
    this.#delivery = new Delivery({
      clock,
      flushWindowMs: options.flushWindowMs,
      maxDirty: MAX_DIRTY,
      mayWrite: (session, wallTime) => this.#upkeep.mayWrite(session, wallTime),
      flushed: () => this.#timings.flushed(),
      overflowed: (session) => this.#restartLater(session),
      caughtUp: (session) => this.#joins.resume(session),
    });
    this.#joins = new Joins(clock, this.#delivery, this.#timings.subscribe);
    this.#subscriptions = new Subscriptions({
      audiences: this.#audiences,
      delivery: this.#delivery,
      joins: this.#joins,
      visiblePaths: limits.visiblePathsPerSubscription,
      cut: () => this.#cut(),
    });
    this.#publisher = new Publisher({
      cache: this.cache,
      audiences: this.#audiences,
      delivery: this.#delivery,
      timings: this.#timings,
      grown: (audience) => this.#endIfOversized(audience),
    });
    this.#upkeep = new Upkeep({
      clock,
      sessions: this.#sessions,
      delivery: this.#delivery,
      subscriptions: this.#subscriptions,
      cut: () => this.#cut(),
      beatMs: limits.beatMs,
    });
  }

  /** The log's partitions, for the welcome. */
  get partitions(): readonly LogPartition[] {
    return [...this.#partitions.values()];
  }

  /** Totals and gauges for metrics; cheap enough for every scrape. */
  counts() {
    const timings = this.#timings;
    return {
      ...sessionFigures(this.#sessions),
      sources: sourceFigures(this.#partitions.values(), (x) => this.cache.holdings(x), timings),
      sessions: this.#sessions.size,
      audiences: this.#audiences.size,
      streams: this.#audiences.streams,
      views: this.#audiences.views,
      decisions: { ...this.#decisions, watch: this.#audiences.decisions },
      publish: this.#publisher.counts,
      delivery: { ...this.#delivery.counts, live: this.#delivery.live },
      outbox: this.#delivery.outboxes.counts,
      subscribe: timings.subscribe.read(),
      revocation: timings.revocation.read(),
    };
  }

  apply(batch: LogBatch): void {
    const { x, bounds } = batch;
    const { brackets } = this.#delivery;
    let version = batch.first;
    if (bounds !== undefined) brackets.begin();
    for (const update of batch.updates) this.#publisher.take(batch, version++, update);
    if (bounds !== undefined) brackets.end(x, bounds);
    this.#positions.set(x, version);
  }

  markSource(x: number, freshness: Freshness): void {
    const isStale = freshness.state === 'stale';
    if (isStale === this.#stale.has(x)) return;
    this.#timings.mark(x, freshness);
    if (isStale) this.#stale.set(x, freshness.since);
    else this.#stale.delete(x);
    const line = new ControlMessage(isStale ? sourceStaleLine([x], freshness.since) : sourceFreshLine([x]));
    for (const session of this.#sessions) this.#delivery.outboxes.push(session, line);
  }

  partitionAdded(partition: LogPartition): void {
    const isKnown = this.#partitions.has(partition.x);
    this.#partitions.set(partition.x, partition);
    this.#delivery.brackets.setAtomic(partition.x, partition);
    if (isKnown) return;
    this.#timings.add(partition);
    const line = new ControlMessage(partitionsLine([partition]));
    for (const session of this.#sessions) this.#delivery.outboxes.push(session, line);
  }

  partitionRemoved(x: number): void {
    this.#partitions.delete(x);
    this.#delivery.brackets.setAtomic(x, {});
    this.#timings.remove(x);
    this.#positions.delete(x);
    this.#stale.delete(x);
  }

  markPath(_x: number, key: EntryKey, _path: TopicPath, isStale: boolean): void {
    this.#publisher.markPath(key, isStale);
  }

  open(o: OpenSession): Session {
    const session = new Session({
      ...o,
      flow: new Flow(this.#limits, o.acks),
      grants: grantsOf(this.#policy, o.principal),
      now: this.#clock.monotonic(),
    });
    this.#sessions.add(session);
    return session;
  }

  /** Filters that sessions hold, all together: each costs up to 2 KB when nobody else has the same. */
  get filters(): number {
    return this.#subscriptions.memberships;
  }

  /** Keyframes follow in later turns, then `end`: a reply queued right after this call comes before them. */
  subscribe(
    session: Session,
    request: SubscribeRequest,
  ): { sub: number; n: number; rights: 'some' | 'none' } {
    if (session.nextSub === 1) this.#tellStale(session);
    const { filters, fields, snapshot, times } = request;
    const intent = this.#intents.internIntent({ fields, times });
    const sub = session.nextSub++;
    const subscription: Subscription = {
      sub,
      filters,
      intent,
      snapshot,
      memberships: [],
      askedAt: snapshot && !session.isSuspended ? this.#clock.monotonic() : undefined,
      joining: 0,
      cut: NO_CUT,
    };
    session.subscriptions.set(sub, subscription);
    if (!session.isSuspended) this.#subscriptions.enter(session, subscription);
    const isAllowed = filters.some((filter) => rightsOn(session.grants, filter) === 'some');
    this.#decisions.subscribe[isAllowed ? 'allow' : 'deny'] += 1;
    return { sub, n: intent.n, rights: isAllowed ? 'some' : 'none' };
  }

  /** Returns whether the session has such a subscription. */
  unsubscribe(session: Session, sub: number): boolean {
    const subscription = session.subscriptions.get(sub);
    if (subscription === undefined) return false;
    session.subscriptions.delete(sub);
    this.#subscriptions.leave(session, subscription);
    return true;
  }

  /** The current value as this session may see it now: nothing when its rights have run out. */
  get(session: Session, path: TopicPath, fields?: readonly string[]): ReadValue | undefined {
    if (this.#upkeep.isExpired(session, this.#clock.now())) return undefined;
    return this.read(session.principal, path, fields);
  }

  /** The current value as this principal may see it; absent and forbidden are the same. */
  read(principal: Principal, path: TopicPath, fields?: readonly string[]): ReadValue | undefined {
    const entry = this.cache.get(entryKeyOf('', path));
    if (entry === undefined) return undefined;
    const view = viewOf(
      decide(grantsOf(this.#policy, principal), path),
      this.#intents.internIntent({ fields, times: false }),
    );
    this.#decisions.get[view === undefined ? 'deny' : 'allow'] += 1;
    const value = view?.isIdentity === true ? entry.text : this.#project(entry.text, view);
    return value && { value, version: entry.version, at: entry.at, x: entry.x };
  }

  /** The client has processed this many frames, by its own word or by answering a ping. */
  ack(session: Session, frames: number): void {
    session.flow.acked(frames);
    this.#delivery.drain(session, this.#clock.monotonic());
  }

  /** The client cannot apply what it got of an alias: it gets the whole value. Aliases that it does not listen to are ignored. */
  resync(session: Session, alias: Alias): void {
    for (const { memberships } of session.subscriptions.values()) {
      for (const member of memberships) {
        for (const stream of member.held()) {
          if (stream.alias !== alias) continue;
          if (session.dirty !== undefined) session.dirty.set(stream, true);
          else this.#delivery.giveKeyframe(session, stream);
          return;
        }
      }
    }
  }

  /** The same person with a new token: rights may differ, and data that had stopped goes on. */
  refresh(session: Session, principal: Principal, expiresAt: Ms | undefined): void {
    session.principal = principal;
    session.expiresAt = expiresAt;
    const since = this.#clock.monotonic();
    const grants = grantsOf(this.#policy, principal);
    if (session.isSuspended) {
      session.isSuspended = false;
      session.grants = grants;
      this.#subscriptions.restart(session);
    } else if (this.#subscriptions.regrant(session, grants)) {
      this.#timings.revoked(since);
    }
  }

  /** Queues a control line in order with the session's data. */
  send(session: Session, line: Utf8): void {
    this.#delivery.control(session, line);
  }

  /** Writes what the session is owed now, for a last word before a close. */
  flush(session: Session): void {
    this.#delivery.outboxes.flush(session);
  }

  /** The connection is gone. */
  close(session: Session): void {
    if (session.isClosed) return;
    session.isClosed = true;
    this.#sessions.delete(session);
    this.#subscriptions.suspend(session);
    session.outbox = [];
  }

  /** From here on every session sees what the new policy grants. Returns how many sessions that changed anything for. */
  setPolicy(policy: Policy): number {
    this.#policy = policy;
    const since = this.#clock.monotonic();
    let affected = 0;
    for (const session of this.#sessions) {
      const grants = grantsOf(policy, session.principal);
      if (session.isSuspended) session.grants = grants;
      else if (this.#subscriptions.regrant(session, grants)) affected += 1;
    }
    if (affected > 0) this.#timings.revoked(since);
    return affected;
  }

  /** Lets go of its timer. Sessions are closed by who opened them. */
  stop(): void {
    this.#upkeep.stop();
  }

  #project(text: JsonText, view: View | undefined): JsonText | undefined {
    const projected = view?.project(parseJson(text));
    return projected === undefined ? undefined : stringifyJson(projected);
  }

  #cut(): Cut {
    return [...this.#positions];
  }

  #tellStale(session: Session): void {
    for (const [x, since] of this.#stale) this.#delivery.control(session, sourceStaleLine([x], since));
  }

  #restartLater(session: Session): void {
    this.#overflowed.add(session);
    if (this.#overflowed.size > 1) return;
    this.#clock.nextTurn(() => {
      for (const each of this.#overflowed) {
        if (!each.isClosed && !each.isSuspended) this.#subscriptions.restart(each);
      }
      this.#overflowed.clear();
    });
  }

  #endIfOversized(audience: Audience): void {
    if (audience.streams.size <= this.#limits.visiblePathsPerSubscription) return;
    const joining = [...audience.cohorts].flatMap((cohort) => [...cohort.members]);
    this.#subscriptions.endOversized([...audience.members, ...joining]);
  }
}
