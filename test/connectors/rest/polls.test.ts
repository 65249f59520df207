// Polls that bring nothing new, lose items, shrink, go in circles, or are lied to about whether anything has changed.

import { describe, expect, test } from '@jest/globals';

import { isLong } from '../../support/long.js';
import type { FeedFault } from '../../support/feed.js';
import { heldOf } from './bridge.js';
import { manyItems, openFeed, type BridgedFeed } from './bridged-feed.js';

/** So many requests later. */
async function polls({ feed, bridge }: BridgedFeed, count: number): Promise<void> {
  const enough = feed.statuses.length + count;
  await bridge.until(`${count} polls`, () => feed.statuses.length >= enough, 30_000);
}

describe('C2 nothing new', () => {
  test('C2 a thousand polls that are answered with 304: no frame, and fresh', async () => {
    const bridged = await openFeed({ items: manyItems(100), options: { every: '2ms' } });
    const { feed, bridge } = bridged;
    const { changes, marks } = bridge.watcher;
    const before = { changes, marks: marks.length };
    await polls(bridged, 1_000);
    expect(new Set(feed.statuses.slice(2))).toEqual(new Set([304]));
    expect({ changes: bridge.watcher.changes, marks: marks.length }).toEqual(before);
    expect(bridge.isLive).toBe(true);
    feed.items = manyItems(101);
    await bridge.untilHolds(heldOf(manyItems(101)));
  }, 60_000);

  test('C2 the same bytes again, from a server without validators', async () => {
    const bridged = await openFeed({
      ...{ items: manyItems(100), options: { every: '2ms' } },
      prepare: (feed) => void (feed.validators = 'none'),
    });
    const { changes } = bridged.bridge.watcher;
    await polls(bridged, 100);
    expect(new Set(bridged.feed.statuses)).toEqual(new Set([200]));
    expect(bridged.bridge.watcher.changes).toBe(changes);
  });
});

describe('C7 items vanish', () => {
  const paged = { items: manyItems(1_000), options: { every: '20ms', paging: { by: 'link' } } } as const;
  const prepare = (feed: BridgedFeed['feed']): void => void (feed.paging = { by: 'link', size: 100 });
  const left = manyItems(1_000).filter(({ n }) => Number(n) % 100 !== 7);

  test('C7 ten of a thousand: ten deletes', async () => {
    const { feed, bridge } = await openFeed({ ...paged, prepare });
    const { changes } = bridge.watcher;
    feed.items = left;
    await bridge.untilHolds(heldOf(left));
    expect(bridge.watcher.changes - changes).toBe(10);
  });

  test('C7 the last page, and the others are as they were', async () => {
    const { feed, bridge } = await openFeed({ ...paged, prepare });
    const { changes } = bridge.watcher;
    feed.items = manyItems(900);
    await bridge.untilHolds(heldOf(manyItems(900)));
    expect(bridge.watcher.changes - changes).toBe(100);
  });

  const faults: readonly FeedFault[] = [
    { do: 'status', status: 500 },
    { do: 'reset', at: 'head' },
    { do: 'reset', at: 'body' },
    { do: 'truncate', how: 'short' },
    { do: 'truncate', how: 'chunked' },
  ];
  test.each(faults)(
    'C7 while a later page fails with %j nothing is deleted and nothing is changed',
    async (fault) => {
      const bridged = await openFeed({ ...paged, prepare });
      const { feed, bridge } = bridged;
      const { changes } = bridge.watcher;
      const changed = left.map((item) => (item['id'] === 'k0' ? { ...item, n: 'changed' } : item));
      feed.rule = ({ query }) => (query.get('page') === '6' ? fault : undefined);
      feed.items = changed;
      await bridge.until(
        'some polls that fail',
        () => feed.requests.filter(({ query }) => query.get('page') === '6').length > 4,
      );
      expect(bridge.watcher.changes).toBe(changes);
      feed.heal();
      await bridge.untilHolds(heldOf(changed));
      expect(bridge.watcher.changes - changes).toBe(11);
    },
  );
});

test('C7 G9 a poll that is more than one event is seen at once', async () => {
  const COUNT = 600;
  /** Three events, and less than what the core holds of one transaction. */
  const itemsOf = (n: number) => manyItems(COUNT).map(({ id }) => ({ id, n, note: 'x'.repeat(1_000) }));
  const sights = new Set<string>();
  const { feed, bridge } = await openFeed({
    items: itemsOf(1),
    applied: (values) => {
      const ns = new Set([...values.values()].map((value) => (value as { readonly n: number }).n));
      sights.add(`${values.size}: ${[...ns].join(' and ')}`);
    },
  });
  sights.clear();
  feed.items = itemsOf(2);
  await bridge.untilHolds(heldOf(itemsOf(2)));
  expect([...sights]).toEqual(['600: 2']);
});

