// Views: what is shown of a value, and that equal views are one.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parsePointer, type Pointer } from '../../src/topic/pointer.js';
import { Interner } from '../../src/entitle/interner.js';
import { IntentTable, viewOf, type View } from '../../src/entitle/view.js';
import type { Json } from '../../src/topic/json.js';
import { value } from './arbitrary-policy.js';

const intents = new IntentTable();

function pointersOf(texts: readonly string[]): Pointer[] {
  return texts.map((text) => {
    const parsed = parsePointer(text);
    if (!parsed.ok) throw new Error(parsed.fault);
    return parsed.pointer;
  });
}

function view(hide: readonly string[], fields?: readonly string[]): View {
  const intent = intents.internIntent({ fields, times: false });
  return viewOf({ visible: true, hide: pointersOf(hide) }, intent)!;
}

describe('a view', () => {
  it.each<[string, string[], string[] | undefined, Json, Json | undefined]>([
    ['hides members', ['/a', '/c/d'], undefined, { a: 1, b: 2, c: { d: 3, e: 4 } }, { b: 2, c: { e: 4 } }],
    ['may show an empty object', ['/a'], undefined, { a: 1 }, {}],
    [
      'hides a member of every element of a list',
      ['/l/x'],
      undefined,
      { l: [{ x: 1, y: 2 }, 3, [{ x: 4 }]] },
      { l: [{ y: 2 }, 3, [{}]] },
    ],
    ['hides in a list at the root', ['/x'], undefined, [{ x: 1 }, { y: 2 }], [{}, { y: 2 }]],
    ['shows a scalar where the way ends early', ['/a/b'], undefined, { a: 'text' }, { a: 'text' }],
    ['knows escaped names', ['/a~1b/~0'], undefined, { 'a/b': { '~': 1, '~0': 2 } }, { 'a/b': { '~0': 2 } }],
    [
      'keeps only the fields',
      [],
      ['/b', '/c/d'],
      { a: 1, b: null, c: { d: 3, e: 4 } },
      { b: null, c: { d: 3 } },
    ],
    ['leaves out fields that do not exist', [], ['/b/x', '/z'], { a: 1, b: {} }, {}],
    ['takes numbers in fields as names only', [], ['/0', '/l/0'], { 0: 'zero', l: ['first'] }, { 0: 'zero' }],
    ['takes lists whole', [], ['/l'], { l: [{ x: 1 }] }, { l: [{ x: 1 }] }],
    ['has no fields in a scalar', [], ['/a'], 'text', undefined],
    ['has no fields in a list', [], ['/a'], [{ a: 1 }], undefined],
    ['has no fields in null', [], ['/a'], null, undefined],
    ['shows fields only of what is not hidden', ['/a', '/c/d'], ['/a', '/c/d'], { a: 1, c: { d: 2 } }, {}],
    ['shows a field less what is hidden in it', ['/c/d'], ['/c'], { c: { d: 2, e: 3 } }, { c: { e: 3 } }],
  ])('%s', (_, hide, fields, whole, shown) => {
    expect(view(hide, fields).project(whole)).toEqual(shown);
  });

  it('shows equal values where only hidden members differ', () => {
    const hide = fc.uniqueArray(fc.constantFrom('/p', '/q/r', '/q/p', '/open/s'), { minLength: 1 });
    const fields = fc.option(fc.constantFrom(['/p'], ['/q'], ['/open', '/q/r']), { nil: undefined });
    fc.assert(
      fc.property(value, value, hide, fields, (seen, secret, hidden, wanted) => {
        const masked = view(hidden, wanted);
        expect(masked.project(overwritten(seen, hidden, secret))).toEqual(masked.project(seen));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives the very same value when it shows everything or hides nothing that is there', () => {
    const whole = { a: { b: 1 } };
    expect(view([]).isIdentity).toBe(true);
    expect(view([]).project(whole)).toBe(whole);
    expect(view(['/z']).isIdentity).toBe(false);
    expect(view(['/z']).project(whole)).toBe(whole);
    expect((view([], ['/a']).project(whole) as typeof whole).a).toBe(whole.a);
  });

  it('is one object for equal decisions and intents, and another for another intent', () => {
    expect(view(['/a', '/b'])).toBe(view(['/a', '/b']));
    expect(view(['/a'])).not.toBe(view(['/b']));
    expect(view(['/a'], ['/x', '/y/z', '/y'])).toBe(view(['/a'], ['/y', '/x']));
    expect(view(['/a'], ['/x']).id).not.toBe(view(['/a']).id);
    expect(viewOf({ visible: false }, intents.whole)).toBeUndefined();
  });

  it('F9 hides and picks hostile names as plain members', () => {
    const hostile = JSON.parse(
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},"a":1}',
    ) as Json;
    expect(JSON.stringify(view(['/a']).project(hostile))).toBe(
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}',
    );
    expect(JSON.stringify(view(['/__proto__/admin']).project(hostile))).toContain('{"__proto__":{},');
    expect(JSON.stringify(view([], ['/__proto__']).project(hostile))).toBe('{"__proto__":{"admin":true}}');
    expect(view([], ['/constructor', '/toString']).project({})).toEqual({});
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

describe('an intent', () => {
  it('has number 0 for everything, and one number of its own otherwise', () => {
    const table = new IntentTable();
    expect(table.internIntent({ fields: undefined, times: false })).toBe(table.whole);
    expect(table.internIntent({ fields: ['/a', ''], times: false }).n).toBe(0);
    const prices = table.internIntent({ fields: ['/bid', '/ask'], times: false });
    const timed = table.internIntent({ fields: ['/bid', '/ask'], times: true });
    expect(table.internIntent({ fields: ['/ask', '/bid', '/ask'], times: false })).toBe(prices);
    expect(new Set([table.whole.n, prices.n, timed.n]).size).toBe(3);
    expect(() => table.internIntent({ fields: ['bid'], times: false })).toThrow(TypeError);
  });
});

describe('an interner', () => {
  it('gives the living object, and makes each once', () => {
    const table = new Interner<{ n: number }>();
    const first = table.intern('a', () => ({ n: 1 }));
    expect(table.intern('a', () => ({ n: 2 }))).toBe(first);
    expect(table.intern('b', () => ({ n: 3 }))).not.toBe(first);
    expect(table.size).toBe(2);
  });

  it('keeps no line of what nobody holds', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const table = new Interner<{ n: number }>();
    const held = table.intern('held', () => ({ n: -1 }));
    for (let n = 0; n < 1_000; n++) table.intern(`${n}`, () => ({ n }));
    // by rounds and not by the clock: one collection of a large heap on a busy machine takes seconds
    for (let rounds = 0; table.size > 1 && rounds < 50; rounds++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(table.size).toBe(1);
    expect(table.intern('held', () => ({ n: 0 }))).toBe(held);
  }, 120_000);
});

/** The value with another thing in every hidden place that exists, in elements of lists too. */
function overwritten(whole: Json, hidden: readonly string[], secret: Json, at = ''): Json {
  if (hidden.includes(at)) return secret;
  if (Array.isArray(whole))
    return (whole as Json[]).map((element) => overwritten(element, hidden, secret, at));
  if (typeof whole !== 'object' || whole === null) return whole;
  const members = Object.entries(whole).map(([name, member]): [string, Json] => [
    name,
    overwritten(member, hidden, secret, `${at}/${name}`),
  ]);
  return Object.fromEntries(members);
}
