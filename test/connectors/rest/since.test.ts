// Incremental polls: what they ask from, and when everything is asked for again.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { FeedFault } from '../../../connectors/rest/client/feed-fault.js';
import { feedFields } from '../../../connectors/rest/poll/feed-fields.js';
import type { PageItems } from '../../../connectors/rest/format/page-items.js';
import { SinceMark, type SinceSettings } from '../../../connectors/rest/poll/since.js';
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

const BY_ITEM: SinceSettings = { query: 'after', from: 'item', pointer: '/n' };
const BY_BODY: SinceSettings = { query: 'after', from: 'body', pointer: '/as_of' };

async function open(since: SinceSettings, settings: TestedSettings = {}): Promise<void> {
  tested = await PolledEndpoint.open({ items: '/items', ...settings, since });
  tested.feed.form = 'wrapped';
  tested.feed.since = { query: 'after', field: 'n' };
  tested.feed.items = [
    { id: 'a', n: 1 },
    { id: 'b', n: 2 },
  ];
}

/** What the last first page was asked for. */
function asked(): string | null {
  return tested.feed.requests.findLast(({ query }) => !query.has('cursor'))!.query.get('after');
}

describe('an incremental feed', () => {
  test('is polled whole first, then for what is new, and whole again every `fullEvery`', async () => {
    await open(BY_ITEM);
    const first = await tested.applied();
    expect([asked(), first.isFull]).toEqual([null, true]);
    tested.feed.items = [...tested.feed.items, { id: 'c', n: 3 }];
    tested.clock.monotonic += FULL_EVERY_MS - 1;
    const second = await tested.applied();
    expect([asked(), second.isFull, itemsOf(second)]).toEqual(['2', false, [[{ id: 'c', n: 3 }]]]);
    expect('if-none-match' in tested.lastRequest.headers).toBe(false);
    tested.clock.monotonic += 1;
    const third = await tested.applied();
    expect([asked(), third.isFull, itemsOf(third).flat()]).toEqual([null, true, tested.feed.items]);
    await tested.applied();
    expect(asked()).toBe('3');
  });

  test('moves on only with what was applied; until then everything is asked for', async () => {
    await open(BY_ITEM);
    await tested.poll();
    expect((await tested.poll()).isFull).toBe(true);
    await tested.applied();
    tested.feed.items = [{ id: 'c', n: 9 }];
    expect((await tested.poll()).isFull).toBe(false);
    const unapplied = await tested.poll();
    expect([asked(), unapplied.isFull]).toEqual([null, true]);
    tested.endpoint.settle();
    await tested.poll();
    expect(asked()).toBe('9');
  });

  test('does not move on with a poll that fails', async () => {
    await open(BY_ITEM, { paging: { by: 'cursor', cursor: '/next', query: 'cursor' } });
    tested.feed.paging = { by: 'cursor', size: 1 };
    await tested.applied();
    tested.feed.items = [
      { id: 'c', n: 5 },
      { id: 'd', n: 6 },
    ];
    tested.feed.script(undefined, { do: 'status', status: 500 });
    await expect(tested.poll()).rejects.toThrow(FeedFault);
    const healed = await tested.applied();
    expect([asked(), itemsOf(healed).flat()]).toEqual(['2', tested.feed.items]);
  });

  test('is never unchanged after an incremental poll: the same full state may undo what that said', async () => {
    await open(BY_ITEM);
    const before = tested.feed.items;
    await tested.applied();
    tested.feed.items = [{ id: 'a', n: 3 }];
    await tested.applied();
    tested.feed.items = before;
    tested.clock.monotonic += FULL_EVERY_MS;
    const full = await tested.applied();
    expect([full.isFull, itemsOf(full).flat(), unchangedOf(full)]).toEqual([true, before, [false]]);
  });

  test('begins anew with everything', async () => {
    await open(BY_ITEM);
    await tested.applied();
    tested.endpoint.forget();
    expect([(await tested.poll()).isFull, asked()]).toEqual([true, null]);
  });
});

