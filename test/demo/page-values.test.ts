// What the page's client holds of a transaction, and when it says so. The page is plain JavaScript, without types.

import { expect, jest, test } from '@jest/globals';

interface Entry {
  readonly path: string;
  readonly value: unknown;
}

interface Held {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly isStale: boolean;
  apply(line: readonly unknown[]): void;
  doubt(): void;
}

const page = new URL('../../src/demo/page/', import.meta.url).pathname;
// Where the server of the page serves the library
jest.unstable_mockModule(`${page}vendor/fast-json-patch/core.mjs`, () => import('fast-json-patch'), {
  virtual: true,
});
const { HeldValues } = (await import(`${page}held-values.js`)) as {
  HeldValues: new (o: {
    onChange: (entry: Entry, tag: number) => void;
    onMismatch: (alias: number) => void;
  }) => Held;
};

const keyframe = (alias: number, version: number, value: unknown) => [
  0,
  alias,
  version,
  0,
  0,
  `a/${alias}`,
  value,
  0,
];

function holding() {
  const told: string[] = [];
  const held: Held = new HeldValues({
    onChange: ({ path }, tag) => {
      const state = [...held.entries.values()].map((entry) => entry.value);
      told.push(`${path} by ${tag}, when ${JSON.stringify(state)} is held`);
    },
    onMismatch: () => undefined,
  });
  return { held, told, take: (...lines: unknown[][]) => lines.forEach((line) => held.apply(line)) };
}

test('P39 what changes in a bracket is told when all of it is held, once for each path', () => {
  const { told, take } = holding();
  take(keyframe(1, 1, 10), keyframe(2, 2, 20));
  told.length = 0;
  take([9], [1, 1, 3, 5], [1, 2, 4, 21], [1, 2, 5, 25]);
  expect(told).toEqual([]);
  take([10]);
  expect(told).toEqual(['a/1 by 1, when [5,25] is held', 'a/2 by 1, when [5,25] is held']);
});

test('P39 a bracket that is begun again, or whose subscription starts anew, is void; source states are not held up', () => {
  const { held, take } = holding();
  take(keyframe(1, 1, 10), [9], [1, 1, 2, 11], [7, [0], 5]);
  expect(held.isStale).toBe(true);
  take([9], [10]);
  expect(held.entries.get('a/1')?.value).toBe(10);
  take([9], [1, 1, 3, 12]);
  held.doubt();
  take([10]);
  expect(held.entries.get('a/1')?.value).toBe(10);
});
