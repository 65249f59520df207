import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import type { Poll } from '../../../connectors/rest/poll/endpoint.js';
import type { PageItems } from '../../../connectors/rest/format/page-items.js';
import {
  PublishedItems,
  type ChangedItem,
  type Verdict,
} from '../../../connectors/rest/poll/published-items.js';

interface Item {
  readonly key?: string | undefined;
  readonly text: string;
  readonly deleted?: boolean;
}

/** Items that lie one after the other, as those of a body do. */
function page(items: readonly Item[]): PageItems {
  const starts: number[] = [];
  let length = 0;
  for (const { text } of items) {
    starts.push(length);
    length += Buffer.byteLength(text);
  }
  return {
    bytes: Buffer.from(items.map(({ text }) => text).join('')),
    count: items.length,
    key: (i) => items[i]?.key,
    start: (i) => starts[i] ?? -1,
    end: (i) => starts[i + 1] ?? length,
    field: (i) => (items[i]?.deleted === true ? 'true' : undefined),
    fact: () => undefined,
  };
}

function poll(items: readonly Item[], o: { isFull?: boolean; isUnchanged?: boolean } = {}): Poll {
  const { isFull = true, isUnchanged = false } = o;
  return { isFull, pages: [{ items: page(items), isUnchanged }], bytes: 1 };
}

function textOf({ page: from, index }: ChangedItem): string {
  return from.bytes.toString('utf8', from.start(index), from.end(index));
}

/** What became of it, with items as their keys and texts. */
function told(verdict: Verdict): unknown {
  if (verdict.outcome !== 'changed') return verdict;
  const { gone, changed, repeated } = verdict.difference;
  const items = changed.map((item) => [item.key, textOf(item)]);
  return { gone, items, ...(repeated > 0 && { repeated }) };
}

function published(isGuarded = true): PublishedItems {
  return new PublishedItems({ deletedField: 0, isGuarded: () => isGuarded });
}

const items = (count: number, value = 1): Item[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, text: `{"v":${value}}` }));

describe('a poll', () => {
  test('tells what is new, what has changed and what is gone', () => {
    const known = published();
    const first = [
      { key: 'a', text: '1' },
      { key: 'b', text: '2' },
      { key: 'é', text: '"é"' },
    ];
    expect(told(known.compare(poll(first)))).toEqual({
      gone: [],
      items: [
        ['a', '1'],
        ['b', '2'],
        ['é', '"é"'],
      ],
    });
    const second = [
      { key: 'é', text: '"é"' },
      { key: 'b', text: '3' },
      { key: 'c', text: '4' },
    ];
    expect(told(known.compare(poll(second)))).toEqual({
      gone: ['a'],
      items: [
        ['b', '3'],
        ['c', '4'],
      ],
    });
    expect(told(known.compare(poll(second)))).toEqual({ outcome: 'unchanged' });
  });

  test('of what has changed since a time deletes only what it says is deleted', () => {
    const known = published();
    known.compare(poll(items(3)));
    const since = [
      { key: 'k1', text: '{"deleted":true}', deleted: true },
      { key: 'k9', text: '{"deleted":true}', deleted: true },
    ];
    expect(told(known.compare(poll(since, { isFull: false })))).toEqual({ gone: ['k1'], items: [] });
    expect(known.count).toBe(2);
  });

  test('C6 with one key twice is accepted where both have the same value, rejected where not, and changes nothing then', () => {
    const known = published();
    known.compare(poll(items(2)));
    const equal = [...items(2, 5), { key: 'k0', text: '{"v":5}' }];
    const unequal = [...items(2, 6), { key: 'k0', text: '{"v":7}' }];
    expect(() => known.compare(poll(unequal))).toThrow(BadFeed);
    const unequalToKnown = [...items(2), { key: 'k1', text: '{"v":7}' }];
    expect(() => known.compare(poll(unequalToKnown))).toThrow(BadFeed);
    expect(told(known.compare(poll(equal)))).toMatchObject({
      items: [['k0'], ['k1']].map(([k]) => [k, '{"v":5}']),
      repeated: 1,
    });
  });

  test('of what has changed may tell of one key twice: the later word counts', () => {
    const known = published();
    known.compare(poll(items(1)));
    const twice = [
      { key: 'k0', text: '2' },
      { key: 'k0', text: '3' },
    ];
    expect(told(known.compare(poll(twice, { isFull: false })))).toEqual({ gone: [], items: [['k0', '3']] });
  });

  test('tells of an item without key once, for as long as it is there', () => {
    const known = published();
    const odd = { text: '{"no":"key"}' };
    known.compare(poll(items(1)));
    expect(told(known.compare(poll([odd, ...items(1)])))).toEqual({
      gone: [],
      items: [[undefined, odd.text]],
    });
    expect(told(known.compare(poll([odd, ...items(2)])))).toMatchObject({ items: [['k1', '{"v":1}']] });
  });

  test('where no item has a key is rejected, but for news of changes', () => {
    const known = published();
    known.compare(poll(items(2)));
    const odd = { text: '{"error":1}' };
    expect(() => known.compare(poll([odd]))).toThrow(/none of the items has a key/);
    expect(told(known.compare(poll([odd], { isFull: false })))).toEqual({
      gone: [],
      items: [[undefined, odd.text]],
    });
    expect(told(known.compare(poll(items(1))))).toEqual({ gone: ['k1'], items: [] });
  });

  test('of pages that are as they were says nothing, unless there are fewer of them', () => {
    const known = published();
    const [first, second] = [page(items(2)), page([{ key: 'z', text: '1' }])];
    const of = (pages: readonly PageItems[], isUnchanged: boolean): Poll => ({
      ...{ isFull: true, bytes: 1, pages: pages.map((each) => ({ items: each, isUnchanged })) },
    });
    known.compare(of([first, second], false));
    expect(known.compare(of([first, second], true))).toEqual({ outcome: 'unchanged' });
    expect(told(known.compare(of([first], true)))).toEqual({ gone: ['z'], items: [] });
  });
});

