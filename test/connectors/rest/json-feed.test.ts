// What is an item, what is its key, and which bytes it has, in feeds of JSON.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OptionsRejected } from '../../../connectors/contract.js';
import { readPointer } from '../../../connectors/rest/format/json-pointer.js';
import { isLong } from '../../support/long.js';
import { spacedJson } from '../../json/spaced-json.js';
import { itemsIn, parserOf, readItems, refusalOf, TYPES } from './read-feed.js';

const RUNS = isLong ? 10_000 : 400;

describe('the items of a body', () => {
  test('are the elements of a list, with their bytes exactly as they are written', () => {
    const body =
      ' {"data" : { "list":[ {"id":1, "x": 1.10 ,"n":12345678901234567890123} ,\n{"id":"b\\u0063","e":1e999,"é":"\\/"}]}}';
    expect(readItems(body, { items: '/data/list' })).toEqual([
      ['1', '{"id":1, "x": 1.10 ,"n":12345678901234567890123}'],
      ['bc', '{"id":"b\\u0063","e":1e999,"é":"\\/"}'],
    ]);
  });

  test('are the members of an object where the key has their name', () => {
    const body = '{"rates":{"USD":1.1,"N\\u004fK":{"r":11},"€":null}}';
    expect(readItems(body, { items: '/rates', key: '{member}' })).toEqual([
      ['USD', '1.1'],
      ['NOK', '{"r":11}'],
      ['€', 'null'],
    ]);
    expect(readItems('{"a":{"n":1},"b":{}}', { key: 'x-{member}-{/n}' })).toEqual([
      ['x-a-1', '{"n":1}'],
      [undefined, '{}'],
    ]);
  });

  test('are one, where an object with a key is', () => {
    expect(readItems(' {"id":"EUR","rates":{"USD":1}} ')).toEqual([
      ['EUR', '{"id":"EUR","rates":{"USD":1}}'],
    ]);
    expect(readItems('{"d":{"x":1}}', { items: '/d', key: '{for}', forValue: 'oslo' })).toEqual([
      ['oslo', '{"x":1}'],
    ]);
    expect(readItems('{"x":1}', { key: '{for}' })).toEqual([['feed', '{"x":1}']]);
  });

  test('may be none, or scalars that are their own key', () => {
    expect(readItems('[]')).toEqual([]);
    expect(readItems('{"a":{}}', { items: '/a', key: '{member}' })).toEqual([]);
    expect(readItems('["a","b",3,[],null]', { key: '' })).toEqual([
      ['a', '"a"'],
      ['b', '"b"'],
      ['3', '3'],
      [undefined, '[]'],
      [undefined, 'null'],
    ]);
  });

  test('stand where the pointer says: names with "/" and "~", empty names, indexes of lists', () => {
    expect(readItems('{"a/b":{"":[{},{"~":[{"id":7}]}]}}', { items: '/a~1b//1/~0' })).toEqual([
      ['7', '{"id":7}'],
    ]);
  });
});

describe('the key of an item', () => {
  const keyOf = (item: string, key = '/id') => readItems(`[${item}]`, { key })[0]?.[0];

  test('is the text of a string, or a number as it is written; anything else is none', () => {
    expect(
      ['"a\\n€"', '"\\ud83d\\ude00"', '0', '-1.50e3', '12345678901234567890'].map((id) =>
        keyOf(`{"id":${id}}`),
      ),
    ).toEqual(['a\n€', '😀', '0', '-1.50e3', '12345678901234567890']);
    const none = [
      '{"id":true}',
      '{"id":false}',
      '{"id":null}',
      '{"id":{}}',
      '{"id":["a"]}',
      '{"id":""}',
      '{"id":"\\ud800"}',
      '{}',
      '7',
    ];
    expect(none.map((item) => keyOf(item))).toEqual(none.map(() => undefined));
  });

  test('is made of several parts, all of which must be there', () => {
    const item = '{"a":{"r":"EU"},"l":[1,2],"id":7,"e":"","t":true}';
    expect(keyOf(item, '{/a/r}-{/id}')).toBe('EU-7');
    expect(keyOf(item, '{/id}{/l/1}.x')).toBe('72.x');
    expect(keyOf(item, '{/id}{/id}')).toBe('77');
    expect(keyOf(item, '{/e}:{/id}')).toBe(':7');
    for (const key of ['{/e}', '{/e}{/e}', '{/id}-{/no}', '{/id}-{/t}', '{/id}-{/a}']) {
      expect(keyOf(item, key)).toBeUndefined();
    }
  });

  test('is refused in the options where it is neither a pointer nor a template', () => {
    const says = (settings: Parameters<typeof parserOf>[0]) => {
      try {
        parserOf(settings);
      } catch (error) {
        if (error instanceof OptionsRejected) return error.message;
      }
      return 'accepted';
    };
    expect(says({ key: 'id' })).toBe('key: "id" must begin with "/", as in "/id"');
    expect(says({ key: '{id}' })).toMatch(/neither a pointer such as \{\/id\}/);
    expect(says({ key: '{}' })).toMatch(/neither a pointer/);
    for (const key of ['{/a', '/a}', '{{/a}}', '}{']) expect(says({ key })).toMatch(/no pair/);
    expect(says({ key: '/a~2' })).toMatch(/"~" is written ~0/);
    expect(says({ items: 'data' })).toMatch(/^items: "data" must begin/);
    expect(says({ itemFields: ['x'] })).toMatch(/a pointer into the item/);
    expect(says({ bodyFields: ['/~'] })).toMatch(/a pointer into the body/);
    expect(says({ format: 'csv', items: '/x' })).toMatch(/format csv/);
    expect(says({ format: 'ndjson', bodyFields: ['/x'] })).toMatch(/format ndjson/);
  });
});

