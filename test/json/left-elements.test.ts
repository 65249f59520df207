// What a scanner leaves to others: single values within larger bytes, and the elements of a list.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ElementReader } from '../../src/json/element-reader.js';
import { DEFAULT_JSON_LIMITS, JsonScanner, type JsonLimits } from '../../src/json/json-scanner.js';
import { spacedJson } from './spaced-json.js';

/** Notes what it is asked to read, and reads it with a scanner. */
class Recorder implements ElementReader {
  readonly found: { readonly name: string | undefined; readonly text: string; readonly depth: number }[] = [];
  readonly #scanner = new JsonScanner([], {
    ...DEFAULT_JSON_LIMITS,
    numbers: 'kept',
    protoNames: 'accepted',
  });

  get fault() {
    return this.#scanner.fault;
  }

  read(bytes: Buffer, start: number, depth: number, nameStart: number, nameEnd: number): number {
    const end = this.#scanner.scanValue(bytes, start, bytes.length, depth);
    if (end < 0) return end;
    const name = nameStart < 0 ? undefined : bytes.toString('utf8', nameStart, nameEnd);
    this.found.push({ name, text: bytes.toString('utf8', start, end), depth });
    return end;
  }
}

function leftAt(path: readonly string[], are: 'elements' | 'elements and members' = 'elements') {
  const reader = new Recorder();
  const scanner = new JsonScanner([path], DEFAULT_JSON_LIMITS, { slot: 0, are, reader });
  return { reader, scanner, scan: (text: string) => scanner.scan(Buffer.from(text)) };
}

describe('a value within larger bytes', () => {
  test('is scanned as if it stood alone, wherever it stands and whatever follows', () => {
    const within = new JsonScanner([['a']], DEFAULT_JSON_LIMITS);
    const alone = new JsonScanner([['a']], DEFAULT_JSON_LIMITS);
    const property = (before: string, json: string, after: string): void => {
      const text = json.trim();
      const bytes = Buffer.from(before + text + after);
      const start = Buffer.byteLength(before);
      const end = within.scanValue(bytes, start, bytes.length, 0);
      if (!alone.scan(Buffer.from(text))) {
        expect(end).toBe(-1);
        expect(within.fault).toEqual({ code: alone.fault.code, at: alone.fault.at + start });
        return;
      }
      expect(end).toBe(start + Buffer.byteLength(text));
      expect([...within.ranges]).toEqual([...alone.ranges].map((at) => (at < 0 ? at : at + start)));
    };
    fc.assert(fc.property(fc.string(), spacedJson, fc.constantFrom('', ' ', ',1', ']', '}'), property));
  });

  test('must end before the end that is given, though the bytes go on', () => {
    const scanner = new JsonScanner([], DEFAULT_JSON_LIMITS);
    const bytes = Buffer.from('{"name":[1,"text",12]}');
    expect(scanner.scanValue(bytes, 0, bytes.length, 0)).toBe(bytes.length);
    for (let end = 0; end < bytes.length; end++) expect(scanner.scanValue(bytes, 0, end, 0)).toBe(-1);
  });

  test('is as deep as what is around it says', () => {
    const scanner = new JsonScanner([], { ...DEFAULT_JSON_LIMITS, maxDepth: 3 });
    const bytes = Buffer.from('[[1]]');
    expect(scanner.scanValue(bytes, 0, bytes.length, 1)).toBe(5);
    expect(scanner.scanValue(bytes, 0, bytes.length, 2)).toBe(-1);
    expect(scanner.fault).toEqual({ code: 'depth', at: 1 });
  });
});

describe('elements left to a reader', () => {
  test('are all those of the list, at their depth, and nothing else', () => {
    const { reader, scan } = leftAt(['data', 'items']);
    expect(scan('{"data":{"other":[7],"items":[ 1,{"a":[2]} , "x"]},"items":[8]}')).toBe(true);
    expect(reader.found).toEqual([
      { name: undefined, text: '1', depth: 3 },
      { name: undefined, text: '{"a":[2]}', depth: 3 },
      { name: undefined, text: '"x"', depth: 3 },
    ]);
  });

  test('may be the whole document, and members where these are left too', () => {
    const list = leftAt([], 'elements and members');
    expect(list.scan('[1,2]')).toBe(true);
    expect(list.reader.found.map(({ text }) => text)).toEqual(['1', '2']);
    const object = leftAt([], 'elements and members');
    expect(object.scan('{"a":1, "b" : {"c":2}}')).toBe(true);
    expect(object.reader.found).toEqual([
      { name: 'a', text: '1', depth: 1 },
      { name: 'b', text: '{"c":2}', depth: 1 },
    ]);
  });

  test('are not the members of an object where only elements are left', () => {
    const { reader, scanner, scan } = leftAt(['items']);
    expect(scan('{"items":{"a":1}}')).toBe(true);
    expect(reader.found).toEqual([]);
    expect([...scanner.ranges]).toEqual([9, 16]);
  });

  test('change nothing in what is refused around them, and what is wrong in them is told where it is', () => {
    const faultOf = (text: string) => {
      const { scanner, scan } = leftAt(['items']);
      expect(scan(text)).toBe(false);
      return scanner.fault;
    };
    expect(faultOf('{"items":[{"a":1,"a":2}]}')).toEqual({ code: 'duplicate-key', at: 17 });
    expect(faultOf('{"items":[1 2]}')).toEqual({ code: 'syntax', at: 12 });
    expect(faultOf('{"items":[1,]}')).toEqual({ code: 'syntax', at: 12 });
    expect(faultOf('{"items":[1],"items":[2]}').code).toBe('duplicate-key');
    expect(faultOf('{"items":[1')).toEqual({ code: 'syntax', at: 11 });
  });

  test('have names of their own: thousands of them are no more than the members of one', () => {
    const reader = new Recorder();
    const limits: JsonLimits = { ...DEFAULT_JSON_LIMITS, maxKeys: 3 };
    const scanner = new JsonScanner([[]], limits, { slot: 0, are: 'elements', reader });
    expect(scanner.scan(Buffer.from(`[${'{"a":1,"b":2},'.repeat(5_000)}0]`))).toBe(true);
    expect(reader.found).toHaveLength(5_001);
  });
});

test('numbers that no double holds, and __proto__, pass where the limits say that another scanner decides', () => {
  const text = '{"__proto__":1e400,"a":123456789012345678901234567890}';
  expect(new JsonScanner([], DEFAULT_JSON_LIMITS).scan(Buffer.from(text))).toBe(false);
  const lenient = { ...DEFAULT_JSON_LIMITS, numbers: 'kept', protoNames: 'accepted' } as const;
  expect(new JsonScanner([], lenient).scan(Buffer.from(text))).toBe(true);
  expect(new JsonScanner([], lenient).scan(Buffer.from('{"__proto__":1,"__pr\\u006fto__":2}'))).toBe(false);
});
