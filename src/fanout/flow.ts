// How far a session's client is behind: what was sent, what it has acknowledged, and for how long something has been owed.
// The kernel's buffer says nothing here: it hides megabytes of stale data. A client that is busy counts as slow.

import type { Ms } from '../topic/update.js';

/** When a session counts as behind, and when it is given up. */
export interface FlowLimits {
  /** Unacknowledged bytes beyond which values are merged instead of queued. */
  readonly conflateFromBytes: number;
  /** Age of the oldest unacknowledged byte beyond which values are merged. */
  readonly conflateAfterMs: Ms;
  /** Age at which the session is closed. */
  readonly stallTimeoutMs: Ms;
}

interface Mark {
  readonly frames: number;
  readonly bytes: number;
  readonly at: Ms;
}

/** Bytes between two marks: the grain in which acknowledgements are counted. */
const MARK_EVERY_BYTES = 8 * 1024;

/**
 * Invariant: `ackedBytes <= sentBytes`, and the marks are those points of what was sent that are not acknowledged, oldest first.
 * With acknowledgements each stretch of bytes gets a mark; a client that only answers pings gets one per ping.
 */
export class Flow {
  readonly #limits: FlowLimits;
  readonly #acks: boolean;
  #marks: Mark[] = [];
  #sentFrames = 0;
  #sentBytes = 0;
  #ackedBytes = 0;

  constructor(limits: FlowLimits, acks: boolean) {
    this.#limits = limits;
    this.#acks = acks;
  }

  get sentFrames(): number {
    return this.#sentFrames;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get unackedBytes(): number {
    return this.#sentBytes - this.#ackedBytes;
  }

  /** A frame went out. Returns whether the peer should be pinged to learn how far it has read. */
  sent(bytes: number, now: Ms): boolean {
    this.#sentFrames += 1;
    this.#sentBytes += bytes;
    const last = this.#marks.at(-1);
    if (this.#acks) {
      if (last === undefined || this.#sentBytes - last.bytes >= MARK_EVERY_BYTES) this.#mark(now);
      return false;
    }
    if (last !== undefined || this.unackedBytes < this.#limits.conflateFromBytes) return false;
    this.#mark(now);
    return true;
  }

  /** The client has processed this many frames. Numbers that were not sent are ignored. */
  acked(frames: number): void {
    if (frames > this.#sentFrames) return;
    if (frames === this.#sentFrames) {
      this.#ackedBytes = this.#sentBytes;
      this.#marks = [];
      return;
    }
    let reached = 0;
    while (reached < this.#marks.length && (this.#marks[reached]?.frames ?? Infinity) <= frames) reached += 1;
    if (reached === 0) return;
    this.#ackedBytes = this.#marks[reached - 1]?.bytes ?? this.#ackedBytes;
    this.#marks = this.#marks.slice(reached);
  }

  /** Values should be merged rather than queued. */
  isBehind(now: Ms): boolean {
    return this.unackedBytes > this.#allowance || this.#owedFor(now) > this.#limits.conflateAfterMs;
  }

  /** There is room for more of a snapshot, with half of the allowance left for changes. */
  canTakeMore(now: Ms): boolean {
    return this.unackedBytes < this.#allowance / 2 && this.#owedFor(now) <= this.#limits.conflateAfterMs;
  }

  /**
   * Bytes that may be on the way to a session that lags. A quarter of the allowance keeps a slow link moving by small steps;
   * a client that is only asked by pings needs all of it, or it would never be asked again.
   */
  room(): number {
    const most = this.#acks ? this.#allowance / 4 : this.#allowance;
    return Math.max(0, most - this.unackedBytes);
  }

  /** Nothing has been acknowledged for so long that the client is given up. */
  isStalled(now: Ms): boolean {
    return this.#owedFor(now) > this.#limits.stallTimeoutMs;
  }

  /** Twice as much for clients that are asked by pings: the first half is sent before they are asked. */
  get #allowance(): number {
    return this.#acks ? this.#limits.conflateFromBytes : 2 * this.#limits.conflateFromBytes;
  }

  #owedFor(now: Ms): Ms {
    const oldest = this.#marks[0];
    return oldest === undefined ? 0 : now - oldest.at;
  }

  #mark(now: Ms): void {
    this.#marks.push({ frames: this.#sentFrames, bytes: this.#sentBytes, at: now });
  }
}
