// Applying patches: the public vectors, the RFCs' own examples, and the promise that nothing given is written to.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { applyMerge } from '../../src/diff/apply-merge.js';
import { applyPatch, PatchError } from '../../src/diff/apply-patch.js';
import { isObject, type Json } from '../../src/topic/json.js';
import { json } from './arbitrary-json.js';

interface Vector {
  readonly comment?: string;
  readonly doc: Json;
  readonly patch: Json;
  readonly expected?: Json;
  readonly error?: string;
  readonly disabled?: boolean;
}

describe.each(['tests.json', 'spec_tests.json'])('every vector of %s', (file) => {
  const text = readFileSync(new URL(`vectors/${file}`, import.meta.url), 'utf8');
  const vectors = (JSON.parse(text) as Vector[]).filter(
    (vector) => 'doc' in vector && vector.disabled !== true,
  );

  it.each(
    vectors.map((vector, index): [string, Vector] => [
      vector.comment ?? vector.error ?? `no. ${index}`,
      vector,
    ]),
  )('passes: %s', (_, vector) => {
    const doc = deepFrozen(structuredClone(vector.doc));
    if (vector.error !== undefined) expect(() => applyPatch(doc, vector.patch)).toThrow(PatchError);
    else expect(applyPatch(doc, vector.patch)).toEqual(vector.expected ?? vector.doc);
  });
});

describe('a merge patch', () => {
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('is applied as RFC 7396 appendix A says: %j with %j', (value, merge, expected) => {
    expect(applyMerge(deepFrozen(value), deepFrozen(merge))).toEqual(expected);
  });

  it('keeps what it does not touch as the same object', () => {
    const value = { kept: { x: 1 }, changed: { y: 1, inner: { z: 1 } } };
    const result = applyMerge(value, { changed: { y: 2 } }) as typeof value;
    expect(result).toEqual({ kept: { x: 1 }, changed: { y: 2, inner: { z: 1 } } });
    expect(result.kept).toBe(value.kept);
    expect(result.changed.inner).toBe(value.changed.inner);
  });

  it('F9 sets a hostile name as a plain member and pollutes nothing', () => {
    const merged = applyMerge({}, JSON.parse('{"__proto__":{"admin":true}}') as Json);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"admin":true}}');
    expect((merged as Record<string, unknown>)['admin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

describe('a patch', () => {
  it('keeps what it does not touch as the same object, and copies a list once', () => {
    const value = deepFrozen({ list: [{ a: 1 }, { b: 1 }], other: {} });
    const result = applyPatch(value, [
      { op: 'replace', path: '/list/0/a', value: 2 },
      { op: 'add', path: '/list/-', value: 3 },
    ]) as typeof value;
    expect(result).toEqual({ list: [{ a: 2 }, { b: 1 }, 3], other: {} });
    expect(result.other).toBe(value.other);
    expect(result.list[1]).toBe(value.list[1]);
  });

  it('does not tie a copy to its original', () => {
    const operations = [
      { op: 'add', path: '/a/x', value: 1 },
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/a/y', value: 2 },
      { op: 'replace', path: '/b/x', value: 3 },
    ];
    expect(applyPatch({ a: {} }, operations)).toEqual({ a: { x: 1, y: 2 }, b: { x: 3 } });
  });

  it('says which operation does not fit and why', () => {
    const operations = [
      { op: 'add', path: '/a', value: 1 },
      { op: 'remove', path: '/constructor' },
    ];
    expect(() => applyPatch({}, operations)).toThrow(
      expect.objectContaining({ fault: 'no such location', index: 1 }),
    );
  });

  it('F9 writes a hostile name as a plain member, and finds no inherited one', () => {
    const result = applyPatch({}, [{ op: 'add', path: '/__proto__', value: { admin: true } }]);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"admin":true}}');
    expect((result as Record<string, unknown>)['admin']).toBeUndefined();
    for (const path of ['/__proto__/admin', '/constructor/prototype/admin']) {
      expect(() => applyPatch({}, [{ op: 'add', path, value: true }])).toThrow(PatchError);
    }
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('answers any list of operations with a value or a PatchError', () => {
    const pointer = fc.constantFrom('', '/', '/a', '/a/b', '/0', '/-', '/a/0', '/01', 'a', '/~2');
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'copy', 'move', 'test', 'x'),
        path: pointer,
        from: pointer,
        value: json,
      },
      { requiredKeys: ['op', 'path'] },
    );
    fc.assert(
      fc.property(json, fc.array(operation, { maxLength: 4 }), (value, operations) => {
        deepFrozen(value);
        try {
          applyPatch(value, operations);
        } catch (error) {
          expect(error).toBeInstanceOf(PatchError);
        }
      }),
    );
  });
});

/** Frozen, so that a write to what was given throws. */
function deepFrozen<T extends Json>(value: T): T {
  if (Array.isArray(value) || isObject(value))
    for (const member of Object.values(value)) deepFrozen(member as Json);
  return Object.freeze(value);
}
