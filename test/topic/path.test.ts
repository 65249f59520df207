import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeSegment, joinSegments, parsePath, unescapeSegment } from '../../src/topic/path.js';

describe('paths', () => {
  test('F7 a path has one canonical form: any value escapes to exactly one segment, and back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (raw) => {
        const segment = escapeSegment(raw);
        if (segment === undefined) return;
        expect(segment).not.toContain('/');
        expect(unescapeSegment(segment)).toBe(raw);
        if (segment.length < 80) expect(parsePath(segment)).toEqual({ ok: true, path: segment });
      }),
    );
  });

  test('F7 no two accepted strings are the same path', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const segment = text.replaceAll('/', '%');
        if (!parsePath(segment).ok) return;
        expect(escapeSegment(unescapeSegment(segment))).toBe(segment);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['', 'is empty'],
    ['/a', 'has an empty segment'],
    ['a//b', 'has an empty segment'],
    ['a/', 'has an empty segment'],
    ['a/..', 'has an escape that is not canonical'],
    ['a/%2e', 'has an escape that is not canonical'],
    ['a/%41', 'has an escape that is not canonical'],
    ['a/%2f', 'has an escape that is not canonical'],
    ['a/%C0%AF', 'has an escape that is not canonical'],
    ['a/%', 'has an escape that is not canonical'],
    ['a/*', 'has a character that must be escaped'],
    ['a\u0000b', 'has a character that must be escaped'],
    ['a\nb', 'has a character that must be escaped'],
    ['a/\ud800', 'has a lone surrogate'],
  ])('refuses %j: %s', (text, fault) => {
    expect(parsePath(text)).toEqual({ ok: false, fault });
  });

  test('accepts 255 bytes and 32 segments, and not one more', () => {
    expect(parsePath('a'.repeat(255)).ok).toBe(true);
    expect(parsePath('a'.repeat(256))).toEqual({ ok: false, fault: 'is longer than 255 bytes' });
    expect(parsePath('\u00e9'.repeat(127)).ok).toBe(true);
    expect(parsePath('\u00e9'.repeat(128))).toEqual({ ok: false, fault: 'is longer than 255 bytes' });
    expect(parsePath(Array(32).fill('a').join('/')).ok).toBe(true);
    expect(parsePath(Array(33).fill('a').join('/'))).toEqual({
      ok: false,
      fault: 'has more than 32 segments',
    });
    expect(joinSegments(Array<string>(33).fill('a'))).toEqual({
      ok: false,
      fault: 'has more than 32 segments',
    });
  });
});
