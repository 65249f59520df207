// Which rows the page shows: the customer's own newest orders and beside them the most active rows. All panes show the same rows
// in the same order, so that one looks across. Everything is held by the clients; only these are drawn.

import { rowOf } from './roles.js';

const LOOK_AGAIN_EVERY_MS = 3_000;
/** A row gives its place to another only if that one is this much more active: else the table would never rest. */
const WORTH_A_CHANGE = { 'orders/': 1_000, 'prices/': 2, 'weather/': 1_000 };
const FORGET = 0.6;

/**
 * Invariant: `orders` orders, at most `own` of them the customer's, `prices` prices and `weather` stations, sorted by name; rows
 * leave seldom.
 */
export class ShownRows {
  #account;
  #sizes;
  #activity = new Map();
  #shown = { orders: new Set(), prices: new Set(), weather: new Set() };
  /** All of the customer's own, by name; the newest are shown. */
  #own = new Set();
  #lastLook = 0;

  constructor(account, sizes) {
    this.#account = account;
    this.#sizes = sizes;
  }

  /** To be called for each change of the pane that sees all. */
  changed({ path, value }) {
    const row = rowOf(path);
    if (path.split('/')[2] !== this.#account) this.#activity.set(row, (this.#activity.get(row) ?? 0) + 1);
    else if (value === undefined) this.#own.delete(row);
    else this.#own.add(row);
  }

  /** { orders: [row..], prices: [row..], weather: [row..] } */
  rows(now) {
    if (now - this.#lastLook > LOOK_AGAIN_EVERY_MS || this.#shown.prices.size < this.#sizes.prices)
      this.#look(now);
    const own = [...this.#own].sort().slice(-this.#sizes.own);
    const others = [...this.#shown.orders].slice(0, this.#sizes.orders - own.length).sort();
    return {
      orders: [...own, ...others],
      prices: [...this.#shown.prices].sort(),
      weather: [...this.#shown.weather].sort(),
    };
  }

  isOwn(row) {
    return this.#own.has(row);
  }

  #look(now) {
    this.#lastLook = now;
    this.#shown.orders = this.#busiest('orders/', this.#sizes.orders, this.#shown.orders);
    this.#shown.prices = this.#busiest('prices/', this.#sizes.prices, this.#shown.prices);
    this.#shown.weather = this.#busiest('weather/', this.#sizes.weather, this.#shown.weather);
    for (const [row, activity] of this.#activity) this.#activity.set(row, activity * FORGET);
  }

  #busiest(prefix, size, shown) {
    const worth = (row) => (this.#activity.get(row) ?? 0) * (shown.has(row) ? WORTH_A_CHANGE[prefix] : 1);
    const candidates = [...this.#activity.keys()].filter((row) => row.startsWith(prefix)).sort();
    return new Set(candidates.sort((a, b) => worth(b) - worth(a)).slice(0, size));
  }
}
