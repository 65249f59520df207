// What an endpoint remembers of its last poll, and when it does not trust that.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { FeedFault } from '../../../connectors/rest/client/feed-fault.js';
import {
  FULL_EVERY_MS,
  itemsOf,
  PolledEndpoint,
  unchangedOf,
  type TestedSettings,
} from './polled-endpoint.js';

let tested: PolledEndpoint;

beforeEach(() => (tested = undefined as never));
afterEach(() => tested?.close());

const V1 = [{ id: 1 }, { id: 2 }, { id: 3 }];
const V2 = [
  { id: 1, v: 2 },
  { id: 2, v: 2 },
  { id: 3, v: 2 },
];

async function open(settings: TestedSettings = {}): Promise<void> {
  tested = await PolledEndpoint.open(settings);
  tested.feed.items = V1;
}

/** Two pages: items 1 and 2, and item 3. */
async function openPaged(): Promise<void> {
  await open({ paging: { by: 'link' } });
  tested.feed.paging = { by: 'link', size: 2 };
}

function isConditional(): boolean {
  const { headers } = tested.lastRequest;
  return 'if-none-match' in headers || 'if-modified-since' in headers;
}

/** The last so many answers. */
function statuses(count: number): number[] {
  return tested.feed.statuses.slice(-count);
}

describe('a feed that does not change', () => {
  test('C2 costs no body in 1,000 polls that are answered 304, nor is anything parsed, and is unchanged', async () => {
    await open();
    tested.feed.items = Array.from({ length: 500 }, (_, id) => ({ id }));
    const first = await tested.applied();
    expect([first.isFull, first.bytes > 5_000, unchangedOf(first)]).toEqual([true, true, [false]]);
    for (let i = 0; i < 1_000; i++) {
      const poll = await tested.applied();
      expect([poll.isFull, poll.bytes, unchangedOf(poll), poll.pages[0]?.items.count]).toEqual([
        true,
        0,
        [true],
        500,
      ]);
    }
    expect(tested.feed.statuses.filter((status) => status === 304)).toHaveLength(1_000);
    expect(tested.parsed).toBe(1);
  });

  test.each(['etag', 'last-modified', 'honest'] as const)('is known by %s, on every page', async (kind) => {
    await openPaged();
    tested.feed.validators = kind;
    await tested.applied();
    const again = await tested.applied();
    expect([statuses(2), unchangedOf(again), itemsOf(again).flat()]).toEqual([[304, 304], [true, true], V1]);
    tested.feed.items = [...V1.slice(0, 2), { id: 4 }];
    const changed = await tested.applied();
    expect([statuses(2), unchangedOf(changed)]).toEqual([
      [304, 200],
      [true, false],
    ]);
    expect(itemsOf(changed)).toEqual([V1.slice(0, 2), [{ id: 4 }]]);
  });

  test('is not parsed again where the server has no validators, but sends the same bytes', async () => {
    await openPaged();
    tested.feed.validators = 'none';
    await tested.applied();
    const again = await tested.applied();
    expect([statuses(2), unchangedOf(again), itemsOf(again).flat()]).toEqual([[200, 200], [true, true], V1]);
    expect([tested.parsed, again.bytes > 0]).toEqual([2, true]);
  });

  test('is asked for without conditions by POST', async () => {
    await open({ request: { method: 'POST', body: { list: 'all' } } });
    await tested.applied();
    const again = await tested.applied();
    expect([isConditional(), tested.lastRequest.method, tested.lastRequest.body]).toEqual([
      false,
      'POST',
      '{"list":"all"}',
    ]);
    expect([unchangedOf(again), tested.parsed]).toEqual([[true], 1]);
  });

  test('is refused where the same bytes are something else now', async () => {
    await open();
    tested.feed.validators = 'none';
    await tested.applied();
    tested.feed.script({ do: 'content-type', contentType: 'text/html' });
    await expect(tested.poll()).rejects.toThrow(BadFeed);
    expect(unchangedOf(await tested.poll())).toEqual([true]);
  });
});

describe('C12 validators that lie', () => {
  test('are found out by a poll without them, which comes first and then every `fullEvery`', async () => {
    await open();
    tested.feed.validators = 'lying';
    await tested.applied();
    expect(isConditional()).toBe(false);
    tested.feed.items = V2;
    tested.clock.monotonic += FULL_EVERY_MS - 1;
    expect([itemsOf(await tested.applied()), isConditional()]).toEqual([[V1], true]);
    tested.clock.monotonic += 1;
    const full = await tested.applied();
    expect([itemsOf(full), isConditional(), unchangedOf(full)]).toEqual([[V2], false, [false]]);
    expect([itemsOf(await tested.applied()), isConditional()]).toEqual([[V2], true]);
  });

  test('C11 are found out as soon when the clock is set back', async () => {
    await open();
    await tested.applied();
    tested.clock.wall -= 3_600_000;
    tested.clock.monotonic += FULL_EVERY_MS;
    await tested.applied();
    expect(isConditional()).toBe(false);
  });

  test('are found out by the poll after one that should have, and failed', async () => {
    await open();
    await tested.applied();
    tested.clock.monotonic += FULL_EVERY_MS;
    tested.feed.script({ do: 'status', status: 503 });
    await expect(tested.poll()).rejects.toThrow(FeedFault);
    await tested.applied();
    expect(isConditional()).toBe(false);
  });

  test('of the second in which the page was sent are not used, since it may change again in it', async () => {
    await open();
    const answer = (agoMs: number): void => {
      const [date, modified] = [Date.now(), Date.now() - agoMs].map((at) => new Date(at).toUTCString());
      tested.feed.script({ do: 'body', body: '[]', headers: { date: date!, 'last-modified': modified! } });
    };
    answer(0);
    await tested.applied();
    answer(2_000);
    await tested.applied();
    expect(isConditional()).toBe(false);
    await tested.applied();
    expect(isConditional()).toBe(true);
  });
});

