import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { intersects, matches, parseFilter, type Filter } from '../../src/topic/filter.js';
import type { TopicPath } from '../../src/topic/path.js';

const segment = fc.constantFrom('a', 'b', 'c');
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((s) => s.join('/') as TopicPath);
const filter = fc
  .tuple(
    fc.array(fc.oneof(segment, fc.constant('*')), { minLength: 0, maxLength: 3 }),
    fc.constantFrom('**', '*', 'a'),
  )
  .map(([head, last]) => [...head, last].join('/') as Filter);

describe('filters', () => {
  test('F10 match as their regular expression does', () => {
    fc.assert(
      fc.property(filter, path, (f, p) => {
        const source = f
          .split('/')
          .map((s) => (s === '*' ? '/[^/]+' : s === '**' ? '(/.*)?' : `/${s}`))
          .join('');
        expect(matches(f, p)).toBe(new RegExp(`^${source}$`).test(`/${p}`));
      }),
      { numRuns: 2000 },
    );
  });

  test('intersect exactly when some path matches both', () => {
    const paths = fc.sample(path, { numRuns: 400, seed: 1 });
    fc.assert(
      fc.property(filter, filter, (a, b) => {
        if (paths.some((p) => matches(a, p) && matches(b, p))) expect(intersects(a, b)).toBe(true);
        expect(intersects(a, b)).toBe(intersects(b, a));
      }),
      { numRuns: 2000 },
    );
    expect(intersects('a/*' as Filter, 'b/*' as Filter)).toBe(false);
    expect(intersects('a/**' as Filter, 'a' as Filter)).toBe(true);
    expect(intersects('a/*' as Filter, 'a/b/c' as Filter)).toBe(false);
  });

  test.each([
    ['a/**/b', 'has "**" before the last segment'],
    ['a/b*', 'mixes a wildcard with other characters'],
    ['a//b', 'has an empty segment'],
    ['', 'is empty'],
    ['a/{x}', 'has a character that must be escaped'],
  ])('refuses %j: %s', (text, fault) => {
    expect(parseFilter(text)).toEqual({ ok: false, fault });
  });
});
