// A market that moves: what is quoted and ordered, and what is to be written to say so. No clock, no Kafka, no Postgres:
// market-feed.ts gives it the pace and carries what it says. The same seed gives the same market.

import { nextQuote, openingQuotes, type Quote } from './instruments.js';
import { accountName, nextOrder, openOrder, REGIONS, type Order } from './orders.js';
import { seededRandom, skewedIndex, type Random } from './random.js';

/** The account whose owner looks on, and whose orders only the page's buttons change. */
export const WATCHED_ACCOUNT = accountName(3);
/** How many orders it has at first: enough to settle several of them at once. */
const WATCHED_ORDERS = 4;

/** A record of Kafka. */
export interface QuoteRecord {
  /** The symbol. */
  readonly key: string;
  /** A {@link Quote} as JSON. */
  readonly value: string;
}

/** What becomes of one row. */
export interface OrderChange {
  readonly id: number;
  /** undefined: the row is gone. */
  readonly order: Order | undefined;
}

export interface MarketSize {
  readonly seed: number;
  readonly instruments: number;
  readonly accounts: number;
  readonly orders: number;
}

export const DEMO_MARKET: MarketSize = { seed: 1, instruments: 2_000, accounts: 300, orders: 1_200 };

const SKEW = { instruments: 3, accounts: 3, orders: 2 };
const FIRST_ID = 1_000;

/** Invariant: what it holds is what a reader of all that it has said so far would hold, but for the orders of the watched account. */
export class Market {
  readonly #random: { readonly quotes: Random; readonly orders: Random };
  readonly #quotes: Quote[];
  /** By slot: its id is the slot's, also of a later order in it; undefined between two of them. */
  readonly #orders: (Order | undefined)[];
  readonly #accounts: readonly string[];

  constructor({ seed, instruments, accounts, orders }: MarketSize) {
    this.#random = { quotes: seededRandom(seed), orders: seededRandom(~seed) };
    this.#quotes = openingQuotes(this.#random.quotes, instruments);
    this.#accounts = Array.from({ length: orders }, () => this.#someAccount(accounts));
    this.#orders = Array.from({ length: orders }, (_, slot) => this.#open(slot));
  }

  /** A record for every instrument. */
  quotes(): QuoteRecord[] {
    return this.#quotes.map(quoteRecord);
  }

  /** Every order of the others. */
  orders(): OrderChange[] {
    return this.#orders.map((order, slot) => ({ id: FIRST_ID + slot, order }));
  }

  /** The orders of the watched account at first, in every region. */
  watchedOrders(): Order[] {
    return Array.from({ length: WATCHED_ORDERS }, (_, index) => {
      const region = REGIONS[index % REGIONS.length] ?? REGIONS[0];
      return this.newOrder(WATCHED_ACCOUNT, region);
    });
  }

  /** An order that somebody places now. The market does not move it. */
  newOrder(account: string, region: Order['region']): Order {
    return openOrder(this.#random.orders, { account, region, quote: this.#someQuote() });
  }

  /** Prices move `count` times, and one record tells of each. */
  moveQuotes(count: number): QuoteRecord[] {
    return Array.from({ length: count }, () => {
      const random = this.#random.quotes;
      const index = skewedIndex(random, this.#quotes.length, SKEW.instruments);
      const quote = nextQuote(random, this.#quote(index));
      this.#quotes[index] = quote;
      return quoteRecord(quote);
    });
  }

  /** The others' orders move `count` times; an order that moved several times is told of once, as it is then. */
  moveOrders(count: number): OrderChange[] {
    const changes = new Map<number, OrderChange>();
    for (let left = count; left > 0; left--) {
      const change = this.#moveOrder();
      changes.set(change.id, change);
    }
    return [...changes.values()];
  }

  #moveOrder(): OrderChange {
    const slot = skewedIndex(this.#random.orders, this.#orders.length, SKEW.orders);
    const order = this.#orders[slot];
    const next = order === undefined ? this.#open(slot) : nextOrder(this.#random.orders, order);
    this.#orders[slot] = next;
    return { id: FIRST_ID + slot, order: next };
  }

  #open(slot: number): Order {
    const account = this.#accounts[slot] ?? accountName(0);
    return openOrder(this.#random.orders, { account, quote: this.#someQuote() });
  }

  #someAccount(accounts: number): string {
    const account = accountName(skewedIndex(this.#random.orders, accounts, SKEW.accounts));
    return account === WATCHED_ACCOUNT ? accountName(accounts) : account;
  }

  #someQuote(): Quote {
    return this.#quote(skewedIndex(this.#random.orders, this.#quotes.length, SKEW.instruments));
  }

  #quote(index: number): Quote {
    const quote = this.#quotes[index];
    if (quote === undefined) throw new RangeError(`no instrument ${index}`);
    return quote;
  }
}

function quoteRecord(quote: Quote): QuoteRecord {
  return { key: quote.symbol, value: JSON.stringify(quote) };
}