test('fields of items and facts of the body are scalars as text, and nothing else', () => {
  const scalars = '"s":"é","n":1.0,"t":true,"f":false,"z":null,"o":{},"l":[]';
  const names = ['/s', '/n', '/t', '/f', '/z', '/o', '/l', '/no', ''];
  const texts = ['é', '1.0', 'true', 'false', ...names.slice(4).map(() => undefined)];
  const parser = parserOf({
    items: '/items',
    itemFields: names,
    bodyFields: [...names, '/items/1/s', '/items', '/items/9'],
  });
  const page = parser.read(Buffer.from(`{${scalars},"items":[{"id":1},{"id":2,${scalars}}]}`), TYPES.json);
  expect(names.map((_, n) => page.field(1, n))).toEqual(texts);
  expect(names.map((_, n) => page.field(0, n))).toEqual(texts.map(() => undefined));
  expect(Array.from({ length: 12 }, (_, n) => page.fact(n))).toEqual([...texts, 'é', undefined, undefined]);
});

/** The value that a pointer leads to, by plain walking. */
function pointed(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    if (Array.isArray(at) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** Every pointer into a value. */
function pointersInto(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [''];
  const inner = Object.entries(value as Record<string, unknown>).flatMap(([name, part]) =>
    pointersInto(part).map((rest) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${rest}`),
  );
  return ['', ...inner];
}

test('C4 any document, pointer and key: items and keys are those that JSON.parse gives, or the body is refused', () => {
  const pick = fc.nat();
  let accepted = 0;
  const property = (json: string, where: number, which: number, isByMember: boolean): void => {
    const value: unknown = JSON.parse(json);
    const items = pointersInto(value).filter((pointer) => readPointer(pointer).ok);
    const chosen = items[where % items.length] ?? '';
    const read = readPointer(chosen);
    const list = pointed(value, read.ok ? read.path : []);
    const isList = Array.isArray(list);
    const elements =
      isList || isByMember ? Object.entries((list ?? {}) as Record<string, unknown>) : [['', list] as const];
    const keys = elements
      .flatMap(([, element]) => pointersInto(element))
      .filter((pointer) => !/[{}]/.test(pointer));
    const pointer = keys[which % Math.max(keys.length, 1)] ?? '';
    let page: ReturnType<typeof itemsIn>;
    try {
      page = readItems(json, { items: chosen, key: isByMember ? '{member}' : pointer });
    } catch (error) {
      expect((error as Error).name).toBe('BadFeed');
      return;
    }
    accepted++;
    expect(page.map(([, text]) => JSON.parse(text) as unknown)).toEqual(
      elements.map(([, element]) => element),
    );
    const keyPath = readPointer(pointer);
    const expected = elements.map(([name, element]) => {
      const key = isByMember ? name : pointed(element, keyPath.ok ? keyPath.path : []);
      if (typeof key === 'number') return key;
      return typeof key === 'string' && key !== '' && key.isWellFormed() ? key : undefined;
    });
    expect(page.map(([key], i) => (typeof expected[i] === 'number' ? Number(key) : key))).toEqual(expected);
  };
  const unique = spacedJson.filter((json) => !hasTwins(json));
  fc.assert(fc.property(unique, pick, pick, fc.boolean(), property), { numRuns: RUNS });
  expect(accepted).toBeGreaterThan(RUNS / 8);
});

/** Whether a name stands twice: then there are fewer values than were written. */
function hasTwins(json: string): boolean {
  const count = (text: string): number => text.replace(/"(\\.|[^"\\])*"/g, '').split(':').length;
  return count(json) !== count(JSON.stringify(JSON.parse(json) as unknown));
}

test('C4 any change of bytes is read or refused, and never more than that', () => {
  const good = Buffer.from(
    '{"at":"2026","items":[{"id":1,"x":[true,null,"é"]},{"id":"b","x":{"y":-1.5e3}},"c"]}',
  );
  const parser = parserOf({ items: '/items', itemFields: ['/x/y'], bodyFields: ['/at'] });
  const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  let former = parser.read(good, TYPES.json);
  let refused = 0;
  const property = (edits: readonly [number, number][]): void => {
    const body = Buffer.from(good);
    for (const [at, byte] of edits) body[at] = byte;
    try {
      former = parser.read(body, TYPES.json, former);
    } catch (error) {
      expect((error as Error).name).toBe('BadFeed');
      refused++;
      return;
    }
    const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as { items: unknown };
    const items = itemsIn(former).map(([, text]) => JSON.parse(text) as unknown);
    expect(items).toEqual(Array.isArray(parsed.items) ? parsed.items : [parsed.items]);
  };
  fc.assert(fc.property(flips, property), { numRuns: 10 * RUNS });
  expect(refused).toBeGreaterThan(RUNS);
});

test('messages say what is wrong and where, and hold nothing of the feed', () => {
  const body = '{"secret-name":"secret-text",\n "items":[{"id":"secret-id","a":1,"a":2}]}';
  const message = refusalOf(() => readItems(body, { items: '/items' }));
  expect(message).toMatch(/an object of the body has a member twice, at byte \d+ \(line 2\)/);
  expect(message).not.toMatch(/secret/);
  expect(refusalOf(() => readItems('{"items":[1,2', { items: '/items' }))).toMatch(
    /ends in the middle.*after 13 bytes/,
  );
});
