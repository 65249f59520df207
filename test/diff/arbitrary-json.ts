// Random JSON values that are small, alike enough to have small differences, and full of awkward names.

import fc from 'fast-check';
import type { Json } from '../../src/topic/json.js';

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'price', '', '~', '/', '~1', 'a/b', 'é', '日本', '"', '\n', '0', '1', '-'),
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'prototype', '__proto__'),
);
const scalar = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, -1.5, 1e21, '', 'x', 'é', '"\\', '\ud800', '\u2028'),
  fc.integer(),
  fc.string(),
);

/** Any JSON value, often an object or an array, a few levels deep. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 6 }),
    objectOf(tie('value')),
  ),
})).value;

/** An object that has every member as its own, `__proto__` too. */
function objectOf(value: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.array(fc.tuple(key, value), { maxLength: 6 }).map((members) => Object.fromEntries(members));
}

/** Two values that share most of what they hold: the second is the first with some places changed. */
export const change: fc.Arbitrary<[Json, Json]> = fc.oneof(
  fc.tuple(json, json),
  json.chain((value) =>
    fc
      .array(fc.tuple(fc.nat(1000), json), { minLength: 1, maxLength: 4 })
      .map((edits): [Json, Json] => [value, edits.reduce((v, [at, by]) => edited(v, at, by), value)]),
  ),
);

/** `value` with one place, picked by `at`, replaced, removed, inserted before or swapped. */
function edited(value: Json, at: number, by: Json): Json {
  if (typeof value !== 'object' || value === null) return by;
  const entries = Object.entries(value);
  if (entries.length === 0) return by;
  const index = at % entries.length;
  const [name, member] = entries[index]!;
  const goOn = typeof member === 'object' && member !== null && at % 3 > 0;
  const changed = goOn ? edited(member, Math.floor(at / 3), by) : by;
  if (Array.isArray(value)) {
    const list = [...(value as Json[])];
    if (goOn || at % 4 === 0) list[index] = changed;
    else if (at % 4 === 1) list.splice(index, 1);
    else list.splice(index, 0, by);
    return list;
  }
  if (!goOn && at % 4 === 1) return Object.fromEntries(entries.filter((_, i) => i !== index));
  return Object.fromEntries([...entries.filter((_, i) => i !== index), [name, changed]]);
}
