// Time and chance of the simulation. Nothing happens by itself: turns and timers run when a step says so, and what the
// real event loop leaves open (which of several ready turns is first) is chosen by the seed.

import { setImmediate as nextRealTurn } from 'node:timers/promises';
import type { Cancel, Clock } from '../../src/clock.js';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

const START = 1_700_000_000_000;

/** Invariant: time stands still while any turn is ready. */
export class SimClock implements Clock {
  #elapsedMs = 0;
  #turns: (() => void)[] = [];
  readonly #timers = new Set<Timer>();
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  now(): number {
    return START + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer = { at: this.#elapsedMs + Math.max(0, delayMs), task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  nextTurn(task: () => void): void {
    this.#turns.push(task);
  }

  /** Mulberry32: small, and good enough to mix up an order of events. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number in [0, below). */
  pick(below: number): number {
    return Math.floor(this.random() * below);
  }

  /** Lets promises settle, then runs at most `most` ready turns, each followed by its promises. */
  async turn(most = Infinity): Promise<void> {
    await nextRealTurn();
    for (let ran = 0; ran < most && this.#turns.length > 0; ran++) {
      const [task] = this.#turns.splice(this.pick(this.#turns.length), 1);
      task?.();
      await nextRealTurn();
    }
  }

  /** Lets time pass: every turn and every timer that is due meanwhile, in order of time. */
  async pass(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await this.turn();
    for (let timer = this.#nextTimer(until); timer !== undefined; timer = this.#nextTimer(until)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.at);
      this.#timers.delete(timer);
      timer.task();
      await this.turn();
    }
    this.#elapsedMs = until;
  }

  #nextTimer(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= until && timer.at < (first?.at ?? Infinity)) first = timer;
    return first;
  }
}
