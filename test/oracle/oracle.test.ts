import { describe, expect, test } from '@jest/globals';
import { jsonPatch, mergePatch } from './naive-json.js';
import { names, segmentOf } from './naive-paths.js';
import { seen, type Rule } from './naive-rules.js';
import { Oracle, type SourceFact } from './oracle.js';

// The oracle is only worth something if it is right: each rule of it once, by an example that a person can check.

describe('paths', () => {
  test.each([
    ['a/*', 'a/b', true],
    ['a/*', 'a', false],
    ['a/*', 'a/b/c', false],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['**', 'a', true],
    ['a/b', 'a/c', false],
  ])('%s names %s: %s', (filter, path, expected) => expect(names(filter, path)).toBe(expected));

  test('a value becomes one segment, whatever it holds', () => {
    expect(segmentOf('a/b*{é}')).toBe('a%2Fb%2A%7Bé%7D');
    expect(segmentOf('..')).toBe('%2E%2E');
    expect(segmentOf('\u0085')).toBe('%C2%85');
    expect(segmentOf('')).toBeUndefined();
    expect(segmentOf(7)).toBe('7');
  });
});

describe('rules', () => {
  const customer = { roles: ['customer'], claims: { account: ['a', 'b'], level: 2 } };
  const value = { price: 1, margin: 2, legs: [{ margin: 3, size: 4 }], deep: { a: 1, b: 2 } };
  const allow = (more: Partial<Rule>): Rule => ({ allow: ['customer'], paths: ['orders/**'], ...more });

  test('no rule shows nothing, and a deny beats every allow', () => {
    expect(seen([], customer, 'orders/a', value)).toBeUndefined();
    expect(
      seen([allow({}), { deny: 'everyone', paths: ['orders/a'] }], customer, 'orders/a', value),
    ).toBeUndefined();
  });

  test('a claim fills in a segment, a list of them one each', () => {
    const rules = [allow({ paths: ['orders/{claims.account}/*'] })];
    expect(seen(rules, customer, 'orders/b/1', 1)).toBe(1);
    expect(seen(rules, customer, 'orders/c/1', 1)).toBeUndefined();
    const twice = [allow({ paths: ['{claims.account}/{claims.account}'] })];
    expect(['a/a', 'a/b'].map((path) => seen(twice, customer, path, 1))).toEqual([1, undefined]);
  });

  test('a rule with claims is for those who have them', () => {
    expect(seen([allow({ claims: { level: [1, 2] } })], customer, 'orders/a', 1)).toBe(1);
    expect(seen([allow({ claims: { level: 3 } })], customer, 'orders/a', 1)).toBeUndefined();
  });

  test('a part is hidden when every allow hides it, in each element of a list', () => {
    const rules = [
      allow({ hide: ['/margin', '/legs/margin', '/deep'] }),
      allow({ hide: ['/margin', '/legs/margin', '/deep/a'] }),
    ];
    expect(seen(rules, customer, 'orders/a', value)).toEqual({
      price: 1,
      legs: [{ size: 4 }],
      deep: { b: 2 },
    });
  });

  test('fields narrow what is left, and are nothing of what is no object', () => {
    const rules = [allow({ hide: ['/margin'] })];
    expect(seen(rules, customer, 'orders/a', value, ['/margin', '/deep/b'])).toEqual({ deep: { b: 2 } });
    expect(seen(rules, customer, 'orders/a', value, ['/margin'])).toEqual({});
    expect(seen(rules, customer, 'orders/a', 7, ['/margin'])).toBeUndefined();
  });
});

describe('ownership', () => {
  const mappings = [
    { path: 'orders/{value.account}/{key}' },
    { path: 'latest/{value.symbol}', pick: ['/price'] },
  ];
  const record = (key: string, account: string, price: number): SourceFact => {
    return { partition: '0', key, text: JSON.stringify({ account, symbol: 's', price }) };
  };
  const gone = (key: string): SourceFact => ({ partition: '0', key, text: null });
  const after = (...facts: SourceFact[]) => {
    const oracle = new Oracle(mappings);
    for (const fact of facts) oracle.apply(fact);
    return oracle;
  };

  test('a changed field moves the path', () => {
    const oracle = after(record('k', 'a', 1), record('k', 'b', 1));
    expect([...oracle.values.keys()].sort()).toEqual(['latest/s', 'orders/b/k']);
  });

  test('the key that named a path last has it: deleting another leaves it alone', () => {
    const oracle = after(record('k', 'a', 1), record('l', 'a', 2), gone('k'));
    expect(Object.fromEntries(oracle.values)).toMatchObject({ 'latest/s': { price: 2 } });
    oracle.apply(gone('l'));
    expect(oracle.values.size).toBe(0);
  });

  test('a rejected record changes nothing and makes what its key has stale, until a good one', () => {
    const oracle = after(record('k', 'a', 1), { partition: '0', key: 'k', text: '{"account":"b"}' });
    expect([...oracle.stale].sort()).toEqual(['latest/s', 'orders/a/k']);
    oracle.apply(record('k', 'a', 1));
    expect(oracle.stale.size).toBe(0);
  });

  test('what is not named again after a loss of history is gone', () => {
    const oracle = after(record('k', 'a', 1), record('l', 'b', 2));
    oracle.beginAnew();
    oracle.apply(record('k', 'a', 1));
    oracle.sweep();
    expect(Object.fromEntries(oracle.values)).toMatchObject({ 'latest/s': { price: 1 } });
    expect([...oracle.values.keys()].sort()).toEqual(['latest/s', 'orders/a/k']);
  });
});

describe('deltas', () => {
  test('a merge patch removes by null and replaces what is no object', () => {
    expect(mergePatch({ a: 1, b: { c: 1, d: 2 } }, { a: null, b: { c: 3 }, e: [1] })).toEqual({
      b: { c: 3, d: 2 },
      e: [1],
    });
  });

  test('a patch adds, removes and replaces in order, in lists too', () => {
    const operations = [
      { op: 'add', path: '/l/1', value: 9 },
      { op: 'remove', path: '/l/0' },
      { op: 'replace', path: '/m~1n', value: null },
    ] as const;
    expect(jsonPatch({ l: [1, 2], 'm/n': 1 }, operations)).toEqual({ l: [9, 2], 'm/n': null });
    expect(() => jsonPatch({ l: [] }, [{ op: 'remove', path: '/l/0' }])).toThrow();
  });
});
