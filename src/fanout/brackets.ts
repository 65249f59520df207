// Transactions of atomic partitions on their way to sessions: what a session gets of one stands in one message, between brackets
// that tell the client to apply it as a whole. What lagging sessions are owed comes in brackets too: arrears.ts.

import type { Bounds } from '../topic/update.js';
import { BRACKET_BEGIN, BRACKET_END, BRACKET_SPLIT, type BracketMessage, type Message } from './message.js';
import type { Outboxes } from './outboxes.js';
import type { Session } from './session.js';

/** One batch of a transaction while it is told. Invariant: each of `sessions` has a begin in its outbox, and behind it only lines about paths. */
export class OpenBracket {
  readonly sessions: Session[] = [];
  /** What is about no path, and comes behind the bracket. */
  readonly after: (readonly [Session, Message])[] = [];

  /** Whether the message goes into the session's outbox now. */
  takes(session: Session, message: Message): boolean {
    if (message.stream === undefined) {
      this.after.push([session, message]);
      return false;
    }
    if (session.bracket !== this) {
      session.bracket = this;
      this.sessions.push(session);
      session.outbox.push(BRACKET_BEGIN);
    }
    return true;
  }
}

/**
 * Invariant: a session is `isSplit` exactly while the last end that was put into its outbox was a split, and a live session is so
 * while a transaction of which it was given a part is under way.
 */
export class Brackets {
  readonly #outboxes: Outboxes;
  readonly #atomic = new Set<number>();
  /** By partition in the midst of a transaction that comes in parts: the sessions that have been given some of it. */
  readonly #underWay = new Map<number, Set<Session>>();

  constructor(outboxes: Outboxes) {
    this.#outboxes = outboxes;
  }

  /** Says whether transactions of a partition reach clients whole. */
  setAtomic(x: number, { atomic = false }: { readonly atomic?: boolean | undefined }): void {
    if (atomic) this.#atomic.add(x);
    else this.#atomic.delete(x);
    if (!atomic) this.#finish(x, []);
  }

  isAtomic(x: number): boolean {
    return this.#atomic.has(x);
  }

  /** From here to {@link end} one batch is told. Nothing may be written meanwhile. */
  begin(): void {
    this.#outboxes.bracket = new OpenBracket();
  }

  /** The batch, of partition `x`, has been told. */
  end(x: number, bounds: Bounds): void {
    const { bracket } = this.#outboxes;
    if (bracket === undefined) return;
    this.#outboxes.bracket = undefined;
    if (bounds === 'part') this.#goOn(x, bracket.sessions);
    else this.#finish(x, bracket.sessions);
    for (const session of bracket.sessions) session.bracket = undefined;
    for (const [session, message] of bracket.after) this.#outboxes.push(session, message);
  }

  /** Values of partition `x` are given to the session as they are now, which may be in the midst of a transaction. */
  given(session: Session, x: number): void {
    this.#underWay.get(x)?.add(session);
  }

  /** The end of a bracket that holds what is true now. */
  endFor(session: Session): BracketMessage {
    for (const sessions of this.#underWay.values()) if (sessions.has(session)) return BRACKET_SPLIT;
    return BRACKET_END;
  }

  close(session: Session, end: BracketMessage): void {
    this.#outboxes.push(session, end);
    session.isSplit = end === BRACKET_SPLIT;
  }

  /** An empty bracket: what was begun and not ended before is void. */
  empty(session: Session, end: BracketMessage): void {
    this.#outboxes.push(session, BRACKET_BEGIN);
    this.close(session, end);
  }

  /** Tells the session that the transaction of which it has a part is complete, if it is. */
  settle(session: Session): void {
    if (session.isSplit && this.endFor(session) === BRACKET_END) this.empty(session, BRACKET_END);
  }

  /** A snapshot is complete that was perhaps taken in the midst of a transaction: what that has deleted so far, it cannot show. */
  joined(session: Session): void {
    if (this.#underWay.size === 0 || session.isLagging) return;
    for (const sessions of this.#underWay.values()) sessions.add(session);
    if (!session.isSplit) this.empty(session, BRACKET_SPLIT);
  }

  /** What the session's client holds is given anew, or never again. */
  forget(session: Session): void {
    for (const sessions of this.#underWay.values()) sessions.delete(session);
    session.isSplit = false;
  }

  #goOn(x: number, told: readonly Session[]): void {
    const given = this.#underWay.get(x) ?? new Set();
    this.#underWay.set(x, given);
    for (const session of told) {
      given.add(session);
      this.close(session, BRACKET_SPLIT);
    }
  }

  #finish(x: number, told: readonly Session[]): void {
    const given = this.#underWay.get(x);
    this.#underWay.delete(x);
    for (const session of told) this.#closeWhole(session);
    for (const session of given ?? []) if (!session.isLagging) this.settle(session); // else behind what it is owed
  }

  /** One line is whole by itself: that there was more which the session may not see must not show. */
  #closeWhole(session: Session): void {
    const { outbox } = session;
    const end = this.endFor(session);
    const isAlone = outbox.at(-2) === BRACKET_BEGIN;
    if (isAlone && !session.isSplit && end === BRACKET_END) outbox.splice(-2, 1);
    else this.close(session, end);
  }
}
