// One subscription as the client keeps it: what it asked for, what the server answered, how far its snapshot is.

import { names } from '../oracle/naive-paths.js';
import type { HeldStream } from './held-stream.js';
import { Violation } from './violation.js';

export interface Wanted {
  readonly filters: readonly string[];
  /** JSON pointers of what is wanted of each value; undefined: all. */
  readonly fields?: readonly string[] | undefined;
}

/**
 *   asked --subscribed--> joining --end--> live --reset--> joining
 *   any --unsubscribed, limit--> over
 */
export type Phase = 'asked' | 'joining' | 'live' | 'over';

/** Invariant: data arrives in `joining` and `live` only, and `end` ends a `joining` (G6). */
export class ClientSubscription {
  readonly wanted: Wanted;
  /** The moment of the world when it was asked for, or asked for anew by a reset. */
  askedAt: number;
  /** What was held when the snapshot began and has had no keyframe since: gone at `end`. */
  readonly doubted = new Set<HeldStream>();
  /** The client has said that it no longer wants it: what still comes of it promises nothing more. */
  isLeaving = false;
  #phase: Phase = 'asked';
  #sub: number | undefined;
  #intent: number | undefined;

  constructor(wanted: Wanted, askedAt: number) {
    this.wanted = wanted;
    this.askedAt = askedAt;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The server's number for it; undefined until it has answered. */
  get sub(): number | undefined {
    return this.#sub;
  }

  /** The `n` of the keyframes that belong to it. */
  get intent(): number | undefined {
    return this.#intent;
  }

  subscribed(sub: number, intent: number): void {
    if (this.#phase !== 'asked') throw new Violation('G6', `subscribed twice: ${this.describe()}`);
    this.#phase = 'joining';
    this.#sub = sub;
    this.#intent = intent;
  }

  end(): void {
    if (this.#phase !== 'joining') throw new Violation('G6', `end while ${this.#phase}: ${this.describe()}`);
    this.#phase = 'live';
  }

  /** The server gives the snapshot again, for whatever reason. */
  rejoin(at: number): void {
    if (this.#phase === 'asked' || this.#phase === 'over')
      throw new Violation('G6', `given again while ${this.#phase}`);
    this.#phase = 'joining';
    this.askedAt = at;
  }

  finish(): void {
    this.#phase = 'over';
  }

  /** Whether data of the intent and path may be for this subscription. */
  covers(intent: number, path: string): boolean {
    return (
      (this.#phase === 'joining' || this.#phase === 'live') && intent === this.#intent && this.isFor(path)
    );
  }

  isFor(path: string): boolean {
    return this.wanted.filters.some((filter) => names(filter, path));
  }

  describe(): string {
    return `subscription ${String(this.#sub)} to ${this.wanted.filters.join(' ')}`;
  }
}
