// A feed server, a feed of it with some items, and Tailrace between it and a client, for one test: let go of when it ends.

import { afterEach } from '@jest/globals';

import { FeedServer } from '../../support/feed-server.js';
import type { Feed, FeedItem } from '../../support/feed.js';
import { Bridge, heldOf, type BridgeSettings } from './bridge.js';

export interface BridgedFeed {
  readonly server: FeedServer;
  readonly feed: Feed;
  readonly bridge: Bridge;
}

export interface BridgedFeedSettings extends Omit<BridgeSettings, 'options'> {
  readonly items: readonly FeedItem[];
  readonly options?: Partial<BridgeSettings['options']>;
  /** In its URL. */
  readonly host?: string;
  /** Before the feed is polled first. */
  readonly prepare?: (feed: Feed, server: FeedServer) => void;
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Of the test that runs. */
export async function openServer(...options: Parameters<typeof FeedServer.listen>): Promise<FeedServer> {
  const server = await FeedServer.listen(...options);
  open.push(server);
  return server;
}

/** Of the test that runs. */
export async function openBridge(settings: BridgeSettings): Promise<Bridge> {
  const bridge = await Bridge.open(settings);
  open.push(bridge);
  return bridge;
}

/** Resolves when the client holds the items. The feed is `/feed`. */
export async function openFeed({
  items,
  options,
  host,
  prepare,
  ...settings
}: BridgedFeedSettings): Promise<BridgedFeed> {
  const server = await openServer(host === undefined ? {} : { host });
  const feed = server.feed('/feed');
  feed.items = items;
  prepare?.(feed, server);
  const bridge = await openBridge({ ...settings, options: { url: server.url('/feed'), ...options } });
  await bridge.untilHolds(heldOf(items));
  return { server, feed, bridge };
}

/** `{id: 'k0', n: 0}`, ... */
export function manyItems(count: number, from = 0): FeedItem[] {
  return Array.from({ length: count }, (_, n) => ({ id: `k${from + n}`, n: from + n }));
}
