import { expect, test } from '@jest/globals';
import { isSame, significanceOf } from '../../src/map/significance.js';

test('a difference in an ignored field alone is no change, also when the field comes or goes', () => {
  const ignoring = significanceOf([['at'], ['meta', 'seq']], []);
  expect(isSame(ignoring, { a: 1, at: 1 }, { at: 2, a: 1 })).toBe(true);
  expect(isSame(ignoring, { a: 1, at: 1 }, { a: 1 })).toBe(true);
  expect(isSame(ignoring, { a: 1, meta: { seq: 1, x: 1 } }, { a: 1, meta: { seq: 2, x: 1 } })).toBe(true);
  expect(isSame(ignoring, { a: 1, meta: { seq: 1, x: 1 } }, { a: 1, meta: { seq: 1, x: 2 } })).toBe(false);
  expect(isSame(ignoring, { a: 1, at: 1 }, { a: 2, at: 1 })).toBe(false);
  expect(isSame(ignoring, { a: 1 }, { a: 1, b: 2 })).toBe(false);
});

test('a number moves only when it leaves its deadband, and a change of type is always a change', () => {
  const banded = significanceOf([], [{ field: ['p'], within: 0.5 }]);
  expect(isSame(banded, { p: 1 }, { p: 1.5 })).toBe(true);
  expect(isSame(banded, { p: 1 }, { p: 1.75 })).toBe(false);
  expect(isSame(banded, { p: 1 }, { p: '1' })).toBe(false);
  expect(isSame(banded, { p: 1, q: [1, { r: 2 }] }, { p: 1.25, q: [1, { r: 2 }] })).toBe(true);
  expect(isSame(banded, { p: 1, q: [1] }, { p: 1.25, q: [2] })).toBe(false);
});
