// What a client holds, line by line as PROTOCOL.md says; the rules are in the names.

import { expect, test } from '@jest/globals';
import { HeldValues, type DataLine, type ValueChange } from '../../src/receiver/held-values.js';

function holding(...lines: DataLine[]) {
  const changes: ValueChange[] = [];
  const lost: number[] = [];
  const held = new HeldValues({
    changed: (change) => void changes.push(change),
    lost: (alias) => void lost.push(alias),
  });
  for (const line of lines) held.take(line);
  /** What is told of the lines since. */
  const take = (...more: DataLine[]): unknown[] => {
    changes.length = 0;
    for (const line of more) held.take(line);
    return changes.map((change) => ('deleted' in change ? null : change.value));
  };
  return { held, take, changes, lost };
}

const keyframe = (version: number | string, value: unknown, alias = 7): DataLine => [
  ...([0, alias, version, 0, 1, 'a/b', value, 99] as const),
];

test('P20 a delta applies to every version in its span, and to no other', () => {
  const { take, lost } = holding(keyframe(10, { n: 1 }));
  expect(take([2, 7, 12, 2, { n: 2 }, 99])).toEqual([{ n: 2 }]);
  expect(take([2, 7, 12, 2, { n: 3 }, 99])).toEqual([]); // known
  expect(take([2, 7, 11, 5, { n: 3 }, 99])).toEqual([]);
  expect(lost).toEqual([]);
  expect(take([2, 7, 20, 7, { n: 3 }, 99])).toEqual([]); // something is missing
  expect(lost).toEqual([7]);
});

test('P20 what is lost is asked for once, and is there again with the keyframe', () => {
  const { take, lost } = holding(keyframe(10, { n: 1 }), [2, 7, 20, 1, { n: 2 }, 99]);
  expect(take([2, 7, 21, 1, { n: 3 }, 99], [1, 7, 22, { n: 4 }, 99])).toEqual([]);
  expect(lost).toEqual([7]);
  expect(take(keyframe(22, { n: 4 }), [2, 7, 23, 1, { n: 5 }, 99])).toEqual([{ n: 4 }, { n: 5 }]);
});

test('P20 a patch that does not fit loses the value rather than keeping half of it', () => {
  const { take, lost } = holding(keyframe(1, { list: [1] }));
  const patch = [
    { op: 'remove', path: '/list/0' },
    { op: 'remove', path: '/list/9' },
  ];
  expect(take([3, 7, 2, 1, patch, 99])).toEqual([]);
  expect(lost).toEqual([7]);
});

test('P19 an alias that was never defined is asked for, but not by a delete; one that was replaced is nothing', () => {
  const { take, lost } = holding(keyframe(1, 'x'));
  expect(take([1, 8, 5, 'y', 99], [4, 9, 5, 99])).toEqual([]);
  expect(lost).toEqual([8]);
  expect(take(keyframe(2, 'z', 10), [1, 7, 3, 'old', 99], [4, 7, 3, 99])).toEqual(['z']);
  expect(lost).toEqual([8]);
});

test('P20 a keyframe that is older than what is held says nothing, and names the alias all the same', () => {
  const { take } = holding(keyframe(5, 'new'));
  expect(take(keyframe(4, 'old', 8), [1, 8, 6, 'newer', 99])).toEqual(['newer']);
});

test('P21 the same keyframe again is no news, unless it shows something else', () => {
  const { take } = holding(keyframe(5, { a: 1, b: 2 }));
  expect(take(keyframe(5, { b: 2, a: 1 }))).toEqual([]);
  expect(take(keyframe(5, { a: 1 }))).toEqual([{ a: 1 }]); // rights have changed
});

test('P22 after a delete the next is a keyframe; a second delete is nothing', () => {
  const { take } = holding(keyframe(5, 'x'));
  expect(take([4, 7, 6, 99], [4, 7, 6, 99], keyframe(8, 'y'))).toEqual([null, 'y']);
});

test('P23 versions beyond 2^53 - 1 are text, and compare as numbers', () => {
  const { take } = holding(keyframe('9007199254740993', { n: 1 }));
  expect(take([2, 7, '9007199254740992', 1, { n: 0 }, 99])).toEqual([]);
  expect(take([2, 7, '10000000000000000', 992800745259007, { n: 2 }, 99])).toEqual([{ n: 2 }]);
});

test('P27 P29 what did not come again by the end of a subscription that starts anew is gone', () => {
  const { held, take, changes } = holding(keyframe(5, 'x'), [0, 8, 6, 0, 1, 'a/c', 'y', 99]);
  held.doubt();
  expect(take(keyframe(5, 'x'))).toEqual([]);
  held.sweep();
  expect(changes).toEqual([{ path: 'a/c', deleted: true, version: 6 }]);
  changes.length = 0;
  held.sweep();
  held.forget(0);
  expect(changes).toEqual([{ path: 'a/b', deleted: true, version: 5 }]);
});

test('P33 when messages are lost every alias that is held is asked for', () => {
  const { held, lost, take } = holding(keyframe(5, 'x'), [0, 8, 6, 0, 1, 'a/c', 'y', 99], [4, 8, 7, 99]);
  held.loseAll();
  expect(lost).toEqual([7]);
  expect(take(keyframe(5, 'x'))).toEqual(['x']);
});
