// When a client applies the lines of a bracket: P39.

import { expect, test } from '@jest/globals';
import { Bracket } from '../../src/receiver/bracket.js';

/** What is applied at each of these lines, by their tags. */
function applied(...tags: (number | 'reset')[]): number[][] {
  const bracket = new Bracket<number>();
  return tags.map((tag) => {
    if (tag !== 'reset') return [...bracket.take(tag, tag)];
    bracket.drop();
    return [];
  });
}

test('P39 lines about paths wait for the end of their bracket, and others do not', () => {
  expect(applied(0, 9, 0, 2, 7, 4, 6, 11, 10, 1)).toEqual([
    [0],
    [],
    [],
    [],
    [7],
    [],
    [],
    [11],
    [0, 2, 4, 6],
    [1],
  ]);
});

test('P39 another begin, and a new beginning of the subscriptions, make void what was kept', () => {
  expect(applied(9, 0, 9, 2, 10)).toEqual([[], [], [], [], [2]]);
  expect(applied(9, 0, 'reset', 2, 10)).toEqual([[], [], [], [2], []]);
});
