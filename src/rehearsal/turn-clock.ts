// The clock of a rehearsal: time stands still, and turns run when they are told to. Nothing in a rehearsal depends on how long
// anything takes.

import type { Cancel, Clock } from '../clock.js';

/** Invariant: turns run in the order in which they were asked for. Timers never fire. */
export class TurnClock implements Clock {
  #turns: (() => void)[] = [];

  now(): number {
    return 0;
  }

  monotonic(): number {
    return 0;
  }

  after(): Cancel {
    return () => undefined;
  }

  nextTurn(task: () => void): void {
    this.#turns.push(task);
  }

  /** Only names of epochs are made of it. */
  random(): number {
    return 0.5;
  }

  /** Runs turns until none is left. */
  runTurns(): void {
    while (this.#turns.length > 0) {
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
    }
  }
}
