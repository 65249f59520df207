// Where the parts of a JSON text lie, against what JSON.parse makes of it.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  compact,
  itemsOf,
  kindOf,
  membersOf,
  partOf,
  rootOf,
  type Slice,
} from '../../src/json/json-slices.js';
import { isLong } from '../support/long.js';
import { spacedJson } from './spaced-json.js';

const RUNS = isLong ? 20_000 : 500;

function sliced(text: Buffer, { start, end }: Slice): unknown {
  return JSON.parse(text.toString('utf8', start, end));
}

describe('slices', () => {
  test('lie exactly on the values that JSON.parse finds, at every depth', () => {
    const check = (text: Buffer, slice: Slice): void => {
      const parsed = sliced(text, slice);
      const kind = kindOf(text, slice);
      if (kind === 'list') {
        const items = [...itemsOf(text, slice)];
        expect(items.map((item) => sliced(text, item))).toEqual(parsed);
        for (const item of items) check(text, item);
      } else if (kind === 'object') {
        const members = [...membersOf(text, slice)];
        const named = members.map(({ name, value }) => [name, sliced(text, value)] as const);
        expect(Object.fromEntries(named)).toEqual(parsed);
        for (const { value } of members) check(text, value);
      } else expect(typeof parsed === 'string').toBe(kind === 'text');
    };
    const property = (before: string, json: string, after: string): void => {
      const text = Buffer.from(before + json + after);
      const root = rootOf(text, 0, text.length);
      expect(text.toString('utf8', root.start, root.end)).toBe(json.trim());
      check(text, root);
    };
    const space = fc.constantFrom('', ' ', '\n\t');
    fc.assert(fc.property(space, spacedJson, space, property), { numRuns: RUNS });
  });

  test('compact leaves out space, and nothing else', () => {
    const property = (json: string): void => {
      const text = Buffer.from(json);
      const bytes = compact(text, rootOf(text, 0, text.length));
      expect(JSON.parse(bytes.toString())).toEqual(JSON.parse(json));
      expect(bytes.toString().replace(/"(\\.|[^"\\])*"/g, '""')).not.toMatch(/\s/);
      expect(compact(bytes, { start: 0, end: bytes.length })).toEqual(bytes);
    };
    fc.assert(fc.property(spacedJson, property), { numRuns: RUNS });
  });

  test('are found by a path of names and indexes', () => {
    const text = Buffer.from(' {"a/b" : [ 10, {"":"x"} ], "k\\u0065y":true}');
    const at = (...path: string[]) => {
      const part = partOf(text, rootOf(text, 0, text.length), path);
      return part && sliced(text, part);
    };
    expect(at()).toEqual({ 'a/b': [10, { '': 'x' }], key: true });
    expect([at('a/b', '0'), at('a/b', '1', ''), at('key')]).toEqual([10, 'x', true]);
    const absent = [at('a'), at('a/b', '2'), at('a/b', '01'), at('a/b', '-'), at('key', 'x'), at('a', 'b')];
    expect(absent).toEqual(absent.map(() => undefined));
  });
});
