// The market of the demo: what a page, and a reader of its topic and its table, may rely on.

import { describe, expect, test } from '@jest/globals';

import type { Quote } from '../../src/demo/instruments.js';
import { DEMO_MARKET, Market, WATCHED_ACCOUNT, type OrderChange } from '../../src/demo/market.js';
import type { Order } from '../../src/demo/orders.js';

const SMALL = { seed: 7, instruments: 50, accounts: 20, orders: 60 };

describe('the demo market', () => {
  test('says the same from the same seed, and other things from another', () => {
    const saidBy = (seed: number) => {
      const market = new Market({ ...SMALL, seed });
      return [market.moveQuotes(500), market.moveOrders(500), market.watchedOrders()];
    };
    expect(saidBy(7)).toEqual(saidBy(7));
    saidBy(8).forEach((said, index) => expect(said).not.toEqual(saidBy(7)[index]));
  });

  test('opens with 2,000 instruments, 1,200 orders of the others, and some of the account that is watched', () => {
    const market = new Market(DEMO_MARKET);
    expect(new Set(market.quotes().map(({ key }) => key)).size).toBe(2_000);
    expect(new Set(market.orders().map(({ id }) => id)).size).toBe(1_200);
    const regions = market.watchedOrders().map(({ region }) => region);
    expect(regions).toEqual(['EU', 'US', 'UK', 'EU']);
  });

  test('never touches an order of the watched account: its buttons do', () => {
    const market = new Market(DEMO_MARKET);
    const all = [...market.orders(), ...market.moveOrders(5_000)];
    expect(all.filter(({ order }) => order?.account === WATCHED_ACCOUNT)).toEqual([]);
  });

  test('quotes have 20 fields in about 300 bytes, and a tick changes a few of them', () => {
    const market = new Market(SMALL);
    const held = new Map(market.quotes().map(({ key, value }) => [key, value]));
    for (const { key, value } of market.moveQuotes(2_000)) {
      const [was, is] = [JSON.parse(held.get(key) ?? '') as Quote, JSON.parse(value) as Quote];
      held.set(key, value);
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

  test('orders go, come again, and change their region: every way that a path can go', () => {
    const market = new Market(SMALL);
    const held = heldOf(market.orders());
    const seen = { gone: 0, again: 0, moved: 0 };
    for (let turn = 0; turn < 4_000; turn++) {
      const [change] = market.moveOrders(1);
      const [was, is] = [held.get(change!.id), change!.order];
      held.set(change!.id, is);
      if (is === undefined) seen.gone += 1;
      else if (was === undefined) seen.again += 1;
      else if (was.region !== is.region) seen.moved += 1;
    }
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(0);
  });

  test('tells once of an order that moved several times, since one statement writes a row once', () => {
    const changes = new Market(SMALL).moveOrders(1_000);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
  });

  test('what it says it holds is what a reader of all that it said holds', () => {
    const market = new Market(SMALL);
    const quotes = new Map(market.quotes().map(({ key, value }) => [key, value]));
    const orders = heldOf(market.orders());
    for (const { key, value } of market.moveQuotes(2_000)) quotes.set(key, value);
    for (let turn = 0; turn < 300; turn++)
      for (const { id, order } of market.moveOrders(7)) orders.set(id, order);
    expect(new Map(market.quotes().map(({ key, value }) => [key, value]))).toEqual(quotes);
    expect(heldOf(market.orders())).toEqual(orders);
  });
});

function heldOf(changes: readonly OrderChange[]): Map<number, Order | undefined> {
  return new Map(changes.map(({ id, order }) => [id, order]));
}
