// Bodies that are no feed, or too much of one, through the whole pipeline: each of them rejects its poll, and a client sees nothing.

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';

import type { FeedFault } from '../../support/feed.js';
import { heldOf } from './bridge.js';
import { manyItems, openFeed, type BridgedFeed } from './bridged-feed.js';

const ITEMS = manyItems(30);
/** What a good poll would change, so that a poll that is believed in part shows. */
const NEXT = JSON.stringify(manyItems(29, 1));
const json = (body: string | Buffer): FeedFault => ({ do: 'body', body, contentType: 'application/json' });

/** The poll with this answer is rejected: the operator hears of it, the client does not. */
async function expectRejected({ feed, bridge }: BridgedFeed, fault: FeedFault, says: RegExp): Promise<void> {
  const { changes } = bridge.watcher;
  const before = bridge.said('poll-failed');
  feed.script(fault);
  await bridge.until('the poll to be rejected', () => bridge.said('poll-failed') > before);
  const good = feed.statuses.length;
  await bridge.until('a good poll', () => feed.statuses.length > good + 1);
  expect(String(bridge.lines('poll-failed').at(-1)?.['reason'])).toMatch(says);
  expect(bridge.watcher.changes).toBe(changes);
  expect(bridge.values).toEqual(heldOf(ITEMS));
}

describe('C4 what is no feed is rejected as a whole', () => {
  const bodies: readonly (readonly [string, FeedFault, RegExp])[] = [
    ['garbage', json('}{'), /JSON/],
    ['nothing at all', json(''), /empty/],
    [
      'a page for people',
      { do: 'body', body: '<!doctype html><p>Sign in', contentType: 'text/html' },
      /text\/html/,
    ],
    ['a page for people that says it is JSON', json('<!doctype html><p>Sign in'), /JSON/],
    ['JSON that ends too early', json(NEXT.slice(0, -20)), /JSON|ends/],
    [
      'JSON under another name',
      { do: 'body', body: NEXT, contentType: 'application/octet-stream' },
      /octet-stream/,
    ],
    ['a byte order mark', json(`\uFEFF${NEXT}`), /byte order mark|BOM/i],
    ['UTF-16', json(Buffer.from(NEXT, 'utf16le')), /UTF-16/],
    [
      'another charset',
      { do: 'body', body: NEXT, contentType: 'application/json; charset=iso-8859-1' },
      /charset/,
    ],
    ['bytes that are no UTF-8', json(Buffer.from(NEXT.replace('"k5"', '"\xff"'), 'latin1')), /UTF-8/],
    ['text after the end', json(`${NEXT} ${NEXT}`), /JSON|after/],
    ['an error in the place of the items', json('{"error":"try again"}'), /\/id|key|items|object|list/],
  ];

  test('C4 12 of 12 bodies, one after the other: 12 rejected, 0 frames, and it goes on', async () => {
    const bridged = await openFeed({ items: ITEMS, options: { every: '20ms' } });
    for (const [, fault, says] of bodies) await expectRejected(bridged, fault, says);
    expect(bridged.bridge.said('poll-failed')).toBe(12);
    expect(bridged.bridge.bugs).toEqual([]);
    bridged.feed.items = manyItems(31);
    await bridged.bridge.untilHolds(heldOf(manyItems(31)));
  });
});

describe('C5 too much is cut', () => {
  const options = { every: '20ms', maxBytes: '64KiB', timeout: '300ms' } as const;
  const large = `[${JSON.stringify({ id: 'k0', n: 'x'.repeat(70_000) })}]`;
  test('C5 a large body, a bomb, one that drips, one that never ends: each in its time', async () => {
    const bridged = await openFeed({ items: ITEMS, options });
    const faults: readonly (readonly [FeedFault, RegExp])[] = [
      [json(large), /64 ?KiB|65536|maxBytes/],
      [
        { do: 'body', body: gzipSync(Buffer.alloc(10_000_000, 32)), headers: { 'content-encoding': 'gzip' } },
        /64 ?KiB|65536|maxBytes/,
      ],
      [{ do: 'drip', bytes: 10, everyMs: 50 }, /300 ?ms|timeout|time/],
      [{ do: 'endless' }, /64 ?KiB|65536|maxBytes/],
    ];
    for (const [fault, says] of faults) await expectRejected(bridged, fault, says);
    await bridged.bridge.until('connections that were cut', () => bridged.feed.inFlight <= 1);
  });
});

describe('C6 what comes twice', () => {
  test('C6 an item that comes twice and is the same is counted, and no more', async () => {
    const { feed, bridge } = await openFeed({ items: ITEMS, options: { every: '20ms' } });
    feed.items = [...manyItems(31), ...manyItems(2)];
    await bridge.untilHolds(heldOf(manyItems(31)));
    expect(bridge.lines('items-repeated').map(({ level, items }) => [level, items])).toEqual([['warn', 2]]);
    expect(bridge.said('poll-failed')).toBe(0);
  });

  test('C6 two items with one key that differ, and members with one name, reject the poll', async () => {
    const bridged = await openFeed({ items: ITEMS, options: { every: '20ms' } });
    await expectRejected(bridged, json('[{"id":"k0","n":1},{"id":"k0","n":2}]'), /same key/);
    await expectRejected(bridged, json('[{"id":"k0","n":1,"n":2}]'), /"n"|twice|duplicate/i);
    await expectRejected(bridged, json('[{"id":"k0","id":"k0"}]'), /"id"|twice|duplicate/i);
  });

  test('C6 the two may be on two pages', async () => {
    const { feed, bridge } = await openFeed({
      ...{ items: ITEMS, options: { every: '20ms', paging: { by: 'link' } } },
      prepare: (each) => void (each.paging = { by: 'link', size: 10 }),
    });
    feed.items = [...manyItems(29), { id: 'k3', n: 'other' }];
    await bridge.until('the poll to be rejected', () => bridge.said('poll-failed') > 0);
    expect(bridge.values).toEqual(heldOf(ITEMS));
    feed.items = [...manyItems(29), { id: 'k3', n: 3 }];
    await bridge.untilHolds(heldOf(manyItems(29)));
  });
});

describe('items without a key', () => {
  const options = { every: '20ms' };
  test('one among others is for the dead letters, once, and the others go on', async () => {
    const { feed, bridge } = await openFeed({ items: ITEMS, options });
    feed.items = [...manyItems(31), { n: 'nobody' }];
    await bridge.untilHolds(heldOf(manyItems(31)));
    feed.items = [...manyItems(32), { n: 'nobody' }];
    await bridge.untilHolds(heldOf(manyItems(32)));
    expect(bridge.said('record-rejected')).toBe(1);
  });

  test.each(['array', 'ndjson'] as const)(
    'where none has one (%s) it is no feed, and the poll is rejected',
    async (form) => {
      const few = manyItems(5);
      const bridged = await openFeed({
        ...{ items: few, options: { ...options, format: form === 'array' ? 'json' : form } },
        prepare: (feed) => void (feed.form = form),
      });
      bridged.feed.items = [{ error: 'try again' }];
      await bridged.bridge.until('the poll to be rejected', () => bridged.bridge.said('poll-failed') > 0);
      expect(bridged.bridge.values).toEqual(heldOf(few));
      bridged.feed.items = few;
      await bridged.bridge.untilHolds(heldOf(few));
    },
  );
});