describe('C8 a feed shrinks', () => {
  test.each([0, 400])('C8 from 1,000 items to %d: believed when three polls agree', async (count) => {
    const bridged = await openFeed({ items: manyItems(1_000) });
    const { feed, bridge } = bridged;
    const shrunk = manyItems(count).map((item) => ({ ...item, isNew: true }));
    const before = feed.requests.length;
    feed.items = shrunk;
    await bridge.until('the client to be warned', () => bridge.isStale);
    expect(bridge.values).toEqual(heldOf(manyItems(1_000)));
    await bridge.untilHolds(heldOf(shrunk));
    expect(feed.requests.length - before).toBeGreaterThanOrEqual(3);
    expect(bridge.lines('feed-shrank').map(({ level, gone, of }) => [level, gone, of])).toEqual([
      ['warn', 1_000 - count, 1_000],
    ]);
  });

  test('C8 what is held back is held back whole, and forgotten when the feed is well again', async () => {
    const bridged = await openFeed({ items: manyItems(1_000) });
    const { feed, bridge } = bridged;
    const { changes } = bridge.watcher;
    const shrunk = manyItems(400).map((item) => ({ ...item, isOdd: true }));
    for (let time = 0; time < 3; time++) {
      feed.items = shrunk;
      await polls(bridged, 2);
      feed.items = manyItems(1_000);
      await polls(bridged, 2);
    }
    expect(bridge.watcher.changes).toBe(changes);
    await bridge.untilHolds(heldOf(manyItems(1_000)));
  });

  test('C8 an operator confirms it', async () => {
    const bridged = await openFeed({ items: manyItems(1_000), options: { every: '2s' } });
    const { feed, bridge } = bridged;
    const confirm = () => bridge.request('POST', '/v1/sources/feed/confirm');
    expect(await confirm()).toEqual({ status: 200, text: '{"confirmed":null}\n' });
    feed.items = manyItems(400);
    await bridge.until('the client to be warned', () => bridge.isStale);
    const confirmedAt = performance.now();
    expect((await confirm()).text).toContain('1000 items');
    await bridge.untilHolds(heldOf(manyItems(400)));
    expect(performance.now() - confirmedAt).toBeLessThan(1_500);
  });

  test('C8 with `vanish: allow` it is believed at once', async () => {
    const { feed, bridge } = await openFeed({ items: manyItems(1_000), options: { vanish: 'allow' } });
    const before = feed.requests.length;
    feed.items = [];
    await bridge.untilHolds(new Map());
    expect(feed.requests.length - before).toBeLessThanOrEqual(2);
    expect(bridge.said('feed-shrank')).toBe(0);
  });

  test.each([
    [1_000, 500],
    [30, 10],
  ])('C8 from %d to %d is no reason for doubt: half, or no more than 20', async (many, few) => {
    const { feed, bridge } = await openFeed({ items: manyItems(many) });
    feed.items = manyItems(few);
    await bridge.untilHolds(heldOf(manyItems(few)));
    expect(bridge.said('feed-shrank')).toBe(0);
  });
});

describe('C12 feeds that go in circles, and servers that lie', () => {
  const MAX_PAGES = isLong ? 1_000 : 100;
  test.each(['loop', 'more-pages'] as const)(
    'C12 %s: ends within `maxPages`, and the poll is rejected',
    async (fault) => {
      const bridged = await openFeed({
        items: manyItems(30),
        options: {
          items: '/items',
          paging: { by: 'cursor', cursor: '/next', query: 'cursor' },
          maxPages: MAX_PAGES,
        },
        prepare: (feed) => Object.assign(feed, { form: 'wrapped', paging: { by: 'cursor', size: 10 } }),
      });
      const { feed, bridge } = bridged;
      const { changes } = bridge.watcher;
      feed.items = manyItems(29);
      const before = feed.requests.length;
      feed.rule = () => ({ do: fault });
      await bridge.until('the poll to be rejected', () => bridge.said('poll-failed') === 1, 30_000);
      expect(feed.requests.length - before).toBeLessThanOrEqual(MAX_PAGES + 3);
      expect(bridge.watcher.changes).toBe(changes);
      feed.heal();
      await bridge.untilHolds(heldOf(manyItems(29)));
    },
    60_000,
  );

  test.each(['loop', 'more-pages'] as const)('C12 %s by the header Link', async (fault) => {
    const { feed, bridge } = await openFeed({
      ...{ items: manyItems(30), options: { paging: { by: 'link' }, maxPages: 20 } },
      prepare: (each) => void (each.paging = { by: 'link', size: 10 }),
    });
    const { changes } = bridge.watcher;
    feed.rule = () => ({ do: fault });
    await bridge.until('the poll to be rejected', () => bridge.said('poll-failed') === 1);
    expect(bridge.watcher.changes).toBe(changes);
    expect(bridge.values).toEqual(heldOf(manyItems(30)));
  });

  test('C12 an ETag that stays the same whatever changes is found out by the poll without it', async () => {
    const bridged = await openFeed({
      ...{ items: manyItems(30), options: { every: '20ms', fullEvery: '500ms' } },
      prepare: (feed) => void (feed.validators = 'lying'),
    });
    const { feed, bridge } = bridged;
    await bridge.until('a 304', () => feed.statuses.at(-1) === 304);
    feed.items = manyItems(31);
    const at = performance.now();
    await bridge.untilHolds(heldOf(manyItems(31)));
    expect(performance.now() - at).toBeLessThan(1_000);
    const whole = feed.requests.filter(({ headers }) => headers['if-none-match'] === undefined);
    expect(feed.requests.length).toBeGreaterThan(whole.length * 3);
    for (const { headers } of whole) expect(headers['if-modified-since']).toBeUndefined();
  });
});
