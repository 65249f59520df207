// Gives messages to sessions: at once to those who keep up, as a note of what is owed to those who lag.

import type { Clock } from '../clock.js';
import { caughtUpLine, laggingLine } from '../protocol/control-lines.js';
import type { Ms } from '../topic/update.js';
import type { Utf8 } from '../topic/utf8.js';
import { Arrears } from './arrears.js';
import { Brackets } from './brackets.js';
import { ControlMessage, FreshnessMessage, type Message } from './message.js';
import { Outboxes, type OutboxOptions } from './outboxes.js';
import type { Session } from './session.js';
import type { Stream } from './stream.js';

/** Totals since the start; read at scrapes. */
export interface DeliveryCounts {
  /** Messages offered to sessions, once per message and session. */
  offered: number;
  /** Of these, merged into a later value because the session lagged. */
  conflated: number;
  /** Of these, of no use to a session that was never given the path. */
  withheld: number;
  /** What lagging sessions were given in the stead of what was merged: whole values and deletes, once per path. */
  drained: number;
}

export interface DeliveryOptions extends Omit<OutboxOptions, 'written'> {
  readonly clock: Clock;
  /** How many paths one lagging session may be owed before it starts anew. */
  readonly maxDirty: number;
  /** The session lagged past `maxDirty`. */
  readonly overflowed: (session: Session) => void;
  /** The session has read what it was given: walks that waited for it go on. */
  readonly caughtUp: (session: Session) => void;
}

/**
 * Lagging, per session:
 *
 *          behind after a write, or by the clock
 *   live ----------------------------------------> lagging: dirty streams, one keyframe or delete each as acks make room (arrears.ts)
 *    ^                                               |
 *    +-----------------------------------------------+  nothing dirty and room left: `caught-up`
 */
export class Delivery {
  readonly outboxes: Outboxes;
  readonly brackets: Brackets;
  readonly arrears: Arrears;
  readonly counts: DeliveryCounts = { offered: 0, conflated: 0, withheld: 0, drained: 0 };
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.outboxes = new Outboxes({ ...options, written: (session, now) => this.judge(session, now) });
    this.brackets = new Brackets(this.outboxes);
    this.arrears = new Arrears({
      outboxes: this.outboxes,
      brackets: this.brackets,
      paid: () => (this.counts.drained += 1),
    });
  }

  /** Messages that went into outboxes as they were told: this is what a change and its stream look at to see who got it. */
  get live(): number {
    const { offered, conflated, withheld } = this.counts;
    return offered - conflated - withheld;
  }

  /** A change to everybody who listens to the stream and has its base. The innermost loop of the product. */
  publish(stream: Stream, message: Message): void {
    const { slot } = stream.entry;
    for (const audience of stream.audiences) {
      for (const member of audience.members) this.#offer(member.session, message);
      for (const cohort of audience.cohorts) {
        if (slot >= cohort.cursor) continue; // the walk will read the new value
        for (const member of cohort.members) this.#offer(member.session, message);
      }
    }
  }

  /** The current value to one session, with the word that it is old where it is. */
  giveKeyframe(session: Session, stream: Stream): void {
    const keyframe = stream.keyframe();
    if (keyframe === undefined) return;
    session.defined?.add(stream.alias);
    this.outboxes.push(session, keyframe);
    if (stream.entry.isStale) this.outboxes.push(session, new FreshnessMessage(stream));
  }

  /** A line for one session, in order with its data; never merged away. */
  control(session: Session, line: Utf8): void {
    this.outboxes.push(session, new ControlMessage(line));
  }

  /** Starts to merge what the session is owed if it is too far behind. */
  judge(session: Session, now: Ms): void {
    if (session.isLagging || !session.flow.isBehind(now)) return;
    session.dirty = new Map();
    session.conflated = 0;
    this.control(session, laggingLine());
  }

  /** The client has read on: what it is owed goes out as far as there is room. */
  drain(session: Session, now: Ms): void {
    const { dirty } = session;
    if (dirty !== undefined) {
      const isPaid = this.arrears.pay(session, dirty);
      if (isPaid && session.dirty === dirty && !session.flow.isBehind(now)) this.#endLag(session);
      this.outboxes.flush(session);
    }
    if (session.parked.length > 0 && !session.isLagging && session.flow.canTakeMore(now)) {
      this.#options.caughtUp(session);
    }
  }

  #offer(session: Session, message: Message): void {
    if (session.mark === message) return; // another subscription of this session to the same stream
    session.mark = message;
    this.counts.offered += 1;
    if (session.dirty !== undefined) this.#conflate(session, session.dirty, message);
    else if (session.defined !== undefined) this.#pushDefined(session, session.defined, message);
    else this.outboxes.push(session, message);
  }

  #conflate(session: Session, dirty: Map<Stream, boolean>, message: Message): void {
    this.counts.conflated += 1;
    session.conflated += 1;
    if (message.stream === undefined || dirty.has(message.stream)) return;
    dirty.set(message.stream, message.kind !== 'keyframe');
    if (dirty.size > this.#options.maxDirty) this.#options.overflowed(session);
  }

  /** For sessions that joined without a snapshot: the first message of a stream must bring the whole value. */
  #pushDefined(session: Session, defined: Set<number>, message: Message): void {
    const { stream } = message;
    if (stream === undefined || defined.has(stream.alias)) this.outboxes.push(session, message);
    else if (message.kind === 'delete' || message.kind === 'freshness') this.counts.withheld += 1;
    else this.giveKeyframe(session, stream);
  }

  #endLag(session: Session): void {
    session.dirty = undefined;
    this.control(session, caughtUpLine(session.conflated));
  }
}
