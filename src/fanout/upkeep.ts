// What happens to sessions by the clock: beats, `even` lines, expiry of rights, and the end of those who do not read.

import type { Cancel, Clock } from '../clock.js';
import { CloseCode } from '../protocol/close-codes.js';
import { beatLine } from '../protocol/control-lines.js';
import { evenLine } from '../protocol/data-lines.js';
import type { Ms } from '../topic/update.js';
import type { Delivery } from './delivery.js';
import { ControlMessage } from './message.js';
import type { Session } from './session.js';
import type { Cut } from './subscription.js';
import type { Subscriptions } from './subscriptions.js';

/** Between two looks at every session. */
const TICK_MS: Ms = 250;
/** Between two `even` lines to one session. */
const EVEN_MS: Ms = 5_000;

export interface UpkeepOptions {
  readonly clock: Clock;
  readonly sessions: ReadonlySet<Session>;
  readonly delivery: Delivery;
  readonly subscriptions: Subscriptions;
  readonly cut: () => Cut;
  /** Between two beats of a session. */
  readonly beatMs: Ms;
}

/** Invariant: no session is given data once its rights have run out, and none is silent for longer than `beatMs` and a tick. */
export class Upkeep {
  readonly #o: UpkeepOptions;
  #even: { readonly number: number; readonly message: ControlMessage; readonly at: Ms };
  #stop: Cancel;

  constructor(options: UpkeepOptions) {
    this.#o = options;
    this.#even = { number: 0, message: new ControlMessage(evenLine([])), at: options.clock.monotonic() };
    this.#stop = options.clock.after(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#stop();
  }

  /** The last look before a write. False: there is nothing left that may be sent. */
  mayWrite(session: Session, wallTime: Ms): boolean {
    this.#suspendIfExpired(session, wallTime);
    if (session.outbox.length === 0) return false;
    if (session.even !== this.#even.number && isEven(session)) {
      session.even = this.#even.number;
      session.outbox.push(this.#even.message);
    }
    return true;
  }

  #tick(): void {
    const { clock, sessions } = this.#o;
    this.#stop = clock.after(TICK_MS, () => this.#tick());
    const now = clock.monotonic();
    const wallTime = clock.now();
    if (now - this.#even.at >= EVEN_MS) {
      const message = new ControlMessage(evenLine(this.#o.cut()));
      this.#even = { number: this.#even.number + 1, message, at: now };
    }
    for (const session of sessions) this.#look(session, now, wallTime);
  }

  #look(session: Session, now: Ms, wallTime: Ms): void {
    const { delivery, beatMs } = this.#o;
    if (session.flow.isStalled(now)) {
      session.listener.close(CloseCode.Slow, 'nothing was acknowledged for too long');
      return;
    }
    this.#suspendIfExpired(session, wallTime);
    delivery.judge(session, now);
    if (now - session.lastBeatAt < beatMs) return;
    session.lastBeatAt = now;
    delivery.control(session, beatLine(session.flow.sentFrames));
  }

  /** Whether the session's rights have run out. */
  isExpired(session: Session, wallTime: Ms): boolean {
    return session.isSuspended || (session.expiresAt !== undefined && wallTime >= session.expiresAt);
  }

  #suspendIfExpired(session: Session, wallTime: Ms): void {
    if (session.isSuspended || !this.isExpired(session, wallTime)) return;
    session.isSuspended = true;
    this.#o.subscriptions.suspend(session);
  }
}

/** All that was applied is in what the session has been sent, and in this outbox. */
function isEven(session: Session): boolean {
  return !session.isLagging && !session.isJoining && !session.isSuspended;
}
