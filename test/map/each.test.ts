// `each`: one path per element of an array.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileMapping } from '../../src/map/compile.js';
import { ElementCursor } from '../../src/map/elements.js';
import { stringifyJson, type Json } from '../../src/topic/json.js';
import type { JsonText } from '../../src/topic/utf8.js';
import { intakeOf, record } from '../ingest/records.js';
import { map, pathsOf } from './mapped.js';
import { isLong } from '../support/long.js';

const ITEMS = [{ each: '/items', path: 'orders/{value.id}/{item.sku}' }];

describe('each', () => {
  test('makes a path per element, and publishes the element', () => {
    const value = { id: 7, items: [{ sku: 'a', n: 1 }, { sku: 'b/c' }] };
    expect(map(ITEMS, { value })).toEqual({
      'orders/7/a': { sku: 'a', n: 1 },
      'orders/7/b%2Fc': { sku: 'b/c' },
    });
    expect(map([{ each: '/items', path: '{key}/{index}' }], { key: 'k', value })).toMatchObject({
      'k/0': { sku: 'a' },
      'k/1': { sku: 'b/c' },
    });
  });

  test('reads elements that are no objects, fields below fields, elements of elements, and arrays below arrays', () => {
    const value = { tags: ['x', 'y'], books: [{ bids: [{ p: { q: [5, 6] } }] }], 'a/b': [[1], [2]] };
    expect(map([{ each: '/tags', path: 't/{item}' }], { value })).toEqual({ 't/x': 'x', 't/y': 'y' });
    expect(map([{ each: '/books/0/bids', path: '{item.p.q.1}' }], { value })).toMatchObject({ 6: {} });
    expect(map([{ each: '/a~1b', path: '{item:/0}' }], { value })).toEqual({ 1: [1], 2: [2] });
    expect(map([{ each: '', path: '{item.id}' }], { value: [{ id: 1 }] })).toEqual({ 1: { id: 1 } });
  });

  test('makes no path of an array that is missing, null or empty; anything else that is none rejects the record', () => {
    const rules = [...ITEMS, { path: 'all/{value.id}' }];
    for (const items of [undefined, null, []])
      expect(Object.keys(map(rules, { value: { id: 1, items } }))).toEqual(['all/1']);
    for (const items of [{}, 'text', 0, true])
      expect(map(rules, { value: { id: 1, items } })).toEqual({ fault: 'not-an-array', rule: 0 });
    expect(map([{ each: '/a/b', path: '{index}' }], { value: { a: 'text' } })).toEqual({});
    expect(map([{ each: '/a/1', path: '{index}' }], { value: { a: [[]] } })).toEqual({});
    expect(map([{ each: '', path: '{index}' }], { value: null })).toEqual({});
  });

  test('when, deleteWhen and set see item and index beside the record', () => {
    const rule = {
      each: '/items',
      path: '{item.id}',
      when: 'item.n > value.least && index < 3',
      deleteWhen: 'item.n == 9.0',
      value: { omit: ['/n'], set: { '/share': 'item.n / value.sum', '/at': 'index' } },
    };
    const items = [2, 1, 9, 8].map((n, i) => ({ id: `i${i}`, n }));
    expect(map([rule], { value: { items, least: 1, sum: 4 } })).toEqual({
      i0: { id: 'i0', share: 0.5, at: 0 },
      i2: 'deleted',
    });
    const nested = { each: '/items', path: '{item.id}', when: 'item.tags.exists(tag, tag == value.tag)' };
    const tagged = [
      { id: 1, tags: ['a'] },
      { id: 2, tags: [] },
    ];
    expect(Object.keys(map([nested], { value: { tag: 'a', items: tagged } }))).toEqual(['1']);
  });

  test('rejects the record as a whole for one element that gives no path, or one that another gives', () => {
    const given = (items: unknown) => map(ITEMS, { value: { id: 1, items } });
    expect(given([{ sku: 'a' }, {}])).toMatchObject({ fault: 'field-missing' });
    expect(given([{ sku: 'a' }, 'text'])).toMatchObject({ fault: 'field-missing' });
    expect(given([{ sku: null }])).toMatchObject({ fault: 'field-null' });
    expect(given([{ sku: [] }])).toMatchObject({ fault: 'field-not-scalar' });
    expect(given([{ sku: 1.5 }])).toMatchObject({ fault: 'field-fraction' });
    expect(given([{ sku: '' }])).toMatchObject({ fault: 'field-empty' });
    const skus = Array.from({ length: 40 }, (_, i) => ({ sku: `s${i}` }));
    for (const twice of [0, 14, 15, 16, 39]) {
      expect(given([...skus, { sku: `s${twice}` }])).toEqual({ fault: 'two-rules-one-path', rule: 0 });
    }
    expect(Object.keys(given(skus))).toHaveLength(40);
    const rules = [...ITEMS, { path: 'orders/1/{value.extra}' }];
    expect(map(rules, { value: { id: 1, items: skus, extra: 's20' } })).toEqual({
      fault: 'two-rules-one-path',
      rule: 1,
    });
  });

  test('takes as many elements as the limit says, and rejects a record with one more', () => {
    const rule = { each: '', path: '{index}' };
    const ones = (length: number) => ({ value: Array<number>(length).fill(1) });
    expect(pathsOf([rule], ones(10_000))).toHaveLength(10_000);
    expect(map([rule], ones(10_001))).toEqual({ fault: 'too-many-elements', rule: 0 });
    expect(Object.keys(map([rule], ones(3), { elementsPerRecord: 3 }))).toHaveLength(3);
    expect(map([rule], ones(4), { elementsPerRecord: 3 })).toMatchObject({ fault: 'too-many-elements' });
  });

  test('G3 numbers keep their spelling, and those that no double holds are exact text', () => {
    const json = '{"items": [ {"sku":1,"n":1.10,"e":1e3} ,{"sku":9007199254740993, "n":-0} ]}';
    const paths = pathsOf([{ each: '/items', path: '{item.sku}' }], { json });
    expect('fault' in paths ? paths : paths.map(({ path, text }) => [path, text])).toEqual([
      ['1', '{"sku":1,"n":1.10,"e":1e3}'],
      ['9007199254740993', '{"sku":"9007199254740993", "n":0}'],
    ]);
  });

  test('an element is a string of its own, so that it keeps no record alive', () => {
    const paths = pathsOf([{ each: '', path: '{index}' }], { value: ['a'.repeat(30), 'b'] });
    expect('fault' in paths ? paths : paths.map(({ text }) => text)).toEqual([`"${'a'.repeat(30)}"`, '"b"']);
  });
});

