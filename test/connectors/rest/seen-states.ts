// Which states a client may see of polled feeds: of each endpoint, those that a complete feed had, in their order, and no others.

import { canonical, type Value } from '../../oracle/naive-json.js';
import type { FeedItem } from '../../support/feed-pages.js';

interface Endpoint {
  /** Texts of the states that the feed had, the oldest first. The first is that of one who was told nothing yet. */
  readonly states: string[];
  /** Of the first that explains all that was seen so far. */
  at: number;
}

/** Invariant: `faults` has every sight that no order-preserving walk through the states explains. */
export class SeenStates {
  readonly faults: string[] = [];
  /** Sights that were not as the one before. */
  moves = 0;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;

  constructor(endpoints: readonly string[]) {
    this.#endpoints = new Map(endpoints.map((name) => [name, { states: [textOf(new Map())], at: 0 }]));
  }

  /** The feed has these from now on. Those without `id` count for nothing. */
  has(endpoint: string, items: readonly FeedItem[]): void {
    this.#endpoints.get(endpoint)?.states.push(textOf(heldOf(endpoint, items)));
  }

  /** A client holds this at a moment when it may be looked at. */
  sees(values: ReadonlyMap<string, Value>): void {
    for (const [name, endpoint] of this.#endpoints) {
      const seen = textOf(new Map([...values].filter(([path]) => path.startsWith(`${name}/`))));
      const found = endpoint.states.indexOf(seen, endpoint.at);
      if (found === endpoint.at) continue;
      this.moves++;
      if (found >= 0) endpoint.at = found;
      else
        this.faults.push(`${name}: no complete feed after ${endpoint.states[endpoint.at] ?? ''} had ${seen}`);
    }
  }
}

/** Values by path, of items with an `id`. */
export function heldOf(endpoint: string, items: readonly FeedItem[]): Map<string, Value> {
  const keyed = items.filter((item) => item['id'] !== undefined);
  return new Map(keyed.map((item) => [`${endpoint}/${String(item['id'])}`, item as Value]));
}

function textOf(values: ReadonlyMap<string, Value>): string {
  const texts = [...values].map(([path, value]) => `${path}=${canonical(value)}`);
  return texts.sort().join('\n');
}