describe('C8 a poll from which most is gone', () => {
  test('is held back whole until three in a row say so', () => {
    const known = published();
    known.compare(poll(items(1_000)));
    const less = items(400, 2);
    expect(known.compare(poll(less))).toEqual({ outcome: 'held', gone: 600, of: 1_000 });
    expect(known.isHolding).toBe(true);
    expect(known.compare(poll(less))).toMatchObject({ outcome: 'held' });
    expect(known.compare(poll(less))).toMatchObject({ outcome: 'changed' });
    expect([known.count, known.isHolding]).toEqual([400, false]);
  });

  test('is forgotten when the next one has it all again', () => {
    const known = published();
    known.compare(poll(items(1_000)));
    for (let round = 0; round < 5; round++) {
      expect(known.compare(poll([]))).toMatchObject({ outcome: 'held', gone: 1_000 });
      expect(known.compare(poll(items(1_000)))).toEqual({ outcome: 'unchanged' });
    }
  });

  test('is believed when an operator says so, and the next such one is not', () => {
    const known = published();
    known.compare(poll(items(1_000)));
    known.compare(poll([]));
    known.confirm();
    expect(known.compare(poll([]))).toMatchObject({ outcome: 'changed' });
    known.compare(poll(items(1_000)));
    expect(known.compare(poll([]))).toMatchObject({ outcome: 'held' });
  });

  test.each([
    [40, 20, 'changed'],
    [42, 21, 'changed'],
    [41, 21, 'held'],
    [21, 21, 'held'],
    [20, 20, 'changed'],
  ])('of %d items loses %d: %s', (count, gone, outcome) => {
    const known = published();
    known.compare(poll(items(count)));
    expect(known.compare(poll(items(count - gone)))).toMatchObject({ outcome });
  });

  test('is believed at once where the configuration says so', () => {
    const known = published(false);
    known.compare(poll(items(1_000)));
    expect(known.compare(poll([]))).toMatchObject({ outcome: 'changed' });
  });
});

test('after any polls what was told adds up to the last of them', () => {
  const item = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    text: fc.constantFrom('1', '2', '3'),
  });
  const feed = fc.uniqueArray(item, { selector: ({ key }) => key });
  fc.assert(
    fc.property(fc.array(feed), (feeds) => {
      const known = published();
      const told = new Map<string, string>();
      for (const each of feeds) {
        const verdict = known.compare(poll(each));
        if (verdict.outcome === 'changed') {
          for (const key of verdict.difference.gone) told.delete(key);
          for (const item of verdict.difference.changed) told.set(item.key ?? '', textOf(item));
        }
        expect([...told].sort()).toEqual(each.map(({ key, text }) => [key, text]).sort());
      }
    }),
  );
});
