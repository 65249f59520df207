// Who the demo's HTTP API answers: it hands out tokens, so it matters.

import { describe, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { controlApi } from '../../src/demo/control-api.js';
import { externalBroker } from '../../src/demo/demo-broker.js';
import { MarketFeed } from '../../src/demo/market-feed.js';
import { Market } from '../../src/demo/market.js';
import { orderButtons } from '../../src/demo/order-buttons.js';
import { randomSecret } from '../../src/demo/tokens.js';

const MARKET = new Market({ seed: 1, instruments: 1, accounts: 1, orders: 1 });
const GATEWAY = '172.18.0.1';

describe('the API of the demo', () => {
  test('gives a token to a page of its own that asks from this machine', async () => {
    expect(await ask({ isForThisMachine: true, from: '127.0.0.1' })).toBe(200);
    expect(await ask({ isForThisMachine: true, from: '::ffff:127.0.0.1' })).toBe(200);
  });

  test('refuses another machine, whatever Host it claims', async () => {
    expect(await ask({ isForThisMachine: true, from: GATEWAY })).toBe(403);
  });

  test('answers the gateway of its container where it was told that others may ask', async () => {
    expect(await ask({ isForThisMachine: false, from: GATEWAY })).toBe(200);
  });

  test('refuses the page of another site, and a foreign name for this machine, in either case', async () => {
    for (const isForThisMachine of [true, false]) {
      const at = { isForThisMachine, from: '127.0.0.1' };
      expect(await ask({ ...at, origin: 'https://elsewhere.example' })).toBe(403);
      expect(await ask({ ...at, host: 'rebound.example:8080' })).toBe(403);
    }
  });

  test('leaves a broker alone that the demo has not started', async () => {
    const asked = { name: 'broker', body: { isRunning: false } };
    expect(await ask({ isForThisMachine: false, from: GATEWAY, ...asked })).toBe(200);
    expect(broker.state).toBe('external');
  });

  test('runs the statement of a button, and of nothing else', async () => {
    const here = { isForThisMachine: true, from: '127.0.0.1', name: 'orders' };
    expect(await ask({ ...here, body: { action: 'settle' } })).toBe(200);
    expect(await ask({ ...here, body: { action: 'DROP TABLE orders' } })).toBe(400);
    expect(await ask({ ...here, body: { action: 'settle' }, origin: 'https://elsewhere.example' })).toBe(403);
    expect(ran).toEqual([
      "UPDATE orders SET filled = quantity, status = 'done'\nWHERE account = 'A-1003' AND status <> 'done'",
    ]);
  });
});

const broker = externalBroker(['127.0.0.1:1']);
const writesNothing = { write: () => Promise.resolve() };
/** Statements, in order. */
const ran: string[] = [];
const press = orderButtons(MARKET, (sql) => {
  ran.push(sql);
  return Promise.resolve({ outcome: 'UPDATE 0' });
});

interface Asked {
  readonly isForThisMachine: boolean;
  readonly from: string;
  readonly host?: string;
  readonly origin?: string;
  readonly name?: string;
  readonly body?: object;
}

/** Resolves with the status of the answer. */
async function ask(asked: Asked): Promise<number> {
  const { isForThisMachine, from, host = 'localhost:8080', origin, name = 'token' } = asked;
  const feed = new MarketFeed({ market: MARKET, quotes: writesNothing, orders: writesNothing, rate: 10 });
  const weather = { polls: { asked: 0, unchanged: 0 } };
  const api = controlApi({ feed, weather, broker, press, secret: randomSecret(), isForThisMachine });
  const request = Object.assign(
    Readable.from([Buffer.from(JSON.stringify(asked.body ?? { role: 'trader' }))]),
    {
      method: 'POST',
      headers: { host, ...(origin !== undefined && { origin }) },
      socket: { remoteAddress: from },
    },
  ) as unknown as IncomingMessage;
  return new Promise((resolve) => {
    const response = { writeHead: resolve, end: () => undefined } as unknown as ServerResponse;
    api(request, response, `/demo/${name}`);
  });
}
