import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_JSON_LIMITS, JsonScanner, type JsonLimits } from '../../src/json/json-scanner.js';
import { parseJson } from '../../src/topic/json.js';
import { utf8FromBytes } from '../../src/topic/utf8.js';

type Scanned = { readonly stored: unknown; readonly text: string } | { readonly refused: string };

function scan(bytes: Buffer, scanner = new JsonScanner([], DEFAULT_JSON_LIMITS)): Scanned {
  if (!scanner.scan(bytes)) return { refused: scanner.fault.code };
  const text = scanner.text(utf8FromBytes(bytes));
  return { stored: parseJson(text), text };
}

function scanText(text: string, limits: Partial<JsonLimits> = {}): Scanned {
  return scan(Buffer.from(text), new JsonScanner([], { ...DEFAULT_JSON_LIMITS, ...limits }));
}

/** What JSON.parse makes of it, or that it refuses. */
function parsed(bytes: Buffer): { value: unknown } | 'refused' {
  try {
    return {
      value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown,
    };
  } catch {
    return 'refused';
  }
}

/** JSON of any value, with odd spacing, escapes and numbers, some of it broken by edits. */
const documents = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.json({ maxDepth: 4 }) },
      { weight: 1, arbitrary: fc.json({ maxDepth: 2, stringUnit: 'binary' }) },
    ),
    fc.array(
      fc.tuple(
        fc.nat(200),
        fc.nat(2),
        fc.constantFrom(...' \n\t{}[],:"\\u-+.eE0123456789tfn', '\\ud800', '\\n', 'é', '1e5', '""', 'null'),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((edited, [at, length, insert]) => {
      const place = at % (edited.length + 1);
      return edited.slice(0, place) + insert + edited.slice(place + length);
    }, text),
  );

describe('the JSON scanner', () => {
  test('accepts what JSON.parse accepts and keeps its value, less the rules of its own, whatever it scanned before', () => {
    const scanner = new JsonScanner([['a'], ['b', 'c']], DEFAULT_JSON_LIMITS);
    fc.assert(
      fc.property(documents, (document) => {
        const bytes = Buffer.from(document);
        const reference = parsed(bytes);
        for (let round = 0; round < 2; round++) {
          const scanned = scan(bytes, scanner);
          if ('refused' in scanned) {
            if (reference !== 'refused')
              expect(['duplicate-key', 'proto-key', 'depth']).toContain(scanned.refused);
          } else {
            expect(reference).not.toBe('refused');
            expect(/[\r\n]/.test(scanned.text)).toBe(false);
            // Strings stand for numbers that a double cannot hold; the generator makes none of these but by an edit.
            if (!/\d{16}|[eE]/.test(document))
              expect(plusZero(scanned.stored)).toEqual(plusZero((reference as { value: unknown }).value));
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('refuses random bytes exactly when they are not UTF-8 or not JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (inner) => {
        const bytes = Buffer.concat([Buffer.from('["'), inner, Buffer.from('"]')]);
        expect('refused' in scan(bytes)).toBe(parsed(bytes) === 'refused');
      }),
      { numRuns: 2_000 },
    );
  });

  test('finds a name twice in one object exactly when there is one, however it is spelled and however names repeat between records', () => {
    const scanner = new JsonScanner([], DEFAULT_JSON_LIMITS);
    const spelled = fc.tuple(fc.constantFrom('a', 'b', 'é', 'key', 'x"y', ''), fc.boolean());
    const tree = fc.letrec<{ object: [[string, boolean], unknown][]; value: unknown }>((tie) => ({
      object: fc.array(fc.tuple(spelled, tie('value')), { maxLength: 4 }),
      value: fc.oneof({ maxDepth: 3 }, fc.constant(1), tie('object')),
    })).object;
    const write = (members: unknown): string =>
      Array.isArray(members)
        ? `{${(members as [[string, boolean], unknown][]).map(([[name, isEscaped], value]) => `${spell(name, isEscaped)}:${write(value)}`).join(',')}}`
        : String(members);
    const hasTwice = (members: unknown): boolean =>
      Array.isArray(members) &&
      (new Set((members as [[string, boolean], unknown][]).map(([[name]]) => name)).size < members.length ||
        (members as [[string, boolean], unknown][]).some(([, value]) => hasTwice(value)));
    fc.assert(
      fc.property(tree, (members) => {
        const bytes = Buffer.from(write(members));
        for (let round = 0; round < 2; round++) {
          const scanned = scan(bytes, scanner);
          expect('refused' in scanned ? scanned.refused : 'fine').toBe(
            hasTwice(members) ? 'duplicate-key' : 'fine',
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('finds wanted fields as JSON.parse does, in records alike and unlike', () => {
    const fields = [['a'], ['b', 'c'], ['list', '1'], [], ['missing']];
    const scanner = new JsonScanner(fields, DEFAULT_JSON_LIMITS);
    const inner = fc.jsonValue({ maxDepth: 1 });
    const record = fc.record(
      {
        a: inner,
        b: fc.oneof(inner, fc.record({ c: inner, d: inner }, { requiredKeys: [] })),
        list: fc.oneof(inner, fc.array(inner)),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(record, (value) => {
        const bytes = Buffer.from(JSON.stringify(value));
        if (!scanner.scan(bytes)) return;
        const found = fields.map((_, slot) => {
          const start = scanner.ranges[2 * slot]!;
          return start < 0
            ? undefined
            : (JSON.parse(bytes.toString('utf8', start, scanner.ranges[2 * slot + 1])) as unknown);
        });
        const whole = JSON.parse(bytes.toString()) as { a?: unknown; b?: { c?: unknown }; list?: unknown[] };
        const member = (of: unknown, name: string) =>
          typeof of === 'object' && of !== null && Object.hasOwn(of, name)
            ? (of as Record<string, unknown>)[name]
            : undefined;
        expect(found).toEqual([whole.a, member(whole.b, 'c'), member(whole.list, '1'), whole, undefined]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a record with the names of the last one at other places has no field where the last one had it', () => {
    const scanner = new JsonScanner([['a', 'x']], DEFAULT_JSON_LIMITS);
    const startIn = (text: string) => (scanner.scan(Buffer.from(text)) ? scanner.ranges[0] : 'refused');
    expect(startIn('{"a":{"x":1}}')).toBe(10);
    expect(startIn('{"a":[{"x":1}]}')).toBe(-1);
    expect(startIn('[{"a":{"x":1}}]')).toBe(-1);
    expect(startIn('{"a":{"x":1}}')).toBe(10);
  });

  test('a record like the last one but with a name twice at the end is still refused', () => {
    const scanner = new JsonScanner([], DEFAULT_JSON_LIMITS);
    expect(scan(Buffer.from('{"a":1,"b":{"c":1}}'), scanner)).toHaveProperty('stored');
    expect(scan(Buffer.from('{"a":1,"b":{"c":1},"a":2}'), scanner)).toEqual({ refused: 'duplicate-key' });
    expect(scan(Buffer.from('{"a":1,"b":{"c":1,"c":2}}'), scanner)).toEqual({ refused: 'duplicate-key' });
    expect(scan(Buffer.from('{"a":1,"b":{"c":1,"a":2}}'), scanner)).toHaveProperty('stored');
  });

  test('F9 refuses __proto__ at any depth and in any spelling, and takes constructor and prototype as data (A21)', () => {
    expect(scanText('{"__proto__":1}')).toEqual({ refused: 'proto-key' });
    expect(scanText('[{"a":{"__proto__":{"admin":true}}}]')).toEqual({ refused: 'proto-key' });
    expect(scanText('{"\\u005f_proto__":1}')).toEqual({ refused: 'proto-key' });
    expect(scanText('{"constructor":{"prototype":1},"toString":2,"hasOwnProperty":3}')).toHaveProperty(
      'stored',
    );
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  test('A16 takes depth 64, 20,000 keys and 1 MiB, and refuses one more of each', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(scanText(nested(64))).toHaveProperty('stored');
    expect(scanText(nested(65))).toEqual({ refused: 'depth' });
    expect(scanText(nested(100_000))).toEqual({ refused: 'depth' });
    const keyed = (keys: number) => `{${Array.from({ length: keys }, (_, i) => `"k${i}":0`).join()}}`;
    expect(scanText(keyed(20_000))).toHaveProperty('stored');
    expect(scanText(keyed(20_001))).toEqual({ refused: 'keys' });
    const sized = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    expect(scanText(sized(1_048_576))).toHaveProperty('stored');
    expect(scanText(sized(1_048_577))).toEqual({ refused: 'size' });
  });

  test('refuses what is not JSON at the byte where that shows', () => {
    for (const [text, at] of [
      ['', 0],
      ['{"a":1,}', 7],
      ['01', 1],
      ['1.', 2],
      ['-', 1],
      ['"a\nb"', 2],
      ['"\\x"', 2],
      ['tru', 3],
      ['{"a" 1}', 5],
      ['[1 2]', 3],
      ['1 1', 2],
      ['\ufeff1', 0],
    ] as const) {
      const scanner = new JsonScanner([], DEFAULT_JSON_LIMITS);
      expect({ text, ok: scanner.scan(Buffer.from(text)), ...scanner.fault }).toEqual({
        text,
        ok: false,
        code: 'syntax',
        at,
      });
    }
  });

  test('keeps a lone surrogate escape as it came, as JSON.stringify would write it again', () => {
    expect(scanText('"\\ud800"')).toEqual({ stored: '\ud800', text: '"\\ud800"' });
  });

  test('stores a document with line breaks compactly, and touches no string', () => {
    expect(scanText('{\r\n  "a b" : [ 1 ,\n 2 ],\t"c\\n\\"{" : " x " }\n')).toMatchObject({
      text: '{"a b":[1,2],"c\\n\\"{":" x "}',
    });
    expect(scanText('{ "a": 1 }')).toMatchObject({ text: '{ "a": 1 }' });
  });
});

describe('numbers', () => {
  test('an integer beyond 2^53 - 1 and a number beyond a double become strings of their literal', () => {
    expect(
      scanText('[9007199254740991,9007199254740992,-9007199254740993,1e400,-1e400,1e-400]'),
    ).toMatchObject({
      text: '[9007199254740991,"9007199254740992","-9007199254740993","1e400","-1e400","1e-400"]',
    });
  });

  test('the same numbers are refused where the source says so', () => {
    expect(scanText('9007199254740993', { numbers: 'reject' })).toEqual({ refused: 'number' });
    expect(scanText('1e400', { numbers: 'reject' })).toEqual({ refused: 'number' });
    expect(scanText('9007199254740991', { numbers: 'reject' })).toHaveProperty('stored', 9007199254740991);
  });

  test('digits that a double does not keep are stored as it keeps them, and zero has no sign', () => {
    expect(
      scanText('[0.1234567890123456789,0.30000000000000004,1.10,1e3,12345678901234567890.0,-0,-0.0,-0.5]'),
    ).toMatchObject({
      text: '[0.12345678901234568,0.30000000000000004,1.10,1e3,12345678901234567000,0,0,-0.5]',
    });
  });

  test('G3 any literal: what is stored and what a reader writes again are the same decimal number', () => {
    const digits = fc.stringMatching(/^\d{1,22}$/);
    const literal = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.bigInt({ min: 0n, max: 10n ** 22n }),
        fc.option(digits),
        fc.option(fc.integer({ min: -330, max: 330 })),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`,
      );
    fc.assert(
      fc.property(literal, (text) => {
        const scanned = scanText(text);
        if ('refused' in scanned) throw new Error(`${text}: ${scanned.refused}`);
        if (typeof scanned.stored === 'string') expect(scanned.stored).toBe(text);
        else {
          expect(decimal(scanned.text)).toEqual(decimal(JSON.stringify(scanned.stored)));
          expect(scanned.stored).toBe(Number(text) + 0);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A JSON number as an exact fraction of powers of ten, without zeros at its end. */
function decimal(literal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(literal) ?? [];
  let digits = BigInt(whole + fraction);
  let power = Number(exponent) - fraction.length;
  if (digits === 0n) return '0';
  while (digits % 10n === 0n) {
    digits /= 10n;
    power++;
  }
  return `${sign}${digits}e${power}`;
}

function plusZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function spell(name: string, isEscaped: boolean): string {
  if (!isEscaped) return JSON.stringify(name);
  return `"${[...name].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
}
