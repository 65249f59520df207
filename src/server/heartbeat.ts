// Finds connections whose peer is gone without a word (no FIN, no reset): after a silence it asks, and gives up without an answer.

import type { Cancel, Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

/** Silence after which the peer is asked. */
const ASK_AFTER_MS = 25_000;
/** Time that it has to say anything. */
const ANSWER_WITHIN_MS = 8_000;
/**
 * A peer that was sent more than this since it was last heard is not judged here: its answer waits behind the data.
 * Whether it reads at all is told by what it acknowledges (fan-out closes with 4008).
 */
const JUDGED_BELOW_BYTES = 64 * 1024;

/** The connection that is watched; an object, not closures, since there are many that do nothing but wait. */
export interface HeartbeatPeer {
  ask(): void;
  /** Bytes written to it so far. */
  sentBytes(): number;
  lost(): void;
}

/** Invariant: one timer at a time; while one is armed, the peer is lost at most 33 s after it was last heard. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #peer: HeartbeatPeer;
  #heardAt: Ms;
  #sentWhenHeard = 0;
  #cancel: Cancel;

  constructor(clock: Clock, peer: HeartbeatPeer) {
    this.#clock = clock;
    this.#peer = peer;
    this.#heardAt = clock.monotonic();
    this.#cancel = clock.after(ASK_AFTER_MS, () => this.#ask());
  }

  /** Anything arrived: a message, a pong, a ping. Cheap: timers stay as they are. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
    this.#sentWhenHeard = this.#peer.sentBytes();
  }

  stop(): void {
    this.#cancel();
  }

  #ask(): void {
    const silentMs = this.#clock.monotonic() - this.#heardAt;
    if (silentMs < ASK_AFTER_MS) {
      this.#cancel = this.#clock.after(ASK_AFTER_MS - silentMs, () => this.#ask());
      return;
    }
    const askedAt = this.#clock.monotonic();
    this.#peer.ask();
    this.#cancel = this.#clock.after(ANSWER_WITHIN_MS, () => this.#judge(askedAt));
  }

  #judge(askedAt: Ms): void {
    const isHeard = this.#heardAt >= askedAt;
    const isBusy = this.#peer.sentBytes() - this.#sentWhenHeard > JUDGED_BELOW_BYTES;
    if (isHeard || isBusy) this.#ask();
    else this.#peer.lost();
  }
}
