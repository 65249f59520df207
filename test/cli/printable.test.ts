// Foreign text on a terminal: what it may not do, and what stays readable.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable, printableBytes, shortened } from '../../src/cli/printable.js';

const anything = fc.string({ unit: 'binary' });

describe('printable text', () => {
  test.each([
    ['EURUSD größer 数 👍', 'EURUSD größer 数 👍'],
    ['\u001b[2Jgone', '\\u001b[2Jgone'],
    ['two\r\nlines\u2028three\u0085four', 'two\\u000d\\u000alines\\u2028three\\u0085four'],
    ['turned\u202earound\ud800', 'turned\\u202earound\\ud800'],
    ['tag \u{e0041}', 'tag \\udb40\\udc41'],
  ])('%j is %s', (text, expected) => expect(printable(text)).toBe(expected));

  test('means the same within JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = printable(JSON.stringify(value));
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('bytes', () => {
  test.each<[string, Buffer, string]>([
    ['text is text', Buffer.from('grün'), 'grün'],
    ['other bytes are hexadecimal', Buffer.from([0x41, 0xff]), '41 ff'],
    ['so is text that is none', Buffer.from([0, 0, 0, 0, 7, 0x41]), '00 00 00 00 07 41'],
    ['long text is cut between characters', Buffer.from(`x${'ü'.repeat(20)}`), `x${'ü'.repeat(15)}…`],
    ['long bytes are cut', Buffer.alloc(40, 0xff), `${'ff '.repeat(16)}…`],
    ['none are nothing', Buffer.alloc(0), ''],
  ])('%s', (_what, bytes, expected) => expect(printableBytes(bytes, 32)).toBe(expected));
});

describe('a shortened line', () => {
  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['数数数', 6, '数数数'],
    ['数数数', 5, '数数…'],
    ['👍👍', 3, '👍…'],
  ])('%s within %i columns is %s', (text, columns, expected) =>
    expect(shortened(text, columns)).toBe(expected),
  );

  test('never cuts a character, and is never wider', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 30 }), (text, columns) => {
        const short = shortened(printable(text), columns);
        expect(short.isWellFormed()).toBe(true);
        expect([...short].length).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
