// Chance with a seed, so that one seed is one market. For the demo only; never for secrets.

/** Uniform in [0, 1), the same sequence for the same seed. */
export type Random = () => number;

/** The mulberry32 generator: 32 bits of state, plenty for prices that nobody trades on. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number in [from, to]. */
export function integer(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** One of them. Throws on none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/**
 * An index below `count`: few are picked often and most seldom, as instruments of a real market are traded. A `skew` of 1
 * picks all alike; with 3 the first of 2,000 is picked once in 13 times.
 */
export function skewedIndex(random: Random, count: number, skew: number): number {
  return Math.floor(count * random() ** skew);
}
