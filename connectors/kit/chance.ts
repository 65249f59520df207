// Chance that a number decides: the same seed, the same choices.

/** Invariant: what it gives follows from the seed alone (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  pick(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** True `times` out of `outOf`. */
  isOneOf(times: number, outOf: number): boolean {
    return this.pick(outOf) < times;
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.pick(choices.length)] ?? choices[0];
  }
}
