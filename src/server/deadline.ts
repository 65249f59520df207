// The time until which a connection must have shown who it is: first at all, then again when its token has expired.

import type { Cancel, Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

/** A session whose token has expired is kept this long without data, for a new token to come. */
const REFRESH_GRACE_MS: Ms = 25_000;
/** The wall clock may jump, so a far expiry is looked at again meanwhile. */
const LONGEST_WAIT_MS: Ms = 3_600_000;

/** Whom it tells. */
export interface DeadlineOwner {
  notAuthenticated(): void;
  expired(): void;
}

/** Invariant: at most one timer, of the authentication until {@link expireAt} is called, of the last token from then on. */
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
    const left = expiresAt + REFRESH_GRACE_MS - this.#clock.now();
    this.#cancel = this.#clock.after(Math.min(Math.max(0, left), LONGEST_WAIT_MS), () => {
      if (left > LONGEST_WAIT_MS) this.expireAt(expiresAt);
      else this.#owner.expired();
    });
  }

  cancel(): void {
    this.#cancel();
  }
}
