// C9, F17: whatever is asked for by HTTP, no way of writing an address that is not public leads to it.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createOutbound, type ConfiguredOutbound } from '../../src/outbound/outbound.js';
import { Canary, HOSTILE_URLS, hostileNames, PUBLIC } from './canary.js';
import { CLIENTS, type Ask } from './outbound-clients.js';

let canary: Canary;

beforeAll(async () => {
  canary = await Canary.listen();
});
afterAll(() => canary.close());

function guarded(allow: readonly string[] = [PUBLIC]): ConfiguredOutbound {
  return createOutbound({ allow, resolve: hostileNames() });
}

async function outcome(ask: Ask, url: string, outbound: ConfiguredOutbound): Promise<string> {
  try {
    await ask(url.replaceAll('PORT', String(canary.port)), outbound);
    return 'answered';
  } catch (error) {
    return error instanceof Error ? error.name : 'no error';
  }
}

test('there are forty ways and more', () => {
  expect(new Set(HOSTILE_URLS).size).toBeGreaterThan(40);
});

describe.each(Object.entries(CLIENTS))('C9 F17 %s', (_, ask) => {
  test('gets at nothing that is not public, in whichever form it is written', async () => {
    const before = await canary.count();
    const outbound = guarded();
    for (const url of HOSTILE_URLS)
      expect([url, await outcome(ask, url, outbound)]).not.toEqual([url, 'answered']);
    expect((await canary.count()) - before).toBe(0);
  });

  test('is not led there by a redirect', async () => {
    const before = await canary.count();
    const redirected = canary.redirected;
    expect(await outcome(ask, 'http://feeds.example:PORT/', guarded())).toBeDefined();
    expect(canary.redirected).toBeGreaterThan(redirected);
    expect((await canary.count()) - before).toBe(0);
  });

  test('is not led there by a name that means another address each time', async () => {
    const before = await canary.count();
    const outbound = guarded();
    for (let i = 0; i < 6; i++) await outcome(ask, 'http://flips.example:PORT/', outbound);
    expect((await canary.count()) - before).toBe(0);
  });
});

test('C9 the canary hears of most forms when this machine is allowed: it is the guard that keeps them away', async () => {
  const before = await canary.count();
  const outbound = guarded(['loopback', '0.0.0.0', '::']);
  const here = HOSTILE_URLS.filter((url) => url.includes('PORT') && !/64:|nat64/.test(url)); // there is no NAT64 here
  for (const url of here) await outcome(CLIENTS['the agents']!, url, outbound);
  expect((await canary.count()) - before).toBeGreaterThan(30);
});

test('F17 a proxy that the environment names is not used', async () => {
  const before = await canary.count();
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
  const former = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = `http://127.0.0.1:${canary.port}`;
  process.env['NODE_USE_ENV_PROXY'] = '1';
  try {
    for (const ask of Object.values(CLIENTS)) await outcome(ask, 'http://feeds.example:PORT/', guarded());
  } finally {
    delete process.env['NODE_USE_ENV_PROXY'];
    for (const [index, name] of names.entries()) {
      if (former[index] === undefined) delete process.env[name];
      else process.env[name] = former[index];
    }
  }
  expect((await canary.count()) - before).toBe(0);
});