describe('each, and what a key owns', () => {
  test('elements that are gone from the array take their paths with them; so does a tombstone', () => {
    const { log, take, intake } = intakeOf(ITEMS);
    const order = (...skus: string[]) => record('k', { id: 1, items: skus.map((sku) => ({ sku })) });
    take(order('a', 'b', 'c'), order('c', 'd'));
    expect([...log.values.keys()].sort()).toEqual(['orders/1/c', 'orders/1/d']);
    expect(log.lines.filter((line) => line.includes('/c'))).toHaveLength(1);
    take(record('k', { id: 1 }));
    expect(log.values.size).toBe(0);
    expect(intake.counts).toMatchObject({ mapped: 2, filtered: 1 });
    take(order('a'), record('k', null));
    expect(log.values.size).toBe(0);
  });

  test('a record that is rejected for one element leaves the others as they were, stale', () => {
    const { log, take, letters } = intakeOf(ITEMS);
    take(record('k', { id: 1, items: [{ sku: 'a' }] }), record('k', { id: 1, items: [{ sku: 'b' }, {}] }));
    expect([...log.values.keys()]).toEqual(['orders/1/a']);
    expect([...log.stale]).toEqual(['orders/1/a']);
    expect(letters).toMatchObject([{ stage: 'map', code: 'field-missing' }]);
  });
});

