// Where a feed may lead, through the whole pipeline: to addresses that were not allowed, by a redirect, by a name that means another
// address today, or to a server that shows no good certificate. The last values stay, and nothing is sent there.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createOutbound } from '../../../src/outbound/outbound.js';
import { authority, type Authority } from '../../support/certificates.js';
import { heldOf } from './bridge.js';
import { manyItems, openBridge, openFeed, openServer } from './bridged-feed.js';

const ITEMS = manyItems(30);

describe('C9 F17 addresses that are not allowed', () => {
  test.each([
    'http://169.254.169.254/latest',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
    'http://127.0.0.1:1/',
  ])('C9 %s is refused before anything is sent, and the operator is told what to allow', async (url) => {
    const bridge = await openBridge({ options: { url }, allow: [] });
    await bridge.until('the refusal', () => bridge.said('source-options-rejected') > 0);
    const [line] = bridge.lines('source-options-rejected');
    expect(String(line?.['message'])).toContain('outbound.allow');
  });

  test('C9 a name that means another address from now on', async () => {
    let address = '127.0.0.1';
    const outbound = createOutbound({
      allow: ['127.0.0.1/32'],
      resolve: (_name, _options, done) => done(null, [{ address, family: 4 }]),
    });
    const { server, feed, bridge } = await openFeed({ items: ITEMS, host: 'feeds.test', outbound });
    address = '127.0.0.2'; // The same listener would not answer there, but be connected to
    const canary = await openServer({ at: address, port: server.port });
    server.dropConnections();
    feed.items = manyItems(31);
    await bridge.until('the refusal', () => bridge.said('poll-failed') > 0);
    await bridge.until('the client to know', () => bridge.isStale);
    expect(String(bridge.lines('poll-failed')[0]?.['reason'])).toContain('outbound.allow');
    expect(canary.connections).toBe(0);
    expect(bridge.values).toEqual(heldOf(ITEMS));
    address = '127.0.0.1';
    await bridge.untilHolds(heldOf(manyItems(31)));
  });

  test.each(['none', 'same-origin'] as const)(
    'C9 a redirect elsewhere (redirects: %s)',
    async (redirects) => {
      const canary = await openServer();
      const { feed, bridge } = await openFeed({ items: ITEMS, options: { redirects } });
      feed.script({ do: 'status', status: 302, headers: { location: canary.url('/feed') } });
      await bridge.until('the refusal', () => bridge.said('poll-failed') > 0);
      await bridge.until('another poll', () => feed.faultsLeft === 0 && feed.statuses.at(-1) !== 302);
      expect(canary.connections).toBe(0);
      expect(bridge.values).toEqual(heldOf(ITEMS));
    },
  );
});

describe('C10 servers that cannot be trusted', () => {
  let folder: string;
  let ours: Authority;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tailrace-reach-'));
    ours = await authority(folder, 'ours');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const signs: Readonly<Record<string, Parameters<Authority['sign']>[1]>> = {
    'is good': {},
    'has expired': { days: -1 },
    'is of another host': { names: 'DNS:elsewhere.test' },
  };
  test.each(Object.entries(signs))('C10 whose certificate %s', async (name, options) => {
    const { cert, key } = await ours.sign('feed', options);
    const server = await openServer({ tls: { cert, key } });
    const feed = server.feed('/feed');
    feed.items = ITEMS;
    const bridge = await openBridge({ options: { url: server.url('/feed'), tls: { ca: ours.ca } } });
    if (name === 'is good') return bridge.untilHolds(heldOf(ITEMS));
    await bridge.until('the refusal', () => bridge.said('source-stale') > 0);
    expect(String(bridge.lines('source-stale')[0]?.['reason'])).toMatch(/certificate/);
    expect(server.requests).toEqual([]);
  });

  test('C10 by an authority that nobody named, and one that sends on to plain HTTP', async () => {
    const { cert, key } = await ours.sign('feed');
    const server = await openServer({ tls: { cert, key } });
    const unknown = await openBridge({ options: { url: server.url('/feed') } });
    await unknown.until('the refusal', () => unknown.said('source-stale') > 0);
    expect(server.requests).toEqual([]);

    const plain = await openServer();
    server.feed('/feed').rule = () => ({
      do: 'status',
      status: 301,
      headers: { location: plain.url('/feed') },
    });
    const options = { url: server.url('/feed'), tls: { ca: ours.ca }, redirects: 'same-origin' } as const;
    const downgraded = await openBridge({ options });
    const isRefused = (): boolean =>
      downgraded.said('source-stale') + downgraded.said('source-options-rejected') > 0;
    await downgraded.until('the refusal', isRefused);
    expect(plain.connections).toBe(0);
  });
});
