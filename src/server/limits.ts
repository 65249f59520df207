// Limits on what arrives: how many per second, with a burst.

import type { Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

/** Invariant: never more than `burst` tokens, and `perSecond` come back each second (token bucket). */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: Ms;

  constructor(clock: Clock, o: { perSecond: number; burst: number }) {
    this.#clock = clock;
    this.#perSecond = o.perSecond;
    this.#burst = o.burst;
    this.#tokens = o.burst;
    this.#at = clock.monotonic();
  }

  /** Takes one; false: there is none. */
  take(): boolean {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Until the next one is there. */
  retryAfterMs(): Ms {
    return Math.max(0, Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000));
  }
}
