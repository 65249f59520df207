import { describe, expect, test } from '@jest/globals';
import { decoderOf } from '../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS } from '../../src/json/json-scanner.js';
import { compileMapping } from '../../src/map/compile.js';
import type { MappedPath } from '../../src/map/mapping.js';
import type { MapRule } from '../../src/map/rule.js';
import { utf8FromBytes } from '../../src/topic/utf8.js';
import { map, type Given } from './mapped.js';

const pathOf = (path: string, given: Given) => {
  const mapped = map([{ path }], given);
  return 'fault' in mapped ? mapped.fault : Object.keys(mapped)[0];
};

describe('a path template', () => {
  test('reads key, value, headers, topic, partition and timestamp', () => {
    const headers = [
      { name: 'tenant', value: Buffer.from('first') },
      { name: 'tenant', value: Buffer.from('last') },
    ];
    const given: Given = {
      key: '{"id":7}',
      keyFormat: 'json',
      value: { symbol: 'EURUSD', 'a.b': { c: true }, list: ['x'] },
      headers,
    };
    expect(pathOf('prices/{value.symbol}/spot', given)).toBe('prices/EURUSD/spot');
    expect(pathOf('{key.id}/{headers.tenant}', given)).toBe('7/last');
    expect(pathOf('{topic}/v{partition}/{timestamp}', given)).toBe('fx.quotes/v3/1700000000000');
    expect(pathOf('{value:/a.b/c}/{value.list.0}', given)).toBe('true/x');
    expect(pathOf('{key}', { key: 'k', value: 1 })).toBe('k');
    expect(pathOf('{value}', { value: 'whole' })).toBe('whole');
  });

  test('F7 escapes what it reads as one segment, one way only, also next to literal text', () => {
    for (const [raw, segment] of [
      ['a/b', 'a%2Fb'],
      ['..', '%2E%2E'],
      ['*', '%2A'],
      ['%2F', '%252F'],
      ['é', 'é'],
      ['a\nb', 'a%0Ab'],
      ['a\\b', 'a\\b'],
    ] as const) {
      expect(pathOf('x/{value.s}', { value: { s: raw } })).toBe(`x/${segment}`);
      expect(pathOf('x/{key}', { key: raw, value: 1 })).toBe(`x/${segment}`);
    }
    expect(pathOf('.{value.s}', { value: { s: '.' } })).toBe('%2E%2E');
  });

  test('has one segment for one number, and none for a fraction', () => {
    expect(pathOf('{value.n}', { value: { n: -12 } })).toBe('-12');
    expect(pathOf('{value.n}', { value: { n: -0 } })).toBe('0');
    expect(pathOf('{value.n}', { value: { n: 1.5 } })).toBe('field-fraction');
    expect(pathOf('{key}', { key: '9007199254740993', keyFormat: 'json', value: 1 })).toBe(
      '9007199254740993',
    );
    expect(pathOf('{key}', { key: '1.0', keyFormat: 'json', value: 1 })).toBe('1');
    expect(pathOf('{key}', { key: '1e3', keyFormat: 'json', value: 1 })).toBe('1000');
  });

  test('never makes a path of what is not there: the record is rejected and the reason says why', () => {
    expect(pathOf('{value.x}', { value: {} })).toBe('field-missing');
    expect(pathOf('{value.x.y}', { value: { x: 'text' } })).toBe('field-missing');
    expect(pathOf('{value.x}', { value: { x: null } })).toBe('field-null');
    expect(pathOf('{value.x}', { value: { x: {} } })).toBe('field-not-scalar');
    expect(pathOf('{value.x}', { value: { x: [] } })).toBe('field-not-scalar');
    expect(pathOf('{value.x}', { value: { x: '' } })).toBe('field-empty');
    expect(pathOf('v{value.x}', { value: { x: '' } })).toBe('field-empty');
    expect(pathOf('{value.x}', { value: { x: '\ud800' } })).toBe('field-not-text');
    expect(pathOf('{key}', { value: 1 })).toBe('field-missing');
    expect(pathOf('{key}', { key: '', value: 1 })).toBe('field-empty');
    expect(pathOf('{key}', { key: 'null', keyFormat: 'json', value: 1 })).toBe('field-null');
    expect(pathOf('{headers.t}', { value: 1 })).toBe('field-missing');
    expect(pathOf('{headers.t}', { value: 1, headers: [{ name: 't', value: Buffer.from([0xff]) }] })).toBe(
      'field-not-text',
    );
    expect(pathOf('{value.constructor}', { value: {} })).toBe('field-missing');
  });

  test('F7 takes a path of 255 bytes and rejects one of 256', () => {
    expect(pathOf('{value}', { value: 'x'.repeat(255) })).toBe('x'.repeat(255));
    expect(pathOf('{value}', { value: 'x'.repeat(256) })).toBe('path-too-long');
  });

  test('expecting the path of the last record never turns another record into it', () => {
    const compiled = compileMapping([{ path: 'a/{value.x}/z' }]);
    if (!compiled.ok) throw new Error('not compiled');
    const texts = [
      '"1"',
      '1',
      '1.0',
      '"1/z"',
      '"%2F"',
      '"/"',
      '"a"',
      '"\\u0061"',
      'true',
      '"true"',
      '-0',
      '0',
      '"é"',
      '"."',
    ];
    const given = (literal: string, expected?: MappedPath['path']) => {
      const bytes = Buffer.from(`{"x":${literal}}`);
      const value = decoderOf('json', {
        fields: compiled.mapping.fields.value,
        limits: DEFAULT_JSON_LIMITS,
      }).decode(bytes, utf8FromBytes(bytes), undefined);
      const paths: MappedPath[] = [];
      compiled.mapping.map(
        {
          key: undefined,
          value: value!,
          headers: undefined,
          topic: '',
          partitionNumber: 0,
          timestampMs: 0,
          expected,
        },
        paths,
      );
      return paths[0]?.path;
    };
    for (const last of texts) for (const next of texts) expect(given(next, given(last))).toBe(given(next));
  });
});

