// All pages of a feed as one poll: the same items however they are split, and an end whatever the feed says.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import type { Paging } from '../../../connectors/rest/poll/paging.js';
import type { FeedItem } from '../../support/feed.js';
import type { FeedForm, FeedPaging } from '../../support/feed-pages.js';
import { isLong } from '../../support/long.js';
import { itemsOf, PolledEndpoint, type TestedSettings } from './polled-endpoint.js';

let tested: PolledEndpoint;

beforeEach(() => (tested = undefined as never));
afterEach(() => tested?.close());

/** Ways to page, and how the feed does it. */
const WAYS: readonly {
  readonly by: FeedPaging['by'];
  readonly paging: (size: number) => Paging;
  readonly form: FeedForm;
}[] = [
  { by: 'link', paging: () => ({ by: 'link' }), form: 'array' },
  { by: 'cursor', paging: () => ({ by: 'cursor', cursor: '/next', query: 'cursor' }), form: 'wrapped' },
  { by: 'page', paging: () => ({ by: 'page', query: 'page' }), form: 'array' },
  { by: 'page', paging: (size) => ({ by: 'page', query: 'page', size }), form: 'array' },
  { by: 'offset', paging: (size) => ({ by: 'offset', query: 'offset', size }), form: 'array' },
];

async function open(settings: TestedSettings & { readonly form?: FeedForm }): Promise<PolledEndpoint> {
  tested = await PolledEndpoint.open({
    ...settings,
    items: settings.form === 'wrapped' ? '/items' : '',
  });
  tested.feed.form = settings.form ?? 'array';
  return tested;
}

function numbered(count: number): FeedItem[] {
  return Array.from({ length: count }, (_, id) => ({ id }));
}

/** Answers with what `page` makes of the query; `next` becomes the header `Link`. */
function script(page: (query: URLSearchParams) => { readonly body: unknown; readonly next?: string }): void {
  tested.feed.rule = ({ query }) => {
    const { body, next } = page(query);
    const headers = next === undefined ? {} : { link: `<${next}>; rel="next"` };
    return { do: 'body', body: JSON.stringify(body), headers };
  };
}

async function rejection(): Promise<string> {
  const error: unknown = await tested.poll().then(
    () => 'it was accepted',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BadFeed);
  return (error as BadFeed).message;
}

