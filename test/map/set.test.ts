// `value.set`: computed fields.

import { describe, expect, test } from '@jest/globals';
import { compileMapping } from '../../src/map/compile.js';
import type { MapRule } from '../../src/map/rule.js';
import { intakeOf, record } from '../ingest/records.js';
import { map, pathsOf } from './mapped.js';

const computed = (set: Record<string, string>, rest: MapRule['value'] = {}) => [
  { path: 'p', value: { ...rest, set } },
];

describe('set', () => {
  test('computes fields of the published document from the record as it came', () => {
    const value = { bid: 1, ask: 2, secret: 3, x: { y: 1 } };
    expect(map(computed({ '/mid': '(value.bid + value.ask) / 2.0' }), { value })).toEqual({
      p: { ...value, mid: 1.5 },
    });
    const rest = { pick: ['/bid', '/x'], omit: ['/x/y'], rename: { '/bid': '/b' } };
    const set = { '/x/z': 'value.bid + value.secret', '/new/deep': '[value.x]', '/b': '"over"' };
    expect(map(computed(set, rest), { value })).toEqual({
      p: { x: { z: 4 }, new: { deep: [{ y: 1 }] }, b: 'over' },
    });
  });

  test('sees key, headers, topic, partition and timestamp', () => {
    const headers = [{ name: 'h', value: Buffer.from('v') }];
    const set = { '/all': '[key, headers.h, topic, partition, timestamp]' };
    expect(map(computed(set), { key: 'k', value: {}, headers })).toEqual({
      p: { all: ['k', 'v', 'fx.quotes', 3, 1_700_000_000_000] },
    });
  });

  test('reads the value as it came, also what another computed field overwrites', () => {
    expect(map(computed({ '/a': 'value.a + 1.0', '/b': 'value.a' }), { value: { a: 1 } })).toEqual({
      p: { a: 2, b: 1 },
    });
  });

  test('an integer that no double holds is exact text, or rejects the record where the source says so', () => {
    const rules = computed({ '/n': 'int(value.n) * 1000000' });
    const given = { value: { n: 9_007_199_254 } };
    expect(map(rules, given)).toEqual({ p: { n: 9_007_199_254_000_000 } });
    const large = { value: { n: 9_007_199_255 } };
    expect(map(rules, large)).toEqual({ p: { n: '9007199255000000' } });
    expect(map(rules, large, { numbers: 'reject' })).toMatchObject({ fault: 'expression-failed' });
  });

  test('an expression that fails, or has no object to go into, rejects the record as a whole', () => {
    const rules = [{ path: 'before' }, ...computed({ '/x': 'value.a / value.b' })];
    expect(map(rules, { value: { a: 1 } })).toEqual({ fault: 'expression-failed', rule: 1 });
    expect(map(rules, { value: { a: 1, b: 0 } })).toMatchObject({ fault: 'expression-failed' });
    expect(map(rules, { value: { a: 'x', b: 1 } })).toMatchObject({ fault: 'expression-failed' });
    for (const value of ['text', [1], null, 1])
      expect(map(computed({ '/x': '1' }), { value })).toMatchObject({ fault: 'expression-failed' });
    expect(map(computed({ '/a/b': '1' }), { value: { a: 1 } })).toMatchObject({ fault: 'expression-failed' });
    const { log, take, letters } = intakeOf(rules);
    take(record('k', { a: 1, b: 2 }), record('k', { a: 1 }));
    expect([...log.stale].sort()).toEqual(['before', 'p']);
    expect(log.values.get('before')).toEqual({ a: 1, b: 2 });
    expect(letters).toEqual([{ stage: 'map', code: 'expression-failed' }]);
  });

  test('a document that its fields make larger than a value may be is rejected', () => {
    const rules = computed({ '/t': 'value.s + value.s' });
    const given = { value: { s: 'x'.repeat(20) } };
    const length = JSON.stringify({ s: 'x'.repeat(20), t: 'x'.repeat(40) }).length;
    expect(map(rules, given, { maxBytes: length })).toHaveProperty('p');
    expect(map(rules, given, { maxBytes: length - 1 })).toMatchObject({ fault: 'expression-failed' });
  });

  test('what one record computes has an end, however many elements it has', () => {
    const rules = [{ each: '/items', path: '{index}', value: { set: { '/all': 'value.long' } } }];
    const given = (length: number) => ({
      value: { long: 'x'.repeat(500_000), items: Array.from({ length }, () => ({})) },
    });
    expect(Object.keys(map(rules, given(10)))).toHaveLength(10);
    expect(map(rules, given(70))).toMatchObject({ fault: 'expression-failed' });
  });

  test('a text that is not ASCII is stored as UTF-8', () => {
    const paths = pathsOf(computed({ '/t': 'value.s + "ü"' }), { value: { s: 'é' } });
    const stored = 'fault' in paths ? '' : String(paths[0]?.text);
    expect(JSON.parse(Buffer.from(stored, 'latin1').toString('utf8'))).toEqual({ s: 'é', t: 'éü' });
  });
});

test('mistakes in set are told with place and column', () => {
  const compiled = compileMapping([
    { path: 'p', value: { set: { x: '1', '': '1', '/y': 'value.a +', '/z': 'value.a * 2' } } },
  ]);
  const told = compiled.ok ? [] : compiled.mistakes.map(({ at, column }) => [at.join('.'), column]);
  expect(told).toEqual([
    ['value.set.x', 1],
    ['value.set.', 1],
    ['value.set./y', 10],
    ['value.set./z', 1],
  ]);
});
