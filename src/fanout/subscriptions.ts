// Puts subscriptions into audiences and takes them out, and moves them when a session's rights change.

import { reduceGrants, type Grants } from '../entitle/grants.js';
import { limitLine, resetLine, rightsLine } from '../protocol/control-lines.js';
import { Membership } from './audience.js';
import type { Audiences } from './audiences.js';
import type { Delivery } from './delivery.js';
import type { Joins } from './joins.js';
import { BRACKET_END, DeleteMessage } from './message.js';
import type { Session } from './session.js';
import type { Stream } from './stream.js';
import type { Cut, Subscription } from './subscription.js';

export interface SubscriptionsOptions {
  readonly audiences: Audiences;
  readonly delivery: Delivery;
  readonly joins: Joins;
  /** Paths that one subscription may show. */
  readonly visiblePaths: number;
  readonly cut: () => Cut;
}

/** Invariant: a subscription has one membership per filter while its session is not suspended, and none while it is. */
export class Subscriptions {
  readonly #o: SubscriptionsOptions;
  #memberships = 0;

  constructor(options: SubscriptionsOptions) {
    this.#o = options;
  }

  /** Of all sessions. */
  get memberships(): number {
    return this.#memberships;
  }

  /** Enters the audiences; keyframes follow in later turns, then `end`. */
  enter(session: Session, subscription: Subscription): void {
    const { audiences, joins, delivery, visiblePaths } = this.#o;
    delivery.arrears.withdraw(session);
    subscription.cut = this.#o.cut();
    if (!subscription.snapshot) {
      session.defined ??= new Set([...heldBy(session)].map((stream) => stream.alias));
    }
    subscription.memberships = subscription.filters.map((filter) => {
      const grants = reduceGrants(session.grants, filter);
      const audience = audiences.obtain(grants, filter, subscription.intent, visiblePaths);
      return new Membership(session, subscription, audience);
    });
    subscription.joining = subscription.memberships.length;
    this.#memberships += subscription.memberships.length;
    for (const member of subscription.memberships) {
      if (subscription.snapshot) {
        joins.start(member);
      } else {
        member.audience.admit(member);
        joins.joined(member);
      }
    }
    if (visibleTo(subscription) > visiblePaths) this.#end(session, subscription, delivery);
  }

  /**
   * Leaves the audiences; what is queued already still arrives. The client keeps what another subscription wants too. Where that has
   * yet to come to a path, nobody would tell of its end: it is deleted, and comes again.
   */
  leave(session: Session, subscription: Subscription): void {
    const { arrears, outboxes } = this.#o.delivery;
    arrears.withdraw(session);
    const held = session.isLagging || session.isJoining ? [...heldThrough(subscription)] : [];
    this.#dismiss(session, subscription);
    for (const stream of held) {
      if (isHeldBy(session, stream)) continue;
      const had = session.dirty?.get(stream) ?? true;
      session.dirty?.delete(stream);
      if (!had || !isAwaitedBy(session, stream)) continue;
      outboxes.push(session, new DeleteMessage(stream, stream.entry.version, stream.entry.at));
    }
  }

  /** Ends the subscriptions of an audience that a new path has made too large. */
  endOversized(members: readonly Membership[]): void {
    for (const member of [...members]) this.#end(member.session, member.subscription, this.#o.delivery);
  }

  /** Takes a session out of everything, keeping what it asked for. */
  suspend(session: Session): void {
    const mayBeInBracket =
      session.owed !== undefined || session.outbox.some(({ kind }) => kind === 'bracket');
    this.#leaveAll(session);
    if (!mayBeInBracket) return;
    const control = session.outbox;
    session.outbox = [];
    this.#o.delivery.brackets.empty(session, BRACKET_END);
    session.outbox.push(...control);
  }

  /** Starts every subscription anew: at its `end` the client drops what has not come again. */
  restart(session: Session): void {
    this.#leaveAll(session);
    for (const subscription of session.subscriptions.values()) {
      this.#o.delivery.control(session, resetLine({ sub: subscription.sub }));
      subscription.snapshot = true; // what it had missed when it was interrupted, it gets as values
      subscription.askedAt = undefined;
      this.enter(session, subscription);
    }
  }

  /**
   * The session has other rights. What it can no longer see is deleted at its client at once, and what it can see starts
   * anew; nothing that was queued under the old rights is sent. Returns whether anything that it listens to has changed.
   */
  regrant(session: Session, grants: Grants): boolean {
    const isAffected = [...membersOf(session)].some(
      ({ audience }) => reduceGrants(grants, audience.filter).canonical !== audience.grants.canonical,
    );
    session.grants = grants;
    if (!isAffected) return false;
    const held = new Set(heldBy(session));
    this.restart(session);
    this.#o.delivery.control(session, rightsLine());
    this.#deleteLost(session, held);
    return true;
  }

  #deleteLost(session: Session, held: ReadonlySet<Stream>): void {
    const heard = new Set<string>();
    for (const { audience } of membersOf(session)) {
      for (const stream of audience.streams.values())
        heard.add(`${stream.view.intent.n} ${stream.entry.key}`);
    }
    for (const stream of held) {
      if (heard.has(`${stream.view.intent.n} ${stream.entry.key}`)) continue;
      const { version, at } = stream.entry;
      this.#o.delivery.outboxes.push(session, new DeleteMessage(stream, version, at));
    }
  }

  /** Nothing that is queued or owed is sent any more. What comes next, `reset` or an empty bracket, makes one void that is not complete. */
  #leaveAll(session: Session): void {
    session.owed = undefined;
    this.#o.delivery.brackets.forget(session);
    for (const subscription of session.subscriptions.values()) this.#dismiss(session, subscription);
    session.outbox = session.outbox.filter((message) => message.kind === 'control');
    if (session.dirty !== undefined) session.dirty = new Map(); // it still lags, but owes nothing
    session.defined = undefined;
  }

  #dismiss(session: Session, subscription: Subscription): void {
    for (const member of subscription.memberships) {
      member.audience.dismiss(member);
      this.#o.audiences.releaseIfEmpty(member.audience);
    }
    session.parked = session.parked.filter((cohort) => cohort.members.size > 0);
    this.#memberships -= subscription.memberships.length;
    subscription.memberships = [];
  }

  #end(session: Session, subscription: Subscription, delivery: Delivery): void {
    if (!session.subscriptions.delete(subscription.sub)) return;
    this.leave(session, subscription);
    delivery.control(session, limitLine(subscription.sub));
  }
}

function* membersOf(session: Session): Iterable<Membership> {
  for (const subscription of session.subscriptions.values()) yield* subscription.memberships;
}

function* heldBy(session: Session): Iterable<Stream> {
  for (const member of membersOf(session)) yield* member.held();
}

function* heldThrough({ memberships }: Subscription): Iterable<Stream> {
  for (const member of memberships) yield* member.held();
}

/** Whether a subscription of the session has been given the stream. */
function isHeldBy(session: Session, stream: Stream): boolean {
  for (const member of membersOf(session)) if (member.holds(stream)) return true;
  return false;
}

/** Whether a subscription of the session is still to be given the stream. */
function isAwaitedBy(session: Session, stream: Stream): boolean {
  for (const { audience } of membersOf(session))
    if (audience.streams.get(stream.entry) === stream) return true;
  return false;
}

function visibleTo(subscription: Subscription): number {
  let visible = 0;
  for (const { audience } of subscription.memberships) visible += audience.streams.size;
  return visible;
}
