import { afterEach, describe, expect, test } from '@jest/globals';

import type { SourceEvent } from '../../../connectors/contract.js';
import type { RestOptions } from '../../../connectors/rest/options.js';
import { createRest } from '../../../connectors/rest/rest.js';
import { FeedServer } from '../../support/feed-server.js';
import { loopbackOutbound } from '../../support/outbound.js';

let server: FeedServer | undefined;
afterEach(() => server?.close());

/** A source that is read: `next` is its next event. */
async function reading(changed: Partial<RestOptions>) {
  server = await FeedServer.listen();
  const feed = server.feed('/stations');
  feed.items = [{ id: 'a', n: 1 }];
  const log = { info: () => undefined, warn: () => undefined };
  const options = { url: server.url('/stations'), key: '/id', every: '20ms', jitter: 0, ...changed };
  const source = createRest(options, { name: 'stations', log, outbound: loopbackOutbound });
  const ending = new AbortController();
  await source.probe(ending.signal);
  const events = source.read(new Map(), ending.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<SourceEvent> => (await events.next()).value as SourceEvent;
  const close = async (): Promise<void> => {
    ending.abort();
    await source.close();
  };
  return { feed, options, source, next, close };
}

describe('other options while it is read', () => {
  test('are taken over where only secrets differ: the next poll has them, and nothing is read anew', async () => {
    const { feed, options, source, next, close } = await reading({ auth: { bearer: 'first' } });
    expect([(await next()).type, (await next()).type]).toEqual(['records', 'live']);
    expect(source.adopt?.({ ...options, auth: { bearer: 'second' } })).toBe(true);
    feed.items = [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ];
    const event = await next();
    expect(event).toMatchObject({ type: 'records', records: [{ key: Buffer.from('b') }] });
    expect(feed.requests[0]?.headers.authorization).toBe('Bearer first');
    expect(feed.requests.at(-1)?.headers.authorization).toBe('Bearer second');
    await close();
  });

  test('are not where they ask for other items, or in another way', async () => {
    const { options, source, close } = await reading({});
    for (const other of [
      { url: `${options.url}?all` },
      { every: '1s' },
      { key: '/n' },
      { query: { a: 1 } },
    ]) {
      expect([other, source.adopt?.({ ...options, ...other })]).toEqual([other, false]);
    }
    await close();
  });

  test('that cannot be used leave the former in force', async () => {
    const { feed, options, source, next, close } = await reading({ auth: { bearer: 'first' } });
    expect(() => source.adopt?.({ ...options, auth: { bearer: 'two\nlines' } })).toThrow('auth');
    await next();
    feed.items = [];
    await next();
    await next();
    expect(feed.requests.at(-1)?.headers.authorization).toBe('Bearer first');
    await close();
  });
});
