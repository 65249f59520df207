// As many lines a second as a person can follow: those beyond are left out, and how many is said.

import type { Cancel, Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

const SECOND: Ms = 1_000;

/** Invariant: within one second at most `linesPerSecond` are granted, or one block that is longer; what was refused is told once. */
export class LinePace {
  readonly #clock: Clock;
  readonly #linesPerSecond: number;
  readonly #tell: (leftOut: number) => void;
  #since: Ms = -SECOND;
  #lines = 0;
  #leftOut = 0;
  #cancel: Cancel = () => undefined;

  /** `tell` is given how many were refused, before the next one that is granted or a second later. */
  constructor(clock: Clock, linesPerSecond: number, tell: (leftOut: number) => void) {
    this.#clock = clock;
    this.#linesPerSecond = linesPerSecond;
    this.#tell = tell;
  }

  /** Whether a block of so many lines may be printed now. */
  grant(lines: number): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#since >= SECOND) {
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines > 0 && this.#lines + lines > this.#linesPerSecond) {
      if (this.#leftOut++ === 0) this.#cancel = this.#clock.after(SECOND, () => this.flush());
      return false;
    }
    this.flush();
    this.#lines += lines;
    return true;
  }

  /** Tells what has not been told. */
  flush(): void {
    this.#cancel();
    if (this.#leftOut > 0) this.#tell(this.#leftOut);
    this.#leftOut = 0;
  }
}
