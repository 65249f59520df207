// Everything the log ever said, remembered: the truth M(path, version) that a client's state is held against, and the set
// of paths that existed at any moment. Filled by whoever stands at the log's end (the simulation's tap, a test's producer).

import type { Value } from './naive-json.js';

/** One update as the log gave it to its readers. */
export interface Recorded {
  readonly path: string;
  readonly version: number;
  /** undefined: deleted. */
  readonly value: Value | undefined;
}

/** What a checking client needs to know about the world to call a line true. */
export interface World {
  /** The update that gave the path this version; undefined = no update did. */
  at(path: string, version: number): Recorded | undefined;
  /** How many updates there have been: names this moment. */
  readonly moment: number;
  /** The values at a moment. */
  valuesAt(moment: number): ReadonlyMap<string, Value>;
  /** The updates between two moments, in order. */
  updates(from: number, to: number): readonly Recorded[];
  /** Whether the path comes from a source whose transactions are shown whole. */
  isAtomic(path: string): boolean;
  /** The moments at which no transaction of such a source was under way, each after a change of one, in order. */
  readonly boundaries: readonly number[];
}

/** Invariant: `current` is what all updates leave when applied in order. */
export class History implements World {
  readonly isAtomic: (path: string) => boolean;
  readonly boundaries: number[] = [];
  readonly #updates: Recorded[] = [];
  readonly #byVersion = new Map<string, Recorded>();
  readonly #current = new Map<string, Value>();

  constructor(isAtomic: (path: string) => boolean = () => false) {
    this.isAtomic = isAtomic;
  }

  get moment(): number {
    return this.#updates.length;
  }

  get current(): ReadonlyMap<string, Value> {
    return this.#current;
  }

  record(update: Recorded): void {
    this.#updates.push(update);
    this.#byVersion.set(`${update.version} ${update.path}`, update);
    take(this.#current, update);
  }

  /** Here no transaction is under way. */
  noteBoundary(): void {
    this.boundaries.push(this.moment);
  }

  at(path: string, version: number): Recorded | undefined {
    return this.#byVersion.get(`${version} ${path}`);
  }

  valuesAt(moment: number): ReadonlyMap<string, Value> {
    const values = new Map<string, Value>();
    for (const update of this.updates(0, moment)) take(values, update);
    return values;
  }

  updates(from: number, to: number): readonly Recorded[] {
    return this.#updates.slice(from, to);
  }
}

function take(values: Map<string, Value>, { path, value }: Recorded): void {
  if (value === undefined) values.delete(path);
  else values.set(path, value);
}
