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
}

/** Invariant: `current` is what all updates leave when applied in order. */
export class History implements World {
  readonly #updates: Recorded[] = [];
  readonly #byVersion = new Map<string, Recorded>();
  readonly #current = new Map<string, Value>();

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
