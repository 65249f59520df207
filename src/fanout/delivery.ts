// Gives messages to sessions: at once to those who keep up, as a note of what is owed to those who lag.

import type { Clock } from '../clock.js';
import { caughtUpLine, laggingLine } from '../protocol/control-lines.js';
import type { Ms } from '../topic/update.js';
import type { Utf8 } from '../topic/utf8.js';
import { ControlMessage, DeleteMessage, FreshnessMessage, type Message } from './message.js';
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
  /** What lagging sessions were given in the stead of what was merged: whole values and deletes. */
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

/** Bytes of one message to a session that lags: a few seconds of a very slow link. */
const DRAIN_CHUNK_BYTES = 32 * 1024;

/**
 * Lagging, per session:
 *
 *          behind after a write, or by the clock
 *   live ----------------------------------------> lagging: dirty streams, one keyframe or delete each as acks make room
 *    ^                                               |
 *    +-----------------------------------------------+  nothing dirty and room left: `caught-up`
 */
export class Delivery {
  readonly outboxes: Outboxes;
  readonly counts: DeliveryCounts = { offered: 0, conflated: 0, withheld: 0, drained: 0 };
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.outboxes = new Outboxes({ ...options, written: (session, now) => this.judge(session, now) });
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
    if (session.dirty !== undefined) {
      this.#drainDirty(session, session.dirty);
      if (session.dirty.size === 0 && !session.flow.isBehind(now)) this.#endLag(session);
      this.outboxes.flush(session);
    }
    if (session.parked.length > 0 && !session.isLagging && session.flow.canTakeMore(now)) {
      this.#options.caughtUp(session);
    }
  }

  #drainDirty(session: Session, dirty: Map<Stream, boolean>): void {
    let room = session.flow.room();
    let chunk = 0;
    for (const [stream, had] of dirty) {
      if (room <= 0) return;
      dirty.delete(stream);
      const bytes = this.#settle(session, stream, had);
      room -= bytes;
      chunk += bytes;
      if (chunk < DRAIN_CHUNK_BYTES) continue;
      this.outboxes.flush(session); // a slow link acknowledges whole messages, so they must be small enough to arrive
      chunk = 0;
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

  /** Returns the bytes that it took. */
  #settle(session: Session, stream: Stream, had: boolean): number {
    const keyframe = stream.isGone ? undefined : stream.keyframe();
    if (keyframe === undefined && !had) return 0;
    this.counts.drained += 1;
    if (keyframe !== undefined) {
      this.giveKeyframe(session, stream);
      return keyframe.line().length;
    }
    const gone = new DeleteMessage(stream, stream.since, stream.entry.at);
    this.outboxes.push(session, gone);
    return gone.line().length;
  }

  #endLag(session: Session): void {
    session.dirty = undefined;
    this.control(session, caughtUpLine(session.conflated));
  }
}
