// The time until which a connection must have shown who it is: first at all, then again when its token has expired.

import type { Cancel, Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

/** A session whose token has expired is kept this long without data, for a new token to come. */
const REFRESH_GRACE_MS: Ms = 25_000;
/** The wall clock may be set at any time, so it is looked at again at least so often. */
const LONGEST_LOOK_MS: Ms = 25_000;

/** Whom it tells. */
export interface DeadlineOwner {
  notAuthenticated(): void;
  /** The token has expired: no more data. May be told more than once. */
  overdue(): void;
  /** And no other came within the grace. */
  expired(): void;
}

/**
 * Invariant: at most one timer, of the authentication until {@link expireAt} is called, of the last token from then on. A token
 * ends when either clock says so: the wall clock, or the steady one that has counted the time that it had left when it came. So
 * a wall clock that is set back prolongs nothing and revives nobody.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #owner: DeadlineOwner;
  #cancel: Cancel;

  constructor(clock: Clock, authTimeoutMs: Ms, owner: DeadlineOwner) {
    this.#clock = clock;
    this.#owner = owner;
    this.#cancel = clock.after(authTimeoutMs, () => owner.notAuthenticated());
  }

  /** The client is known until this wall time; undefined: for good. */
  expireAt(expiresAt: Ms | undefined): void {
    this.#cancel();
    if (expiresAt === undefined) return;
    this.#watch({ wall: expiresAt, steady: this.#clock.monotonic() + expiresAt - this.#clock.now() });
  }

  cancel(): void {
    this.#cancel();
  }

  #watch(end: { readonly wall: Ms; readonly steady: Ms }): void {
    const left = Math.min(end.wall - this.#clock.now(), end.steady - this.#clock.monotonic());
    if (left <= -REFRESH_GRACE_MS) return this.#owner.expired();
    if (left <= 0) this.#owner.overdue();
    const next = left > 0 ? left : left + REFRESH_GRACE_MS;
    this.#cancel = this.#clock.after(Math.min(next, LONGEST_LOOK_MS), () => this.#watch(end));
  }
}