describe('a 304 that nobody asked for', () => {
  const notAsked = { do: 'status', status: 304 } as const;

  test('is a fault: at the first poll, at a full one, of a page that is new', async () => {
    await openPaged();
    const fails = async (): Promise<void> => {
      const error: unknown = await tested.poll().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(FeedFault);
      expect(error).toMatchObject({ kind: 'bad', status: 304 });
      expect(String(error)).toContain('304');
    };
    tested.feed.script(notAsked);
    await fails();
    tested.feed.items = V1.slice(0, 2);
    await tested.applied();
    tested.clock.monotonic += FULL_EVERY_MS;
    tested.feed.script(notAsked);
    await fails();
    tested.feed.items = V1;
    await tested.applied();
    tested.feed.items = [...V1, ...V2];
    tested.feed.script(undefined, undefined, notAsked);
    await fails();
  });

  test('says what may be the reason', async () => {
    await open({ request: { headers: { 'If-None-Match': '*' } } });
    tested.feed.script(notAsked);
    await expect(tested.poll()).rejects.toThrow('conditions in `headers`');
  });
});

describe('a poll that fails half way', () => {
  test('leaves what is known of the pages as it was, so that no later poll is made of two states', async () => {
    await openPaged();
    await tested.applied();
    tested.feed.items = V2;
    tested.feed.script(undefined, { do: 'status', status: 500 });
    await expect(tested.poll()).rejects.toThrow(FeedFault);
    expect(statuses(2)).toEqual([200, 500]);

    tested.feed.items = V1;
    const back = await tested.poll();
    expect([statuses(2), itemsOf(back).flat(), unchangedOf(back)]).toEqual([[304, 304], V1, [true, true]]);

    tested.feed.items = V2;
    const next = await tested.poll();
    expect([statuses(2), itemsOf(next).flat(), unchangedOf(next)]).toEqual([[200, 200], V2, [false, false]]);
  });

  test('at any page and in any way: what the next one has is of one state, and new where it is', async () => {
    const faults = [
      { do: 'status', status: 500 },
      { do: 'body', body: '[{"id":' },
      { do: 'truncate', how: 'short' },
      { do: 'content-type', contentType: 'text/html' },
    ] as const;
    for (const [n, fault] of faults.flatMap((each) => [0, 1].map((at) => [at, each] as const))) {
      await openPaged();
      await tested.applied();
      tested.feed.items = V2;
      tested.feed.script(...(n === 0 ? [fault] : [undefined, fault]));
      await expect(tested.poll()).rejects.toThrow(/./);
      const healed = await tested.poll();
      expect([itemsOf(healed).flat(), unchangedOf(healed)]).toEqual([V2, [false, false]]);
      await tested.close();
    }
  });
});

describe('unchanged', () => {
  test('is what is as in the last poll that was applied, not in one that was held back', async () => {
    await openPaged();
    await tested.applied();
    tested.feed.items = V2;
    expect(unchangedOf(await tested.poll())).toEqual([false, false]);
    const again = await tested.poll();
    expect([statuses(2), unchangedOf(again)]).toEqual([
      [304, 304],
      [false, false],
    ]);
    tested.endpoint.settle();
    expect(unchangedOf(await tested.poll())).toEqual([true, true]);
  });

  test('is a page at its place only', async () => {
    await open({ paging: { by: 'link' } });
    const next = new Map<string | null, string | undefined>();
    tested.feed.rule = ({ query }) => {
      const at = query.get('at');
      const to = next.get(at);
      const headers = to === undefined ? {} : { link: `<?at=${to}>; rel="next"` };
      return { do: 'body', body: JSON.stringify([{ id: at }]), headers };
    };
    next.set(null, 'a').set('a', 'b').set('b', 'c');
    await tested.applied();
    next.set(null, 'b').set('b', 'a').set('a', 'c');
    expect(unchangedOf(await tested.applied())).toEqual([true, false, false, true]);
    expect(tested.parsed).toBe(4);
  });

  test('is nothing after a new beginning, which asks for everything', async () => {
    await open();
    await tested.applied();
    tested.endpoint.forget();
    const anew = await tested.poll();
    expect([isConditional(), anew.isFull, unchangedOf(anew)]).toEqual([false, true, [false]]);
  });
});

test('an endpoint is named after its value of `for`, which is in its requests', async () => {
  await open();
  expect(tested.endpoint.name).toBe('feed');
  await tested.close();
  await open({ forValue: 'U 1', request: { query: { line: '{for}' } } });
  await tested.poll();
  expect([tested.endpoint.name, tested.lastRequest.target]).toEqual(['U 1', '/feed?line=U%201']);
});

test('a poll ends when it is told to', async () => {
  await open();
  tested.feed.script({ do: 'hang' });
  const ending = new AbortController();
  const poll = tested.endpoint.poll(ending.signal);
  ending.abort(new Error('enough'));
  await expect(poll).rejects.toThrow('enough');
});
