// A market that moves: what is quoted and ordered, and the Kafka records that say so. No clock, no Kafka: market-feed.ts
// gives it the pace and carries the records. The same seed gives the same records.

import { nextQuote, openingQuotes, type Quote } from './instruments.js';
import { accountName, nextOrder, openOrder, orderId, type Order } from './orders.js';
import { seededRandom, skewedIndex, type Random } from './random.js';

export const QUOTES_TOPIC = 'demo.quotes';
export const ORDERS_TOPIC = 'demo.orders';

/** The account whose owner looks on: one of the busiest. */
export const WATCHED_ACCOUNT = accountName(3);

export interface MarketRecord {
  readonly topic: typeof QUOTES_TOPIC | typeof ORDERS_TOPIC;
  readonly key: string;
  /** JSON text, or null: the key is gone. */
  readonly value: string | null;
}

export interface MarketSize {
  readonly seed: number;
  readonly instruments: number;
  readonly accounts: number;
  readonly orders: number;
}

export const DEMO_MARKET: MarketSize = { seed: 1, instruments: 2_000, accounts: 300, orders: 1_200 };

/** Every fifth record is about an order. */
const SHARE_OF_ORDERS = 0.2;
const SKEW = { instruments: 3, accounts: 3, orders: 2 };

/** Invariant: what it holds is what a reader of all records made so far would hold. */
export class Market {
  readonly #random: Random;
  readonly #quotes: Quote[];
  /** By slot, which is the number in the id; undefined between two orders of one slot. */
  readonly #orders: (Order | undefined)[];
  readonly #accounts: readonly string[];

  constructor({ seed, instruments, accounts, orders }: MarketSize) {
    this.#random = seededRandom(seed);
    this.#quotes = openingQuotes(this.#random, instruments);
    this.#accounts = Array.from({ length: orders }, () =>
      accountName(skewedIndex(this.#random, accounts, SKEW.accounts)),
    );
    this.#orders = Array.from({ length: orders }, (_, slot) => this.#open(slot));
  }

  /** A record for everything there is. */
  state(): MarketRecord[] {
    return [...this.#quotes.map(quoteRecord), ...this.#orders.map((order, slot) => orderRecord(slot, order))];
  }

  /** The market moves `count` times, and one record tells of each. */
  move(count: number): MarketRecord[] {
    return Array.from({ length: count }, () =>
      this.#random() < SHARE_OF_ORDERS ? this.#moveOrder() : this.#moveQuote(),
    );
  }

  #moveQuote(): MarketRecord {
    const index = skewedIndex(this.#random, this.#quotes.length, SKEW.instruments);
    const quote = nextQuote(this.#random, this.#quote(index));
    this.#quotes[index] = quote;
    return quoteRecord(quote);
  }

  #moveOrder(): MarketRecord {
    const slot = skewedIndex(this.#random, this.#orders.length, SKEW.orders);
    const order = this.#orders[slot];
    const next = order === undefined ? this.#open(slot) : nextOrder(this.#random, order);
    this.#orders[slot] = next ?? undefined;
    return orderRecord(slot, next ?? undefined);
  }

  #open(slot: number): Order {
    const quote = this.#quote(skewedIndex(this.#random, this.#quotes.length, SKEW.instruments));
    return openOrder(this.#random, {
      id: orderId(slot),
      account: this.#accounts[slot] ?? accountName(0),
      quote,
    });
  }

  #quote(index: number): Quote {
    const quote = this.#quotes[index];
    if (quote === undefined) throw new RangeError(`no instrument ${index}`);
    return quote;
  }
}

function quoteRecord(quote: Quote): MarketRecord {
  return { topic: QUOTES_TOPIC, key: quote.symbol, value: JSON.stringify(quote) };
}

function orderRecord(slot: number, order: Order | undefined): MarketRecord {
  return {
    topic: ORDERS_TOPIC,
    key: orderId(slot),
    value: order === undefined ? null : JSON.stringify(order),
  };
}