describe('the value', () => {
  test('of the body is that of the first page, which was cut first', async () => {
    await open(BY_BODY, { paging: { by: 'cursor', cursor: '/next', query: 'cursor' } });
    tested.feed.rule = ({ query }) => ({
      do: 'body',
      body: JSON.stringify(
        query.has('cursor')
          ? { items: [{ id: 'b' }], as_of: 'later' }
          : { items: [{ id: 'a' }], as_of: 'then', next: 'more' },
      ),
    });
    await tested.applied();
    await tested.applied();
    expect(asked()).toBe('then');
  });

  test('of the body stays where an incremental answer has none', async () => {
    await open(BY_BODY);
    tested.feed.extra = { as_of: 7 };
    await tested.applied();
    tested.feed.extra = { as_of: null };
    await tested.applied();
    await tested.applied();
    expect(asked()).toBe('7');
  });

  test.each([BY_BODY, BY_ITEM])('must be there where there are items: from the $from', async (since) => {
    await open({ ...since, pointer: '/nowhere' });
    await expect(tested.poll()).rejects.toThrow(BadFeed);
    await expect(tested.poll()).rejects.toThrow(`\`since.${since.from}\``);
    tested.feed.items = [];
    expect((await tested.applied()).isFull).toBe(true);
    expect((await tested.applied()).isFull).toBe(true);
  });

  test.each([
    ['iso', '2026-03-04T11:59:55.250Z'],
    ['seconds', '1772625595'],
    ['milliseconds', '1772625595250'],
  ] as const)('of the clock is when the poll began, less the overlap: %s', async (form, value) => {
    await open({ query: 'after', from: 'clock', form, overlapMs: 5_000 });
    tested.clock.wall = Date.parse('2026-03-04T12:00:00.250Z');
    tested.feed.rule = () => {
      tested.clock.wall += 60_000; // it takes its time
      const date = new Date(tested.clock.wall).toUTCString();
      return { do: 'body', body: '{"items":[]}', headers: { date } };
    };
    await tested.applied();
    await tested.applied();
    expect(asked()).toBe(value);
  });

  test('C11 of the clock is not ahead of the server when ours is', async () => {
    await open({ query: 'after', from: 'clock', form: 'milliseconds', overlapMs: 5_000 });
    const realMs = Date.now();
    tested.clock.wall = realMs + 3_600_000;
    await tested.applied();
    await tested.applied();
    expect(Number(asked())).toBeLessThanOrEqual(Date.now() - 5_000);
    expect(Number(asked())).toBeGreaterThan(realMs - 7_000);
  });
});

describe('the largest of the items', () => {
  /** What is asked from after each of these full or incremental polls. */
  function asksAfter(polls: readonly (readonly (string | undefined)[])[]): (string | undefined)[] {
    const mark = new SinceMark(
      BY_ITEM,
      feedFields({ deleted: undefined, paging: undefined, since: BY_ITEM }),
    );
    return polls.map((values, i) => {
      mark.read({ isFull: i === 0, pages: [page(values)], beganAt: 0, answeredAt: NaN });
      mark.settle();
      return mark.parameter?.[1];
    });
  }

  test.each([
    [['9', '10', '2'], '10'],
    [['-3', '-20'], '-3'],
    [['9007199254740993', '9007199254740992'], '9007199254740993'],
    [['1e3', '999.5'], '1e3'],
    [['9', '10', 'x1'], 'x1'],
    [['2026-01-02T00:00:00Z', '2025-12-31T23:59:59Z'], '2026-01-02T00:00:00Z'],
    [['b', '', undefined, 'a'], 'b'],
  ])('%j is %s', (values, value) => {
    expect(asksAfter([values])).toEqual([value]);
  });

  test('goes back only with a full poll', () => {
    expect(asksAfter([['5'], ['4'], [], ['12']])).toEqual(['5', '5', '5', '12']);
    const mark = new SinceMark(
      BY_ITEM,
      feedFields({ deleted: undefined, paging: undefined, since: BY_ITEM }),
    );
    for (const [value, expected] of [
      ['8', '8'],
      ['3', '3'],
    ] as const) {
      mark.read({ isFull: true, pages: [page([value])], beganAt: 0, answeredAt: NaN });
      mark.settle();
      expect(mark.parameter).toEqual(['after', expected]);
    }
  });

  test('is that of the numbers where all are, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }), { minLength: 1 }),
        (numbers) => {
          const largest = numbers.reduce((a, b) => (a > b ? a : b));
          expect(asksAfter([numbers.map(String)])).toEqual([String(largest)]);
        },
      ),
    );
  });
});

/** Items that have these in their first field. */
function page(values: readonly (string | undefined)[]): PageItems {
  return {
    ...{ bytes: Buffer.alloc(0), count: values.length, key: String, start: () => 0, end: () => 0 },
    field: (i, n) => (n === 0 ? values[i] : undefined),
    fact: () => undefined,
  };
}
