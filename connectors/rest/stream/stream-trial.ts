// Whether a connection is worth anything: one that comes to nothing again and again is no contact, though there is somebody who
// accepts it each time.

import { BadFeed } from '../format/bad-feed.js';
import { FeedFault } from '../client/feed-fault.js';

/** What the next connection must do before it counts as contact. */
export type Doubt = 'none' | 'a message or time' | 'time';

/** How a connection went. `fault` undefined: well, and it ended as connections do. */
export interface Outcome {
  readonly reason: string;
  readonly fault: FeedFault | BadFeed | undefined;
  /** In the next one. */
  readonly doubt: Doubt;
  /** It stood for so long that whatever was wrong before it is over. */
  readonly hasLasted: boolean;
}

/** Invariant: once passed it stays passed. */
export class StreamTrial {
  readonly #doubt: Doubt;
  readonly #timeMs: number;
  readonly #monotonic: () => number;
  #beganAt: number | undefined;
  #hasMessage = false;

  /** `timeMs`: a connection that stands for so long counts, whatever was before. */
  constructor(doubt: Doubt, timeMs: number, monotonic: () => number) {
    this.#doubt = doubt;
    this.#timeMs = timeMs;
    this.#monotonic = monotonic;
  }

  /** It is connected, and what answers is a stream. */
  begin(): void {
    this.#beganAt = this.#monotonic();
  }

  message(): void {
    this.#hasMessage = true;
  }

  /** Whether it counts as contact. */
  get isPassed(): boolean {
    if (this.#beganAt === undefined) return false;
    if (this.#doubt === 'none' || this.#hasLasted) return true;
    return this.#doubt === 'a message or time' && this.#hasMessage;
  }

  /** ms until it counts in any case. Once it has begun. */
  get remainingMs(): number {
    return Math.max(0, (this.#beganAt ?? 0) + this.#timeMs - this.#monotonic());
  }

  /** We ended it, since nothing came. */
  idle(reason: string): Outcome {
    return this.#well(reason);
  }

  /** The server ended it, in order. */
  closed(): Outcome {
    if (this.#isWell) return this.#well('the server closed the stream');
    const fault = new BadFeed('the server closed the stream before any message came');
    return this.#failed(fault, 'a message or time');
  }

  failed(fault: FeedFault | BadFeed): Outcome {
    if (this.#beganAt === undefined) return this.#failed(fault, this.#doubt);
    const isUnreadable = !(fault instanceof FeedFault) || fault.kind === 'bad';
    if (isUnreadable) return this.#failed(fault, 'time');
    return this.#isWell ? this.#well(fault.message) : this.#failed(fault, 'a message or time');
  }

  get #isWell(): boolean {
    return this.#hasMessage || this.#hasLasted;
  }

  get #hasLasted(): boolean {
    return this.#beganAt !== undefined && this.remainingMs === 0;
  }

  #well(reason: string): Outcome {
    return { reason, fault: undefined, doubt: 'none', hasLasted: this.#hasLasted };
  }

  #failed(fault: FeedFault | BadFeed, doubt: Doubt): Outcome {
    return { reason: fault.message, fault, doubt, hasLasted: this.#hasLasted };
  }
}
