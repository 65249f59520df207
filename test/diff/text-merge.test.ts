import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyMerge } from '../../src/diff/apply-merge.js';
import { diff } from '../../src/diff/delta.js';
import { equal } from '../../src/diff/equal.js';
import { mergeOfTexts } from '../../src/diff/text-merge.js';
import { parseJson, stringifyJson, type Json } from '../../src/topic/json.js';
import type { JsonText } from '../../src/topic/utf8.js';

const scalar = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    1.5,
    -2,
    1e21,
    '',
    'a',
    'b,c}',
    '{"x":1}',
    'q"q',
    'b\\b',
    'é',
  ),
  fc.integer(),
  fc.string({ maxLength: 6 }),
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', '"'), scalar) },
);
const names = fc.constantFrom('bid', 'ask', 'a"b', 'a\\b', 'ü', 'last', '');
const object = fc.uniqueArray(names, { maxLength: 6 }).chain((keys) =>
  fc.tuple(...keys.map(() => fc.tuple(value, value, fc.boolean()))).map((cells) => {
    const before = Object.fromEntries(keys.map((key, i) => [key, cells[i]![0]]));
    const after = Object.fromEntries(keys.map((key, i) => [key, cells[i]![2] ? cells[i]![1] : cells[i]![0]]));
    return [before, after] as const;
  }),
);

describe('the merge of two texts', () => {
  test('G3 is right wherever it answers, and agrees with the diff of the values about equality', () => {
    let answered = 0;
    fc.assert(
      fc.property(object, ([before, after]) => {
        const [previous, next] = [stringifyJson(before), stringifyJson(after)];
        const merge = mergeOfTexts(previous, next);
        if (merge.kind === 'unknown') return;
        answered += 1;
        expect(merge.kind === 'equal').toBe(diff(before, after, next) === undefined);
        if (merge.kind === 'equal') return;
        expect(equal(applyMerge(parseJson(previous), parseJson(merge.text)), parseJson(next))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(answered).toBeGreaterThan(400);
  });

  test.each([
    ['{"a":1,"b":"x"}', '{"a":2,"b":"x"}', '{"a":2}'],
    ['{"a":1,"b":[1,{"c":"]"}],"d":true}', '{"a":1,"b":[1,{"c":"]"}],"d":false}', '{"d":false}'],
    ['{"a":null}', '{"a":1}', 'unknown'],
    ['{"a":1}', '{"a":null}', 'unknown'],
    ['{"a":1}', '{"a":{"b":1}}', 'unknown'],
    ['{"a":"\\u0041"}', '{"a":"A"}', 'unknown'],
    ['{"a":1}', '{"b":1}', 'unknown'],
    ['{"a":1}', '{"a":1,"b":2}', 'unknown'],
    ['{"a":1,"b":2}', '{"b":2,"a":1}', 'unknown'],
    ['[1]', '[2]', 'unknown'],
    ['{}', '{}', 'unknown'],
    ['{"a":1.0}', '{"a":1}', 'equal'],
    ['{"a":1e2}', '{"a":100}', 'equal'],
    ['{"a":12}', '{"a":1}', '{"a":1}'],
    ['{"a":true}', '{"a":false}', '{"a":false}'],
    ['{"a":"1"}', '{"a":1}', '{"a":1}'],
  ])('%s -> %s is %s', (previous, next, merge) => {
    const found = mergeOfTexts(previous as JsonText, next as JsonText);
    expect(found.kind === 'merge' ? found.text : found.kind).toBe(merge);
  });
});
