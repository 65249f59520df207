// Time that passes when a test says so, while turns of the event loop and sockets are real.

import type { Cancel, Clock } from '../../src/clock.js';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

export class HandClock implements Clock {
  #now = 1_700_000_000_000;
  #wallAheadMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now + this.#wallAheadMs;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer = { at: this.#now + delayMs, task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  nextTurn(task: () => void): void {
    setImmediate(task);
  }

  random(): number {
    return 0.5;
  }

  /** Somebody sets the wall clock: forward, or back where `ms` is negative. Nothing else notices. */
  jump(ms: number): void {
    this.#wallAheadMs += ms;
  }

  /** The event loop stands still: what was due meanwhile happens late, when time passes again. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Everything that is due meanwhile happens in its order. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.task();
    }
    this.#now = until;
  }

  #next(until: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}
