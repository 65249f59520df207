// Which session watches which paths: every path is watched equally often, no two sessions need watch the same.

export interface SubsetsOptions {
  /** How many paths there are; a multiple of `size`. */
  readonly of: number;
  /** How many each session watches. */
  readonly size: number;
  /** How many sessions there are; a multiple of `of / size`. */
  readonly count: number;
}

/** Shuffles all paths and cuts them up, as often as needed. The same in every run. */
export function subsets({ of, size, count }: SubsetsOptions): number[][] {
  const chosen: number[][] = [];
  const random = generator(1);
  while (chosen.length < count) {
    const all = Array.from({ length: of }, (_, path) => ({ path, order: random() }));
    all.sort((a, b) => a.order - b.order);
    for (let from = 0; from < of; from += size)
      chosen.push(all.slice(from, from + size).map(({ path }) => path));
  }
  return chosen;
}

/** Park and Miller's minimal standard generator. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
