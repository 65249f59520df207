// Carries the market into Kafka and Postgres at the asked pace: prices into a topic, orders into a table. Each goes on while the
// other is away.

import type { Market, OrderChange, QuoteRecord } from './market.js';
import type { OrdersTable } from './orders-table.js';
import { Pace } from './pace.js';
import type { QuotesTopic } from './quotes-topic.js';

export const SLOWEST_RATE = 10;
export const FASTEST_RATE = 10_000;
/** Every fifth change is about an order. */
const SHARE_OF_ORDERS = 0.2;

export interface FeedOptions {
  readonly market: Market;
  readonly quotes: Pick<QuotesTopic, 'write'>;
  readonly orders: Pick<OrdersTable, 'write'>;
  /** Changes a second, {@link SLOWEST_RATE} to {@link FASTEST_RATE}. */
  readonly rate: number;
}

/** Invariant: the two paces add up to the rate. */
export class MarketFeed {
  readonly #quotes: Pace<QuoteRecord>;
  readonly #orders: Pace<OrderChange>;

  constructor({ market, quotes, orders, rate }: FeedOptions) {
    this.#quotes = new Pace({
      rate: rate * (1 - SHARE_OF_ORDERS),
      make: (count) => market.moveQuotes(count),
      write: (records) => quotes.write(records),
    });
    this.#orders = new Pace({
      rate: rate * SHARE_OF_ORDERS,
      make: (count) => market.moveOrders(count),
      write: (changes) => orders.write(changes),
    });
  }

  /** Records and rows that Kafka and Postgres have acknowledged. */
  get sent(): number {
    return this.#quotes.written + this.#orders.written;
  }

  /** Changes a second. */
  get rate(): number {
    return Math.round(this.#quotes.rate + this.#orders.rate);
  }

  set rate(perSecond: number) {
    const rate = Math.min(FASTEST_RATE, Math.max(SLOWEST_RATE, Math.round(perSecond)));
    this.#quotes.rate = rate * (1 - SHARE_OF_ORDERS);
    this.#orders.rate = rate * SHARE_OF_ORDERS;
  }

  /** Starts moving. */
  start(): void {
    this.#quotes.start();
    this.#orders.start();
  }

  /** Ends within about a request's time. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([this.#quotes.stop(), this.#orders.stop()]);
  }
}
