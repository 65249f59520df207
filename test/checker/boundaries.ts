// G9: what a client shows of atomic sources must be what some number of their transactions left, and that number never goes back.

import type { World } from '../oracle/history.js';
import { canonical, type Value } from '../oracle/naive-json.js';
import type { ClientSubscription } from './client-subscription.js';
import type { HeldStream } from './held-stream.js';
import type { Sight } from './sight.js';
import { Violation } from './violation.js';

/** A subscription whose snapshot is complete, and what is held for it by path. */
export interface Shown {
  readonly subscription: ClientSubscription;
  readonly streams: ReadonlyMap<string, HeldStream>;
}

/** Invariant: `#state` is that of the atomic paths at `#at`, the first boundary that explains all that was shown so far. */
export class Boundaries {
  readonly #world: World;
  readonly #state = new Map<string, Value>();
  #index = 0;
  #at = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Throws unless what is shown is explained by a boundary between the last one and the moment of the sight. */
  expect(shown: readonly Shown[], sight: Sight): void {
    let difference = this.#difference(shown, sight);
    while (difference !== undefined) {
      const next = this.#world.boundaries[this.#index];
      if (next === undefined || next > sight.moment)
        throw new Violation('G9', `no number of whole transactions leaves what is shown: ${difference}`);
      this.#advance(next);
      difference = this.#difference(shown, sight);
    }
  }

  #difference(shown: readonly Shown[], sight: Sight): string | undefined {
    for (const { subscription, streams } of shown) {
      for (const path of new Set([...this.#state.keys(), ...streams.keys()])) {
        const stream = streams.get(path);
        if (!subscription.isFor(path) || !this.#world.isAtomic(path) || stream?.isLost === true) continue;
        const value = this.#state.get(path);
        const ought = value === undefined ? undefined : sight.see(path, value, subscription.wanted.fields);
        if (canonical(stream?.value) === canonical(ought)) continue;
        return `${path} is ${canonical(stream?.value)}, and not ${canonical(ought)}`;
      }
    }
    return undefined;
  }

  #advance(to: number): void {
    for (const { path, value } of this.#world.updates(this.#at, to)) {
      if (!this.#world.isAtomic(path)) continue;
      if (value === undefined) this.#state.delete(path);
      else this.#state.set(path, value);
    }
    this.#at = to;
    this.#index += 1;
  }
}
