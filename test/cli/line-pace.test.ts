// Lines for a person: not more a second than can be followed, and the others are counted.

import { expect, test } from '@jest/globals';
import { LinePace } from '../../src/cli/line-pace.js';
import { HandClock } from '../server/hand-clock.js';

function pace(linesPerSecond: number) {
  const clock = new HandClock();
  const told: number[] = [];
  return { clock, told, pace: new LinePace(clock, linesPerSecond, (leftOut) => told.push(leftOut)) };
}
const granted = (given: LinePace, blocks: readonly number[]) => blocks.map((lines) => given.grant(lines));

test('within a second no more lines are granted than said, and the next second begins anew', () => {
  const { clock, told, pace: given } = pace(3);
  expect(granted(given, [1, 1, 2, 1, 1])).toEqual([true, true, false, true, false]);
  clock.stall(999);
  expect(given.grant(1)).toBe(false);
  clock.stall(1);
  expect(given.grant(1)).toBe(true);
  expect(told).toEqual([1, 2]);
});

test('what was left out is told after a second even if nothing more comes', () => {
  const { clock, told, pace: given } = pace(1);
  granted(given, [1, 1, 1]);
  clock.pass(999);
  expect(told).toEqual([]);
  clock.pass(1);
  expect(told).toEqual([2]);
  given.flush();
  expect(told).toEqual([2]);
});

test('a block that is longer than a second allows comes alone', () => {
  const { clock, pace: given } = pace(3);
  expect(granted(given, [1, 9])).toEqual([true, false]);
  clock.pass(1_000);
  expect(granted(given, [9, 1])).toEqual([true, false]);
});