describe.each(WAYS)('by $by', ({ by, paging, form }) => {
  test('a feed has the same items in the same order, however it is split into pages', async () => {
    const cases = fc.tuple(
      fc.array(fc.record({ id: fc.nat(), name: fc.string() }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([items, size]) => {
        const it = await open({ paging: paging(size), form });
        try {
          it.feed.items = items.map((item, i) => ({ ...item, id: i }));
          it.feed.paging = { by, size };
          const poll = await it.poll();
          expect(itemsOf(poll).flat()).toEqual(it.feed.items);
          expect(poll.pages).toHaveLength(it.feed.requests.length);
        } finally {
          await it.close();
        }
      }),
      { numRuns: isLong ? 300 : 25 },
    );
  });
});

describe('the next page', () => {
  test('may be a URL in the body, a relative one too', async () => {
    await open({ paging: { by: 'cursor', cursor: '/next' }, form: 'wrapped' });
    const pages = new Map<string | null, unknown>([
      [null, { items: [{ id: 1 }], next: '?at=b' }],
      ['b', { items: [{ id: 2 }], next: tested.url('/feed?at=c#top') }],
      ['c', { items: [], next: '/feed?at=d' }],
      ['d', { items: [{ id: 3 }], next: false }],
    ]);
    script((query) => ({ body: pages.get(query.get('at')) }));
    expect(itemsOf(await tested.poll())).toEqual([[{ id: 1 }], [{ id: 2 }], [], [{ id: 3 }]]);
  });

  test.each([null, false, '', undefined, {}])('is none where the cursor is %j', async (next) => {
    await open({ paging: { by: 'cursor', cursor: '/next', query: 'c' }, form: 'wrapped' });
    script(() => ({ body: { items: [{ id: 1 }], next } }));
    expect((await tested.poll()).pages).toHaveLength(1);
  });

  test('is asked for with the cursor as it is, a number as well, and with the rest of the query', async () => {
    const request = { query: { q: 'a&b' } };
    await open({ paging: { by: 'cursor', cursor: '/next', query: 'c' }, form: 'wrapped', request });
    const cursors = ['a/b=&c+d é', 7];
    script(() => ({ body: { items: [], next: cursors.shift() ?? null } }));
    await tested.poll();
    const asked = tested.feed.requests.map(({ query }) => [query.get('q'), query.get('c')]);
    expect(asked).toEqual([
      ['a&b', null],
      ['a&b', 'a/b=&c+d é'],
      ['a&b', '7'],
    ]);
  });

  test('has the number, the offset and the size that the options ask for', async () => {
    await open({ paging: { by: 'page', query: 'p', first: 0, size: 2, sizeQuery: 'n' } });
    script((query) => ({
      body: numbered(5).slice(Number(query.get('p')) * 2, Number(query.get('p')) * 2 + 2),
    }));
    expect(itemsOf(await tested.poll()).flat()).toEqual(numbered(5));
    expect(tested.feed.requests.map(({ target }) => target)).toEqual(
      ['0', '1', '2'].map((page) => `/feed?n=2&p=${page}`),
    );
    await tested.close();
    await open({ paging: { by: 'offset', query: 'from', size: 2, sizeQuery: 'n' } });
    tested.feed.items = [];
    await tested.poll();
    expect(tested.lastRequest.target).toBe('/feed?n=2&from=0');
  });

  test('is not the last where the header that names it cannot be read', async () => {
    await open({ paging: { by: 'link' } });
    tested.feed.rule = () => ({ do: 'body', body: '[]', headers: { link: '</feed?page=2; rel="next"' } });
    expect(await rejection()).toContain('`Link`');
  });

  test('must be where the feed is: none at another origin is asked for', async () => {
    await open({ paging: { by: 'link' } });
    for (const next of [
      'https://evil.example/feed',
      '//127.0.0.2/feed',
      'javascript:alert(1)',
      'file:///etc/x',
    ]) {
      script(() => ({ body: [], next }));
      expect(await rejection()).toMatch(/^page 1 says that the next one is at .*`url`/);
    }
    script(() => ({ body: [], next: 'http://[' }));
    expect(await rejection()).toContain('check `paging`');
    expect(tested.feed.requests).toHaveLength(5);
  });
});

describe('C12 paging ends', () => {
  test('at once where a page leads to one that was there before', async () => {
    await open({ paging: { by: 'link' } });
    tested.feed.items = numbered(10);
    tested.feed.paging = { by: 'link', size: 4 };
    tested.feed.script(undefined, { do: 'loop' });
    expect(await rejection()).toBe('paging goes in a circle: after page 2 comes page 2 again');
    script((query) => ({ body: [], next: query.get('page') === '2' ? '/feed' : '/feed?page=2#x' }));
    expect(await rejection()).toBe('paging goes in a circle: after page 2 comes page 1 again');
    expect(tested.feed.requests).toHaveLength(4);
    script(() => ({ body: [], next: `/feed?page=2#${tested.feed.requests.length}` }));
    expect(await rejection()).toBe('paging goes in a circle: after page 2 comes page 2 again');
  });

  test('at once where a cursor comes again', async () => {
    await open({ paging: { by: 'cursor', cursor: '/next', query: 'cursor' }, form: 'wrapped' });
    script(() => ({ body: { items: [{ id: Math.random() }], next: 'again' } }));
    expect(await rejection()).toBe('paging goes in a circle: after page 2 comes page 2 again');
    expect(tested.feed.requests).toHaveLength(2);
  });

  test('at once where the feed does not know the parameter for pages', async () => {
    await open({ paging: { by: 'page', query: 'p' } });
    tested.feed.items = numbered(3);
    expect(await rejection()).toContain('not to know the parameter "p"');
    expect(tested.feed.requests).toHaveLength(2);
  });

  test.each([1, 7, 1_000])('after %i pages, if so many are the most', async (maxPages) => {
    const paging = { by: 'cursor', cursor: '/next', query: 'c' } as const;
    await open({ paging, form: 'wrapped', limits: { maxPages } });
    script((query) => ({ body: { items: [], next: Number(query.get('c')) + 1 } }));
    expect(await rejection()).toContain(
      `more than ${maxPages} pages; if it is as large as that, raise \`maxPages\``,
    );
    expect(tested.feed.requests).toHaveLength(maxPages);
  });

  test('not before so many are reached as may be', async () => {
    const paging = { by: 'cursor', cursor: '/next', query: 'c' } as const;
    await open({ paging, form: 'wrapped', limits: { maxPages: 7 } });
    const after = (page: number): number | null => (page < 6 ? page + 1 : null);
    script((query) => ({ body: { items: [], next: after(Number(query.get('c'))) } }));
    expect((await tested.poll()).pages).toHaveLength(7);
  });

  test('where there are more items than may be, over all pages', async () => {
    await open({ paging: { by: 'page', query: 'page' }, limits: { maxItems: 10 } });
    tested.feed.paging = { by: 'page', size: 4 };
    tested.feed.items = numbered(10);
    expect(itemsOf(await tested.poll()).flat()).toHaveLength(10);
    tested.feed.items = numbered(11);
    expect(await rejection()).toContain('more than 10 items; if it is as large as that, raise `maxItems`');
    tested.feed.items = numbered(1_000);
    const before = tested.feed.requests.length;
    await rejection();
    expect(tested.feed.requests.length - before).toBe(3);
  });
});

test('a mistake in a page says in which', async () => {
  await open({ paging: { by: 'link' } });
  script((query) => (query.has('page') ? { body: 'no list' } : { body: [], next: '?page=2' }));
  expect(await rejection()).toMatch(/^page 2: /);
});