describe('elements of an array are found in its text as JSON.parse finds them', () => {
  // No name that is one backslash: after it JSON.parse of Node 24 and 26 reads other escaped names as it (nodejs/node#63785)
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'é', '"', '"\\', '', '0', 'a\\b'),
    fc.string({ minLength: 2 }),
  );
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, 0, -1.5e30, '', 'x]}', '[{"', '\\"'),
      fc.string({ unit: 'binary' }),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const numRuns = isLong ? 4_000 : 150;

  test('their texts, and the fields that a template reads', () => {
    fc.assert(
      fc.property(
        fc.array(tree),
        name,
        name,
        fc.constantFrom(undefined, 1),
        (items, first, second, indent) => {
          const value = { before: '],"items":[', items, after: {} } as Json;
          const fields = [[first], [first, second], [], ...(first === '0' ? [] : [['0']])];
          const cursor = new ElementCursor(fields);
          const text = indent === undefined ? stringifyJson(value) : spaced(value);
          expect(cursor.find(text, ['items'])).toBe('array');
          for (const item of items) {
            expect(cursor.next()).toBe(true);
            expect(parsed(cursor.text())).toEqual(item);
            for (const [slot, names] of fields.entries()) {
              const [start = -1, end = -1] = cursor.ranges.subarray(2 * slot);
              const found = start < 0 ? undefined : parsed(cursor.source.slice(start, end));
              expect(found).toEqual(childOf(item, names));
            }
          }
          expect(cursor.next()).toBe(false);
        },
      ),
      { numRuns },
    );
  });

  test('names may be written with escapes', () => {
    const cursor = new ElementCursor([['id']]);
    const text = '{"\\u0069tems":[{"\\u0069d":1},{"\\\\u0069d":2}]}' as JsonText;
    expect(cursor.find(text, ['items'])).toBe('array');
    expect([cursor.next(), Number(cursor.ranges[0]) >= 0, cursor.next(), cursor.ranges[0]]).toEqual([
      true,
      true,
      true,
      -1,
    ]);
  });

  function spaced(value: Json): JsonText {
    return Buffer.from(JSON.stringify(value, null, '\t').replaceAll('\n', ' ')).toString(
      'latin1',
    ) as JsonText;
  }

  function parsed(text: string): unknown {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
  }

  function childOf(value: Json, names: readonly string[]): unknown {
    let found: unknown = value;
    for (const each of names) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, each)) return undefined;
      found =
        Array.isArray(found) && each === 'length' ? undefined : (found as Record<string, unknown>)[each];
    }
    return found;
  }
});

describe('mistakes', () => {
  const mistakesOf = (rule: Parameters<typeof compileMapping>[0][number]) => {
    const compiled = compileMapping([rule]);
    return compiled.ok
      ? []
      : compiled.mistakes.map(({ at, column, message }) => `${at.join('.')}:${column} ${message}`);
  };

  test('item and index are known under each only', () => {
    expect(
      mistakesOf({
        path: 'a/{item.x}/{index}',
        when: 'true && item.x == 1.0',
        value: { set: { '/a': 'index' } },
      }),
    ).toEqual([
      'path:4 "item" is there under "each" only',
      'path:13 "index" is there under "each" only',
      'when:9 "item" is there under "each" only',
      'value.set./a:1 "index" is there under "each" only',
    ]);
    expect(mistakesOf({ path: '{nope}', each: '/x' })).toEqual([
      'path:2 "nope" is no part of a record: it has key, value, headers, topic, partition, timestamp, item, index',
    ]);
  });

  test('an each that is no pointer, and index with a field', () => {
    expect(mistakesOf({ path: '{index.x}', each: 'items' })).toEqual([
      'path:2 index has no fields: write {index}',
      'each:1 "items" is no JSON pointer: it does not start with "/"',
    ]);
  });

  test('a placeholder of an element is a wildcard in the pattern', () => {
    const compiled = compileMapping([{ path: 'a/{item.x}/v{index}', each: '/items' }]);
    expect(compiled.ok && compiled.mapping.patterns).toEqual(['a/*/*']);
  });
});
