// The rehearsed client believes nothing that does not fit: a line that contradicts what it holds is a fault of Tailrace.

import { expect, test } from '@jest/globals';
import { RehearsedClient } from '../../src/rehearsal/rehearsed-client.js';
import { utf8FromText } from '../../src/topic/utf8.js';

const KEYFRAME = '[0,1,5,0,0,"a/b",{"n":1,"l":[1]},0]';

function after(...lines: readonly string[]): RehearsedClient {
  const held = new RehearsedClient();
  held.write(utf8FromText(lines.join('\n')));
  return held;
}

test('holds what keyframes, merges, patches, whole values and deletes leave', () => {
  expect([...after(KEYFRAME, '[2,1,6,1,{"n":2}]').values]).toEqual([['a/b', { n: 2, l: [1] }]]);
  expect([...after(KEYFRAME, '[3,1,7,2,[{"op":"add","path":"/l/1","value":2}]]').values]).toEqual([
    ['a/b', { n: 1, l: [1, 2] }],
  ]);
  expect([...after(KEYFRAME, '[1,1,6,"é"]').values]).toEqual([['a/b', 'é']]);
  expect(after(KEYFRAME, '[4,1,6]').values.size).toBe(0);
  expect(after(KEYFRAME, '{"op":"end","sub":1,"cut":[]}').isComplete).toBe(true);
  expect(after(KEYFRAME, '[0,2,7,0,0,"a/b",3,0]', '[4,1,8]').values.get('a/b' as never)).toBe(3);
});

test('P39 applies what stands in a bracket at its end, and drops what another one, or a new beginning, makes void', () => {
  const open = ['[9]', KEYFRAME];
  expect(after(...open).values.size).toBe(0);
  expect(after(...open, '[10]').values.size).toBe(1);
  expect(after(...open, '[9]', '[10]').values.size).toBe(0);
  expect(after(...open, '{"op":"reset","sub":1}', '[10]').values.size).toBe(0);
  expect(after(...open, '{"op":"end","sub":1,"cut":[]}').isComplete).toBe(true);
});

test.each([
  ['a change of an alias that it was not given', ['[2,1,6,1,{}]']],
  ['a change on a version that it does not hold', [KEYFRAME, '[2,1,9,1,{}]']],
  ['a change after a delete', [KEYFRAME, '[4,1,6]', '[2,1,7,1,{}]']],
  ['a patch that does not fit', [KEYFRAME, '[3,1,6,1,[{"op":"remove","path":"/x"}]]']],
  ['the end of a subscription that was too large', ['{"op":"limit","sub":1}']],
])('finds %s', (_what, lines) => {
  expect(after(...lines).fault).toContain(lines.at(-1));
});
