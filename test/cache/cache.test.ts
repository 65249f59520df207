import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Cache } from '../../src/cache/cache.js';
import { matches, type Filter } from '../../src/topic/filter.js';
import type { TopicPath } from '../../src/topic/path.js';
import { entryKeyOf, type Update } from '../../src/topic/update.js';
import type { JsonText } from '../../src/topic/utf8.js';

function update(path: string, value: string | null): Update {
  return {
    key: entryKeyOf('', path as TopicPath),
    path: path as TopicPath,
    value: value as JsonText | null,
    at: 0,
  };
}

describe('the latest-value cache', () => {
  test('tells birth, change and end of a path, and nothing of equal bytes', () => {
    const cache = new Cache<never>();
    expect(cache.apply(0, 1, update('a', '1'))?.kind).toBe('born');
    expect(cache.apply(0, 2, update('a', '1'))).toBeUndefined();
    expect(cache.get(entryKeyOf('', 'a' as TopicPath))?.version).toBe(2);
    expect(cache.apply(0, 3, update('a', '2'))).toMatchObject({ kind: 'changed', previous: '1' });
    expect(cache.apply(0, 4, update('a', null))).toMatchObject({ kind: 'gone', version: 4 });
    expect(cache.apply(0, 5, update('a', null))).toBeUndefined();
    expect(cache.size).toBe(0);
    expect(cache.textBytes).toBe(0);
  });

  test('a path that comes back has a new slot, after all others', () => {
    const cache = new Cache<never>();
    for (const path of ['a', 'b']) cache.apply(0, 1, update(path, '1'));
    cache.apply(0, 2, update('a', null));
    cache.apply(0, 3, update('a', '1'));
    expect(cache.walk('', '**' as Filter).map((entry) => entry.path)).toEqual(['b', 'a']);
  });

  test('walks exactly what a filter matches, by slot, after any history', () => {
    const segments = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
    const step = fc.tuple(
      segments.map((s) => s.join('/')),
      fc.constantFrom('1', '2', null),
    );
    const filter = fc.constantFrom('**', '*', 'a/**', 'a/*', '*/b', 'a/b', '*/*/c', 'c/**');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), filter, (steps, wanted) => {
        const cache = new Cache<never>();
        const model = new Map<string, string>();
        for (const [index, [path, value]] of steps.entries()) {
          cache.apply(0, index, update(path, value));
          if (value === null) model.delete(path);
          else model.set(path, value);
        }
        const walked = cache.walk('', wanted as Filter);
        const expected = [...model.keys()].filter((path) => matches(wanted as Filter, path as TopicPath));
        expect(walked.map((entry) => entry.path).sort()).toEqual(expected.sort());
        expect([...walked].sort((x, y) => x.slot - y.slot)).toEqual(walked);
      }),
    );
  });

  test('keeps spaces apart: equal paths of two spaces are two entries', () => {
    const cache = new Cache<never>();
    const path = 'a' as TopicPath;
    cache.apply(0, 1, { key: entryKeyOf('one', path), path, value: '1' as JsonText, at: 0 });
    cache.apply(0, 2, { key: entryKeyOf('two', path), path, value: '2' as JsonText, at: 0 });
    expect(cache.walk('one', '**' as Filter).map((entry) => entry.text)).toEqual(['1']);
    expect(cache.walk('', '**' as Filter)).toEqual([]);
  });
});
