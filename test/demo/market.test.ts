// The market of the demo: what a page and a reader of its topics may rely on.

import { describe, expect, test } from '@jest/globals';

import { DEMO_MARKET, Market, ORDERS_TOPIC, QUOTES_TOPIC, WATCHED_ACCOUNT } from '../../src/demo/market.js';
import type { MarketRecord } from '../../src/demo/market.js';
import type { Quote } from '../../src/demo/instruments.js';
import type { Order } from '../../src/demo/orders.js';

const SMALL = { seed: 7, instruments: 50, accounts: 20, orders: 60 };

describe('the demo market', () => {
  test('makes the same records from the same seed, and others from another', () => {
    const first = new Market(SMALL);
    const second = new Market(SMALL);
    const other = new Market({ ...SMALL, seed: 8 });
    expect(first.move(500)).toEqual(second.move(500));
    expect(first.move(500)).not.toEqual(other.move(500));
  });

  test('opens with 2,000 instruments and 1,200 orders, some of them of the account that is watched', () => {
    const state = new Market(DEMO_MARKET).state();
    expect(new Set(keysOf(state, QUOTES_TOPIC)).size).toBe(2_000);
    expect(new Set(keysOf(state, ORDERS_TOPIC)).size).toBe(1_200);
    const watched = state
      .filter(({ topic }) => topic === ORDERS_TOPIC)
      .map(orderOf)
      .filter((o) => o?.account === WATCHED_ACCOUNT);
    expect(watched.length).toBeGreaterThan(5);
  });

  test('quotes have 20 fields in about 300 bytes, and a tick changes a few of them', () => {
    const market = new Market(SMALL);
    const held = new Map(market.state().map(({ topic, key, value }) => [`${topic} ${key}`, value]));
    for (const { topic, key, value } of market.move(2_000)) {
      const before = held.get(`${topic} ${key}`);
      held.set(`${topic} ${key}`, value);
      if (topic !== QUOTES_TOPIC || before == null || value === null) continue;
      const [was, is] = [JSON.parse(before) as Quote, JSON.parse(value) as Quote];
      expect(Object.keys(is)).toHaveLength(20);
      expect(value.length).toBeGreaterThan(250);
      expect(value.length).toBeLessThan(400);
      const changed = Object.keys(is).filter(
        (name) => JSON.stringify(is[name as keyof Quote]) !== JSON.stringify(was[name as keyof Quote]),
      );
      expect(changed.length).toBeLessThanOrEqual(6);
      expect(is.bid).toBeLessThan(is.ask);
    }
  });

  test('orders end with a tombstone, come again, and change their region: every way that a path can go', () => {
    const market = new Market(SMALL);
    const held = new Map(market.state().map((record) => [record.key, orderOf(record)]));
    const seen = { gone: 0, again: 0, moved: 0 };
    for (const record of market.move(20_000).filter(({ topic }) => topic === ORDERS_TOPIC)) {
      const [was, is] = [held.get(record.key), orderOf(record)];
      held.set(record.key, is);
      if (is === undefined) seen.gone += 1;
      else if (was === undefined) seen.again += 1;
      else if (was.region !== is.region) seen.moved += 1;
    }
    expect(seen.gone).toBeGreaterThan(0);
    expect(seen.again).toBeGreaterThan(0);
    expect(seen.moved).toBeGreaterThan(0);
  });

  test('what it says it holds is what a reader of all its records holds', () => {
    const market = new Market(SMALL);
    const held = new Map(market.state().map(({ topic, key, value }) => [`${topic} ${key}`, value]));
    for (const { topic, key, value } of market.move(5_000)) held.set(`${topic} ${key}`, value);
    const state = market.state().map(({ topic, key, value }) => [`${topic} ${key}`, value] as const);
    expect(new Map(state)).toEqual(held);
  });
});

function keysOf(records: readonly MarketRecord[], topic: string): string[] {
  return records.filter((record) => record.topic === topic).map(({ key }) => key);
}

function orderOf({ value }: MarketRecord): Order | undefined {
  return value === null ? undefined : (JSON.parse(value) as Order);
}
