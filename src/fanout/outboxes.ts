// Writes what sessions are owed: one message per session and flush, however many lines became due. The write is the largest
// cost of fan-out, so what is due together leaves together, and sessions that are owed the same share the same bytes.

import type { Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';
import type { Utf8 } from '../topic/utf8.js';
import type { OpenBracket } from './brackets.js';
import type { Message } from './message.js';
import type { Session } from './session.js';

/** Totals since the start; read at scrapes. */
export interface OutboxCounts {
  /** Lines given to listeners. */
  lines: number;
  /** Messages of one or more lines. */
  writes: number;
  bytes: number;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** 0: what became due in one turn of the event loop leaves at its end. */
  readonly flushWindowMs: Ms;
  /** Last look before a write; false: this session must not be given anything. */
  readonly mayWrite: (session: Session, wallTime: Ms) => boolean;
  /** After a write, to judge how far behind the session is. */
  readonly written: (session: Session, now: Ms) => void;
  /** After a flush: all that had been pushed before it is on the sockets. */
  readonly flushed: () => void;
}

/** Invariant: a session with something in its outbox stands in the list of the next flush, once. */
export class Outboxes {
  readonly counts: OutboxCounts = { lines: 0, writes: 0, bytes: 0 };
  /** While a batch of a transaction is told: what goes into outboxes belongs to it. */
  bracket: OpenBracket | undefined;
  readonly #options: OutboxOptions;
  readonly #composer = new Composer();
  #due: Session[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  push(session: Session, message: Message): void {
    if (this.bracket !== undefined && !this.bracket.takes(session, message)) return;
    session.outbox.push(message);
    if (session.isDue) return;
    session.isDue = true;
    if (this.#due.push(session) === 1) this.#schedule();
  }

  /** Writes what one session is owed now, not at the next flush. */
  flush(session: Session): void {
    const { clock } = this.#options;
    this.#write(session, clock.now(), clock.monotonic());
  }

  #write(session: Session, wallTime: Ms, now: Ms): void {
    const { mayWrite, written } = this.#options;
    if (session.outbox.length === 0 || session.isClosed || !mayWrite(session, wallTime)) return;
    const messages = session.outbox;
    session.outbox = [];
    const lines = this.#composer.compose(messages);
    session.listener.write(lines);
    this.counts.lines += messages.length;
    this.counts.writes += 1;
    this.counts.bytes += lines.length;
    if (session.flow.sent(lines.length, now)) session.listener.ping(session.flow.sentFrames);
    written(session, now);
  }

  #schedule(): void {
    const { clock, flushWindowMs } = this.#options;
    const flush = () => this.#flushDue();
    if (flushWindowMs === 0) clock.nextTurn(flush);
    else clock.after(flushWindowMs, flush);
  }

  #flushDue(): void {
    const { clock } = this.#options;
    const due = this.#due;
    this.#due = [];
    const wallTime = clock.now();
    const now = clock.monotonic();
    for (const session of due) {
      session.isDue = false;
      this.#write(session, wallTime, now);
    }
    this.#options.flushed();
  }
}

/**
 * Joins lines to the text of one message. Sessions of one audience are owed the same messages and stand behind each
 * other in a flush, so the last text is kept: comparing 16 references costs less than joining and framing 16 lines again.
 */
class Composer {
  #messages: readonly Message[] = [];
  #lines = '' as Utf8;

  compose(messages: readonly Message[]): Utf8 {
    if (!isSame(messages, this.#messages)) {
      this.#messages = messages;
      this.#lines = joined(messages);
    }
    return this.#lines;
  }
}

function isSame(a: readonly Message[], b: readonly Message[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function joined(messages: readonly Message[]): Utf8 {
  let lines = '';
  for (const message of messages) lines = lines === '' ? message.line() : `${lines}\n${message.line()}`;
  return lines as Utf8;
}
