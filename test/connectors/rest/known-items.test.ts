// A body is read with the former one at hand for speed. What is read does not depend on it.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FeedParserSettings } from '../../../connectors/rest/format/feed-parser.js';
import type { PageItems } from '../../../connectors/rest/format/page-items.js';
import { isLong } from '../../support/long.js';
import { itemsIn, parserOf, refusalOf, TYPES } from './read-feed.js';

const RUNS = isLong ? 5_000 : 200;

/** All that can be seen of a page. */
function seen(page: PageItems): unknown {
  return itemsIn(page).map((item, i) => [...item, page.field(i, 0), page.field(i, 1)]);
}

const item = fc.oneof(
  fc.record({
    id: fc.nat(12),
    f: fc.constantFrom('x', true, null, 1, 12),
    n: fc.constantFrom([], [1], [12]),
  }),
  fc.constantFrom(1, 12, 123, '1', 'a', null, {}, []),
);
const list = fc.array(item, { maxLength: 12 });
const write = {
  json: (head: string, items: readonly unknown[]) => JSON.stringify({ head, items }),
  members: (head: string, items: readonly unknown[]) =>
    JSON.stringify({ head, items: Object.fromEntries(items.map((each, i) => [`m${i % 7}`, each])) }),
  ndjson: (_: string, items: readonly unknown[]) =>
    `${items.map((each) => JSON.stringify(each)).join('\n')}\n`,
};
const forms: readonly [keyof typeof write, Partial<FeedParserSettings>][] = [
  ['json', { items: '/items', key: '/id', itemFields: ['/f', '/n/0'] }],
  ['members', { items: '/items', key: '{member}-{/id}', itemFields: ['/f', '/n/0'] }],
  ['ndjson', { format: 'ndjson', key: '/id', itemFields: ['/f', '/n/0'] }],
];

test.each(forms)(
  'of %s: items that came, went, changed and moved are read as without it',
  (form, settings) => {
    const type = TYPES[settings.format ?? 'json'];
    const parser = parserOf(settings);
    const property = (heads: readonly string[], lists: readonly (readonly unknown[])[]): void => {
      let former: PageItems | undefined;
      for (const [i, items] of lists.entries()) {
        const body = Buffer.from(write[form](heads[i % heads.length] ?? '', items));
        const page = parser.read(body, type, former);
        expect(seen(page)).toEqual(seen(parserOf(settings).read(body, type)));
        former = page;
      }
    };
    /** Mostly the same items, some taken out, put in or moved. */
    const near = fc
      .tuple(list, fc.array(fc.tuple(fc.nat(12), fc.nat(2), list), { maxLength: 3 }))
      .map(([first, edits]) => {
        const lists = [first];
        for (const [at, gone, come] of edits)
          lists.push((lists.at(-1) ?? []).toSpliced(at, gone, ...come.slice(0, 2)));
        return lists;
      });
    const heads = fc.array(fc.string(), { minLength: 1, maxLength: 3 });
    fc.assert(fc.property(heads, fc.oneof(near, fc.array(list, { maxLength: 4 })), property), {
      numRuns: RUNS,
    });
  },
);

test('a value that only begins as it did is another one', () => {
  const parser = parserOf({ key: '' });
  const first = parser.read(Buffer.from('[1,2]'), TYPES.json);
  expect(itemsIn(parser.read(Buffer.from('[12,2]'), TYPES.json, first))).toEqual([
    ['12', '12'],
    ['2', '2'],
  ]);
  expect(itemsIn(parser.read(Buffer.from('[1.5,2e1]'), TYPES.json, first))).toEqual([
    ['1.5', '1.5'],
    ['2e1', '2e1'],
  ]);
  expect(refusalOf(() => parser.read(Buffer.from('[1x,2]'), TYPES.json, first))).toMatch(
    /not JSON at byte 3/,
  );
});

test('pages of another parser are not taken for what this one knows', () => {
  const other = parserOf({ key: '/other' }).read(Buffer.from('[{"id":1,"other":2}]'), TYPES.json);
  expect(itemsIn(parserOf().read(Buffer.from('[{"id":1,"other":2}]'), TYPES.json, other))[0]?.[0]).toBe('1');
});

test('a body that differs in its head alone costs less than a third of parsing it', () => {
  const items = Array.from({ length: 4_000 }, (_, i) => ({
    id: `station-${i}`,
    name: `Station number ${i}`,
    position: { lat: 59 + i / 1e4, lon: 10 + i / 1e4 },
    readings: [i % 40, i % 97, i / 7],
    updated: '2026-01-01T00:00:00Z',
  }));
  const bodies = ['0', '1'].map((at) => Buffer.from(JSON.stringify({ at, items })));
  const parser = parserOf({ items: '/items' });
  let page = parser.read(bodies[0] ?? Buffer.alloc(0), TYPES.json);
  const timed = (run: (body: Buffer) => void): number => {
    const times = Array.from({ length: 11 }, (_, i) => {
      const from = process.hrtime.bigint();
      run(bodies[i % 2] ?? Buffer.alloc(0));
      return Number(process.hrtime.bigint() - from);
    });
    return Math.min(...times);
  };
  const parse = timed((body) => void JSON.parse(body.toString()));
  const read = timed((body) => (page = parser.read(body, TYPES.json, page)));
  expect(page.count).toBe(4_000);
  expect(read / parse).toBeLessThan(1 / 3);
});
