// Time and chance as the core sees them: injected, so that the simulation owns both. The lint configuration keeps
// Date.now, setTimeout and Math.random out of the core; this file and the edges of the process are where they live.

import type { Ms } from './topic/update.js';

/** Cancels what it was returned for; harmless when that has happened already. */
export type Cancel = () => void;

export interface Clock {
  /** Wall time: for event times and token expiry only. May jump. */
  now(): Ms;
  /** Never goes back: for intervals and deadlines. */
  monotonic(): Ms;
  /** Runs `task` once after `delayMs`. */
  after(delayMs: Ms, task: () => void): Cancel;
  /** Runs `task` when the current turn of the event loop has finished its work, before any timer. */
  nextTurn(task: () => void): void;
  /** Uniform in [0, 1): jitter and identifiers, never secrets. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
  nextTurn: (task) => void setImmediate(task),
  random: () => Math.random(),
};
