// The delta: right for any two values, never larger than the value, small where it can be, and cheap whatever comes.

import { describe, expect, it } from '@jest/globals';
import jsonPatch, { type Operation } from 'fast-json-patch';
import fc from 'fast-check';
import { applyMerge } from '../../src/diff/apply-merge.js';
import { applyPatch } from '../../src/diff/apply-patch.js';
import { diff, type Delta } from '../../src/diff/delta.js';
import { equal } from '../../src/diff/equal.js';
import { mergeText } from '../../src/diff/merge-text.js';
import { patchText } from '../../src/diff/patch-text.js';
import { isObject, parseJson, stringifyJson, type Json } from '../../src/topic/json.js';
import { utf8FromText } from '../../src/topic/utf8.js';
import { change, json } from './arbitrary-json.js';

function applied(value: Json, delta: Delta | undefined): Json {
  if (delta === undefined) return value;
  const parsed = parseJson(delta.text);
  switch (delta.form) {
    case 'full':
      return parsed;
    case 'merge':
      return applyMerge(value, parsed);
    case 'patch':
      return applyPatch(value, parsed);
  }
}

/** Equality that shares no code with the product: the text with sorted names. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as Json[]).map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.sort().join()}}`;
}

const record = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`field${i}`, i * 1.5]));

describe('a delta', () => {
  it('G3 gives the next value when it is applied to the previous one, and is absent only when both mean the same', () => {
    fc.assert(
      fc.property(change, fc.boolean(), ([a, b], hasText) => {
        const delta = diff(a, b, hasText ? stringifyJson(b) : undefined);
        expect(canonical(applied(a, delta))).toBe(canonical(b));
        expect(delta === undefined).toBe(canonical(a) === canonical(b));
        expect(equal(a, b)).toBe(canonical(a) === canonical(b));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is never larger than the full value, and the full value is sent exactly as it is', () => {
    fc.assert(
      fc.property(change, fc.boolean(), ([a, b], hasText) => {
        const full = stringifyJson(b);
        const delta = diff(a, b, hasText ? full : undefined);
        if (delta?.form === 'full') expect(delta.text).toBe(full);
        else if (delta !== undefined) expect(delta.text.length).toBeLessThan(full.length);
        expect(delta?.text ?? '').not.toContain('\n');
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the smallest of the three forms', () => {
    fc.assert(
      fc.property(change, ([a, b]) => {
        const delta = diff(a, b, undefined);
        if (delta === undefined || !isObject(a) || !isObject(b)) return;
        const merge = mergeText({ nodesLeft: Infinity }, a, b);
        const texts = [JSON.stringify(b), patchText({ nodesLeft: Infinity }, a, b)];
        if (merge.kind === 'merge') texts.push(merge.text);
        expect(delta.text.length).toBe(Math.min(...texts.map((text) => utf8FromText(text).length)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a patch where that replaces a small object and takes one element out of a large array', () => {
    const large = Array.from({ length: 30 }, (_, i) => `element ${i}`);
    const [a, b] = [
      { list: ['one more', ...large], small: {} },
      { list: large, small: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10, k: 11, l: 12 } },
    ];
    expect(diff(a, b, undefined)).toMatchObject({ form: 'patch' });
  });

  it('as a patch means the same to fast-json-patch and to ours', () => {
    fc.assert(
      fc.property(change, ([a, b]) => {
        const operations = JSON.parse(patchText({ nodesLeft: Infinity }, a, b)) as Operation[];
        expect(canonical(applyPatch(a, operations as unknown as Json))).toBe(canonical(b));
        if (JSON.stringify(operations).includes('proto')) return; // fast-json-patch refuses such names
        const document = structuredClone(a);
        expect(canonical(jsonPatch.applyPatch(document, operations, true).newDocument)).toBe(canonical(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a merge patch of the changed fields for a flat record', () => {
    const delta = diff(record, { ...record, field3: 7, field9: 'é"' }, undefined);
    expect(delta).toEqual({ form: 'merge', text: '{"field3":7,"field9":"\u00c3\u00a9\\""}' });
  });

  it('is a patch where null is set, which a merge patch cannot say', () => {
    const delta = diff(record, { ...record, field3: null }, undefined);
    expect(delta).toEqual({ form: 'patch', text: '[{"op":"replace","path":"/field3","value":null}]' });
  });

  it('removes fields by a merge patch', () => {
    const rest = Object.fromEntries(Object.entries(record).filter(([name]) => name !== 'field3'));
    expect(diff(record, rest, undefined)).toEqual({ form: 'merge', text: '{"field3":null}' });
  });

  it('is a patch of the touched places where a list of many rows changes in a few', () => {
    const rows = Array.from({ length: 20 }, (_, i) => [100 + i, 5, 1]);
    const next = rows.map((row, i) => (i === 4 ? [104, 6, 1] : row));
    expect(diff({ rows }, { rows: next }, undefined)?.text).toBe(
      '[{"op":"replace","path":"/rows/4/1","value":6}]',
    );
    expect(diff({ rows }, { rows: rows.map((row, i) => (i === 4 ? [7, 8, 9] : row)) }, undefined)?.text).toBe(
      '[{"op":"replace","path":"/rows/4","value":[7,8,9]}]',
    );
  });

  it.each([
    ['an insertion at the head', (list: Json[]) => [[1, 2], ...list], 1],
    ['a removal at the head', (list: Json[]) => list.slice(1), 1],
    ['an insertion in the middle', (list: Json[]) => [...list.slice(0, 9), [1], ...list.slice(9)], 1],
    ['a window that moves on', (list: Json[]) => [...list.slice(2), [1], [2]], 4],
    ['a new best price', (list: Json[]) => [[1], ...list.slice(0, -1)], 2],
    [
      'a new best price and a changed row',
      (list: Json[]) => [[1], ...list.slice(0, 7), [3], ...list.slice(8, -1)],
      3,
    ],
  ])('says %s of a list in few operations', (_, edit, operations) => {
    const list = Array.from({ length: 20 }, (_, i) => [i, `row ${i}`]);
    const delta = diff({ list }, { list: edit(list) }, undefined);
    expect(delta?.form).toBe('patch');
    expect(parseJson(delta!.text)).toHaveLength(operations);
  });

  it.each<[string, Json, Json]>([
    ['object to array', { 0: 1 }, [1]],
    ['array to object', [1], { 0: 1 }],
    ['object to null', { a: 1 }, null],
    ['null to object', null, { a: null }],
    ['number to text', 1, '1'],
  ])('is the full value when the root changes from %s', (_, a, b) => {
    expect(diff(a, b, undefined)).toEqual({ form: 'full', text: JSON.stringify(b) });
  });

  it('ignores the order of names', () => {
    expect(diff({ a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 }, undefined)).toBeUndefined();
  });

  it('F9 leaves no trace of hostile names anywhere but in the value', () => {
    const before = Object.keys(Object.prototype);
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const hostile = JSON.parse(`{"${name}":{"x":1},"pad":"${'-'.repeat(80)}"}`) as Json;
      const nested = { pad: 'p'.repeat(99), deep: hostile };
      for (const [a, b] of [
        [{ pad: 'y' }, hostile],
        [hostile, { pad: 'y' }],
        [{ ...nested, deep: {} }, nested],
      ] as const) {
        expect(canonical(applied(a, diff(a, b, undefined)))).toBe(canonical(b));
      }
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    }
    expect(Object.keys(Object.prototype)).toEqual(before);
  });
});

describe('the budget', () => {
  const large = { rows: Array.from({ length: 30_000 }, (_, i) => i), hint: 1 };

  it('ends the search with the full value', () => {
    const next = { rows: large.rows.map((row) => (row === 29_999 ? -1 : row)), hint: 1 };
    expect(diff(large, next, undefined)?.form).toBe('full');
    expect(diff(large, next, undefined, 1_000_000)?.form).toBe('patch');
  });

  it('never turns equal values into a message, which would tell of a hidden change', () => {
    expect(diff(large, structuredClone(large), undefined)).toBeUndefined();
    expect(diff(large.rows, structuredClone(large.rows), undefined)).toBeUndefined();
    fc.assert(
      fc.property(json, fc.nat(5), (a, nodes) => diff(a, structuredClone(a), undefined, nodes) === undefined),
    );
  });

  it('holds for any number of nodes: the result is right or full', () => {
    fc.assert(
      fc.property(change, fc.nat(12), ([a, b], nodes) => {
        expect(canonical(applied(a, diff(a, b, undefined, nodes)))).toBe(canonical(b));
      }),
    );
  });

  it('looks at a reversed list of 400 objects less than 40 times per element', () => {
    const list = Array.from({ length: 400 }, (_, i) => ({ id: i, name: `name ${i}`, size: i % 7 }));
    const delta = diff(list, [...list].reverse(), undefined, 16_000);
    expect(delta?.text.length).toBeLessThanOrEqual(JSON.stringify(list).length);
    expect(canonical(applied(list, delta))).toBe(canonical([...list].reverse()));
  });
});
