// When an endpoint is polled next: at its interval while that goes well, with growing waits while it does not, as late as a server
// asks for, and only at the times of day that the options allow. Decides; the waiting is done by polled-reading.ts.

import type { BadFeed } from '../format/bad-feed.js';
import { FeedFault } from '../client/feed-fault.js';
import { isOpenAt, type PollWindow } from './poll-window.js';

export interface PaceSettings {
  /** From the beginning of one poll to that of the next. */
  readonly everyMs: number;
  /** 0 to 0.5: the share of `everyMs` by which a wait is longer or shorter. */
  readonly jitter: number;
  /** Open if one of them is; none: always. */
  readonly windows: readonly PollWindow[];
  readonly backOff?: BackOff;
}

/** Of the waits after failures. */
export interface BackOff {
  /** After the first failure; doubled with each that follows. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** A server that asks for more gets this: a mistake of its own would silence the feed for years. */
  readonly longestRetryAfterMs: number;
}

export const BACK_OFF: BackOff = { firstMs: 1_000, longestMs: 60_000, longestRetryAfterMs: 3_600_000 };

/** Of `SourceContext` and the process; `now` is wall time, ms since 1970, `random` uniform in [0, 1). */
export interface PaceClock {
  now(): number;
  monotonic(): number;
  random(): number;
}

/** Waits after failures are longer or shorter by at most this share, so that not all come back at one moment. */
const BACK_OFF_JITTER = 0.2;
/** Longer by at most this share than a server asks for, and never shorter. */
const RETRY_AFTER_JITTER = 0.1;
/** A server that takes longer to answer than `every` rests for this share of it between two polls. */
const LEAST_REST = 0.25;
/** Tries again at most so many times as often as the feed is polled when it is well: one of every hour once a minute. */
const MOST_TRIES_PER_POLL = 60;
/** How often the wall clock is asked whether a window has opened: windows begin at whole minutes, and clocks are set. */
const MINUTE_MS = 60_000;

/** Invariant: intervals are of the monotonic clock, so that setting the wall clock moves nothing but the poll windows. */
export class Pace {
  readonly #settings: PaceSettings;
  readonly #backOff: BackOff;
  readonly #clock: PaceClock;
  /** Of the poll that is under way; undefined: none has begun since the last one ended. */
  #beganAt: number | undefined;
  #failures = 0;
  #refusedMs: number | undefined;

  constructor(settings: PaceSettings, clock: PaceClock) {
    this.#settings = settings;
    this.#backOff = settings.backOff ?? BACK_OFF;
    this.#clock = clock;
  }

  /** A poll begins. Where this is not said the interval counts from its end. */
  begin(): void {
    this.#beganAt = this.#clock.monotonic();
  }

  /** The poll has succeeded: ms until the next. */
  afterSuccess(): number {
    const { everyMs } = this.#settings;
    const rest = this.#interval() - this.#end();
    this.#failures = 0;
    this.#refusedMs = undefined;
    return Math.max(rest, everyMs * LEAST_REST);
  }

  /**
   * The poll has failed: ms until the next. 1 s, doubled with each failure in a row up to 60 s, ±20 %; at most 60 times as often
   * as `every`; after a 429 not before `every` either. A longer Retry-After counts instead, up to an hour.
   */
  afterFailure(failure: FeedFault | BadFeed): number {
    this.#end();
    this.#failures++;
    const { retryAfterMs, isTooOften } = askedBy(failure);
    const { longestRetryAfterMs } = this.#backOff;
    const later = retryAfterMs * (1 + RETRY_AFTER_JITTER * this.#clock.random());
    this.#refusedMs = retryAfterMs > longestRetryAfterMs ? retryAfterMs : undefined;
    return Math.max(
      this.#growing(),
      isTooOften ? this.#settings.everyMs : 0,
      Math.min(later, longestRetryAfterMs),
    );
  }

  /** What the server asked for at the last failure, ms, where that is more than is honoured: for the log. */
  get refusedMs(): number | undefined {
    return this.#refusedMs;
  }

  isOpen(): boolean {
    const { windows } = this.#settings;
    const now = this.#clock.now();
    return windows.length === 0 || windows.some((window) => isOpenAt(window, now));
  }

  /** ms until {@link isOpen} is to be asked again, at most a minute; 0: it is open. */
  untilOpen(): number {
    return this.isOpen() ? 0 : MINUTE_MS - (this.#clock.now() % MINUTE_MS);
  }

  #interval(): number {
    const { everyMs, jitter } = this.#settings;
    return everyMs * this.#around(jitter);
  }

  #growing(): number {
    const { firstMs, longestMs } = this.#backOff;
    const doubled = Math.min(firstMs * 2 ** (this.#failures - 1), longestMs);
    return Math.max(doubled, this.#settings.everyMs / MOST_TRIES_PER_POLL) * this.#around(BACK_OFF_JITTER);
  }

  /** How long the poll took, ms. */
  #end(): number {
    const now = this.#clock.monotonic();
    const tookMs = now - (this.#beganAt ?? now);
    this.#beganAt = undefined;
    return tookMs;
  }

  /** Uniform in 1 ± `share`. */
  #around(share: number): number {
    return 1 + share * (2 * this.#clock.random() - 1);
  }
}

function askedBy(failure: FeedFault | BadFeed): {
  readonly retryAfterMs: number;
  readonly isTooOften: boolean;
} {
  if (!(failure instanceof FeedFault)) return { retryAfterMs: 0, isTooOften: false };
  return { retryAfterMs: failure.retryAfterMs ?? 0, isTooOften: failure.status === 429 };
}
