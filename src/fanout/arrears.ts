// What lagging sessions are owed: the current value or the delete of each path that changed, as fast as they read. What is owed of
// atomic partitions is given as it was at one moment, in one bracket over as many messages as that takes.

import type { Brackets } from './brackets.js';
import {
  BRACKET_BEGIN,
  BRACKET_END,
  BRACKET_SPLIT,
  DeleteMessage,
  FreshnessMessage,
  type BracketMessage,
  type Message,
} from './message.js';
import type { Outboxes } from './outboxes.js';
import type { Session } from './session.js';
import type { Stream } from './stream.js';

/** Bytes of one message to a session that lags: a few seconds of a very slow link. */
const DRAIN_CHUNK_BYTES = 32 * 1024;

/** One path of what is owed. */
interface Debt {
  readonly stream: Stream;
  /** Whether the client has been given the stream, without what is owed. */
  readonly had: boolean;
  /** None: it came and went meanwhile. */
  readonly messages: readonly Message[];
}

/**
 * What a session is owed of atomic partitions, as it was at one moment. Invariant: its begin is in the outbox or written, and so are
 * the debts before `#next`. Changes since stand in `dirty`, so that one bracket ends however fast they come.
 */
export class OwedBracket {
  readonly debts: readonly Debt[];
  /** undefined: one line, which is whole by itself, without a begin. */
  readonly end: BracketMessage | undefined;
  #next = 0;

  constructor(debts: readonly Debt[], end: BracketMessage | undefined) {
    this.debts = debts;
    this.end = end;
  }

  /** How many paths are still to be given. */
  get left(): number {
    return this.debts.length - this.#next;
  }

  /** The messages of the next path; undefined: all have been given. */
  take(): readonly Message[] | undefined {
    return this.debts[this.#next++]?.messages;
  }
}

/** How much a session may be given until it says that it has read on. */
interface Allowance {
  room: number;
  /** Bytes since the last write. */
  chunk: number;
}

export interface ArrearsOptions {
  readonly outboxes: Outboxes;
  readonly brackets: Brackets;
  /** A path was given, in the stead of what was merged. */
  readonly paid: () => void;
}

/** Invariant: a bracket that was begun is ended, or void, before anything else that is owed is given and before the session is live. */
export class Arrears {
  readonly #o: ArrearsOptions;

  constructor(options: ArrearsOptions) {
    this.#o = options;
  }

  /** Gives as much as there is room for. Returns whether nothing is owed any more. */
  pay(session: Session, dirty: Map<Stream, boolean>): boolean {
    const allowance = { room: session.flow.room(), chunk: 0 };
    if (!this.#payBracket(session, allowance)) return false;
    for (const [stream, had] of dirty) {
      if (allowance.room <= 0) return false;
      if (this.#o.brackets.isAtomic(stream.entry.x)) {
        session.owed = this.#capture(session, dirty);
        if (!this.#payBracket(session, allowance)) return false;
      } else {
        dirty.delete(stream);
        const messages = messagesOf(stream, had);
        noteDefined(session, messages);
        this.#give(session, messages, allowance);
      }
    }
    this.#o.brackets.settle(session);
    return true;
  }

  /**
   * What the session listens to is about to change: a bracket that is not complete is void, and what it holds is owed again. So
   * a client may obey at once what it is told between the lines of a bracket.
   */
  withdraw(session: Session): void {
    const { owed, dirty } = session;
    if (owed === undefined || dirty === undefined) return;
    session.owed = undefined;
    for (const { stream, had } of owed.debts) dirty.set(stream, had);
    this.#o.brackets.empty(session, session.isSplit ? BRACKET_SPLIT : BRACKET_END);
  }

  /** All that is owed of atomic partitions, with its begin in the outbox. */
  #capture(session: Session, dirty: Map<Stream, boolean>): OwedBracket {
    const { brackets, outboxes } = this.#o;
    const debts: Debt[] = [];
    let lines = 0;
    for (const [stream, had] of dirty) {
      if (!brackets.isAtomic(stream.entry.x)) continue;
      dirty.delete(stream);
      brackets.given(session, stream.entry.x);
      const messages = messagesOf(stream, had);
      lines += messages.length;
      debts.push({ stream, had, messages });
    }
    const end = brackets.endFor(session);
    if (lines <= 1 && end === BRACKET_END && !session.isSplit) return new OwedBracket(debts, undefined);
    outboxes.push(session, BRACKET_BEGIN);
    return new OwedBracket(debts, end);
  }

  /** Returns whether no bracket is left unfinished. */
  #payBracket(session: Session, allowance: Allowance): boolean {
    const { owed } = session;
    if (owed === undefined) return true;
    for (let messages = owed.take(); messages !== undefined; messages = owed.take()) {
      this.#give(session, messages, allowance);
      if (session.owed !== owed || (allowance.room <= 0 && owed.left > 0)) return false;
    }
    session.owed = undefined;
    for (const { messages } of owed.debts) noteDefined(session, messages);
    if (owed.end !== undefined) this.#o.brackets.close(session, owed.end);
    return true;
  }

  #give(session: Session, messages: readonly Message[], allowance: Allowance): void {
    const { outboxes, paid } = this.#o;
    if (messages.length > 0) paid();
    for (const message of messages) {
      const bytes = message.line().length;
      allowance.room -= bytes;
      allowance.chunk += bytes;
      outboxes.push(session, message);
    }
    if (allowance.chunk < DRAIN_CHUNK_BYTES) return;
    outboxes.flush(session); // a slow link acknowledges whole messages, so they must be small enough to arrive
    allowance.chunk = 0;
    if (session.isSuspended) allowance.room = 0; // its rights ran out
  }
}

function noteDefined({ defined }: Session, [first]: readonly Message[]): void {
  if (first?.kind === 'keyframe') defined?.add(first.stream.alias);
}

/** What to say of a path to who has missed something of it: its value now, or its end if they `had` it. */
function messagesOf(stream: Stream, had: boolean): readonly Message[] {
  const keyframe = stream.isGone ? undefined : stream.keyframe();
  if (keyframe !== undefined)
    return stream.entry.isStale ? [keyframe, new FreshnessMessage(stream)] : [keyframe];
  return had ? [new DeleteMessage(stream, stream.since, stream.entry.at)] : [];
}