describe('rules', () => {
  test('several rules make several paths of one record, and a rule whose when is false makes none', () => {
    const rules = [{ path: 'all/{value.id}' }, { path: 'open/{value.id}', when: 'value.state == "open"' }];
    expect(map(rules, { value: { id: 1, state: 'open' } })).toMatchObject({
      'all/1': expect.anything(),
      'open/1': expect.anything(),
    });
    expect(Object.keys(map(rules, { value: { id: 1, state: 'shut' } }))).toEqual(['all/1']);
    expect(map([{ path: 'x', when: 'false' }], { value: {} })).toEqual({});
  });

  test('one rule that fails, or two that give one path, reject the record as a whole', () => {
    expect(map([{ path: 'a/{value.id}' }, { path: 'b/{value.no}' }], { value: { id: 1 } })).toEqual({
      fault: 'field-missing',
      rule: 1,
    });
    expect(map([{ path: 'a/{value.id}' }, { path: 'a/{value.no}' }], { value: { id: 1, no: 1 } })).toEqual({
      fault: 'two-rules-one-path',
      rule: 1,
    });
    expect(map([{ path: 'a', when: 'value.missing == 1' }], { value: {} })).toEqual({
      fault: 'condition-failed',
      rule: 0,
    });
  });

  test('deleteWhen deletes the path', () => {
    expect(map([{ path: 'a/{key}', deleteWhen: 'value.gone' }], { key: 'k', value: { gone: true } })).toEqual(
      { 'a/k': 'deleted' },
    );
  });

  test('conditions see headers, topic, partition and timestamp', () => {
    const headers = [{ name: 'kind', value: Buffer.from('x') }];
    const when =
      'headers.kind == "x" && topic == "fx.quotes" && partition == 3 && timestamp > 1600000000000 && key == "k"';
    expect(map([{ path: 'a', when }], { key: 'k', value: 1, headers })).toEqual({ a: 1 });
    expect(map([{ path: 'a', when: 'headers.none == "x"' }], { value: 1, headers })).toEqual({
      fault: 'condition-failed',
      rule: 0,
    });
  });

  test('pick, omit and rename work in this order, deep, and leave out what is not there', () => {
    const value = { a: 1, b: { c: 2, d: 3 }, e: 4, constructor: 5 };
    const kept = (projection: MapRule['value']) => map([{ path: 'p', value: projection! }], { value });
    expect(kept({ pick: ['/b/c', '/constructor', '/missing'] })).toEqual({
      p: { b: { c: 2 }, constructor: 5 },
    });
    expect(kept({ omit: ['/b/d', '/e', '/missing/x'] })).toEqual({
      p: { a: 1, b: { c: 2 }, constructor: 5 },
    });
    expect(kept({ pick: ['/a', '/e'], rename: { '/a': '/e', '/e': '/a' } })).toEqual({ p: { a: 4, e: 1 } });
    expect(kept({ pick: ['/b'], omit: ['/b/c'], rename: { '/b/d': '/x/y' } })).toEqual({
      p: { b: {}, x: { y: 3 } },
    });
    expect(kept({ rename: { '/a': '/e' } })).toEqual({ fault: 'rename-conflict', rule: 0 });
    expect(kept({ rename: { '/a': '/e/f' } })).toEqual({ fault: 'rename-conflict', rule: 0 });
  });
});

describe('mistakes in rules', () => {
  test('are told all at once, with rule, place and column', () => {
    const compiled = compileMapping([
      { path: '/a/{value.x', when: 'value.a >', value: { pick: ['x'], omit: [''] } },
      { path: 'b/{nope}/{a}{b}', ignore: ['/__proto__'], deadband: [{ field: '/p', within: -1 }] },
      { path: 'c/{value..x}/{topic.x}/{headers}/a*' },
    ]);
    const told = compiled.ok
      ? []
      : compiled.mistakes.map(({ rule, at, column }) => [rule, at.join('.'), column]);
    expect(told).toEqual([
      [0, 'path', 1],
      [0, 'path', 4],
      [0, 'when', 10],
      [0, 'value.pick.0', 1],
      [0, 'value.omit.0', 1],
      [1, 'path', 4],
      [1, 'path', 13],
      [1, 'deadband.0.within', 1],
      [1, 'ignore.0', 1],
      [2, 'path', 4],
      [2, 'path', 15],
      [2, 'path', 25],
      [2, 'path', 34],
    ]);
    expect(compileMapping([]).ok).toBe(false);
  });

  test('patterns have a wildcard for each placeholder, for the check of sources against each other', () => {
    const compiled = compileMapping([{ path: 'a/{value.x}/v{partition}' }, { path: 'b' }]);
    expect(compiled.ok && compiled.mapping.patterns).toEqual(['a/*/*', 'b']);
  });
});
