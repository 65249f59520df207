// The orders of the demo's accounts: they are opened, filled bit by bit, amended, booked to another region, and removed when
// they are done. An order's path changes with its region.

import type { Quote } from './instruments.js';
import { integer, pick, type Random } from './random.js';

export const REGIONS = ['EU', 'US', 'UK'] as const;

/** A row of the table `orders`, without its key; columns have the same names. */
export interface Order {
  readonly account: string;
  readonly region: (typeof REGIONS)[number];
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit';
  readonly tif: 'day' | 'gtc';
  readonly quantity: number;
  readonly filled: number;
  readonly price: number;
  readonly status: 'new' | 'part' | 'done';
  /** What the house earns: not for the customer. */
  readonly margin: number;
  /** Who in the house works the order: for nobody outside the desk. */
  readonly trader: string;
}

const TRADERS = ['ada', 'bjarne', 'chen', 'dora', 'emeka', 'fatou', 'goro', 'hanna'];
const PAGE_OF_ACCOUNTS = 1_000;

/** `A-1000` is the first. */
export function accountName(index: number): string {
  return `A-${PAGE_OF_ACCOUNTS + index}`;
}

export interface OpenOrder {
  readonly account: string;
  /** Default: any. */
  readonly region?: Order['region'];
  /** What it is for; the price is near the quote's. */
  readonly quote: Quote;
}

/** A new order, nothing of it filled. */
export function openOrder(random: Random, { account, region, quote }: OpenOrder): Order {
  const quantity = integer(random, 2, 60) * 50;
  return {
    account,
    region: region ?? pick(random, REGIONS),
    symbol: quote.symbol,
    side: random() < 0.5 ? 'buy' : 'sell',
    type: 'limit',
    tif: random() < 0.7 ? 'day' : 'gtc',
    quantity,
    filled: 0,
    price: quote.last,
    status: 'new',
    margin: marginOf(random, quantity, quote.last),
    trader: pick(random, TRADERS),
  };
}

/** The order after one more event, or undefined once it is filled and taken off the book. */
export function nextOrder(random: Random, order: Order): Order | undefined {
  if (order.status === 'done') return undefined;
  const kind = random();
  if (kind < 0.5) return filledMore(random, order);
  if (kind < 0.75) return { ...order, margin: marginOf(random, order.quantity, order.price) };
  if (kind < 0.97) return amended(random, order);
  return { ...order, region: pick(random, REGIONS) };
}

function filledMore(random: Random, order: Order): Order {
  const part = Math.ceil((order.quantity * random()) / 12 / 10) * 10;
  const filled = Math.min(order.quantity, order.filled + part);
  return { ...order, filled, status: filled === order.quantity ? 'done' : 'part' };
}

function amended(random: Random, order: Order): Order {
  const price = Math.round(order.price * (1 + (random() - 0.5) * 0.004) * 100) / 100;
  return { ...order, price, margin: marginOf(random, order.quantity, price) };
}

function marginOf(random: Random, quantity: number, price: number): number {
  return Math.round(quantity * price * (0.0004 + random() * 0.0008) * 100) / 100;
}
