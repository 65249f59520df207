// Lines of COPY: fields, escapes, NULL, and lines that the server does not write.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ProtocolFault } from '../../../connectors/postgres/wire/protocol-fault.js';
import { isLong } from '../../support/long.js';
import { TYPE, writerOf, type SampleColumn } from './sample-table.js';
import { copyLine } from './server-bytes.js';

const COLUMNS = ['id', 'name', 'note'].map((name): SampleColumn => ({
  name,
  type: TYPE.text,
  isKey: name === 'id',
}));
const cell = fc.option(
  fc.oneof(
    fc.constantFrom('', '\\N', 'N', '\\', '\\.', '\b\f\n\r\t\v\\', '\\t', 'NULL'),
    fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0')),
    fc.string({ unit: fc.constantFrom(...'\b\f\n\r\t\v\\Nabx01') }),
  ),
);
const row = fc.array(cell, { minLength: COLUMNS.length, maxLength: COLUMNS.length });

/** The values of a chunk's rows. */
function readChunk(chunk: Buffer): string[] {
  const writer = writerOf(COLUMNS);
  const values: string[] = [];
  for (let at = 0; at < chunk.length;) {
    const { key, value, end } = writer.fromCopyLine(chunk, at);
    expect(JSON.parse(key.toString())).toEqual({ id: (JSON.parse(value.toString()) as { id: string }).id });
    values.push(value.toString());
    at = end;
  }
  return values;
}

const jsonOf = ([id, name, note]: readonly (string | null | undefined)[]) =>
  JSON.stringify({ id, name, note });

test('a chunk of lines is the rows that were copied, whatever their texts hold', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
      const chunk = Buffer.from(rows.map(copyLine).join(''));
      const before = Buffer.from(chunk);
      expect(readChunk(chunk)).toEqual(rows.map(jsonOf));
      expect(chunk.equals(before)).toBe(true);
    }),
    { numRuns: isLong ? 50_000 : 1_000 },
  );
});

test('each escape is its character, and NULL is not the text \\N', () => {
  const chunk = Buffer.from('\\b\\f\\n\\r\\t\\v\\\\\t\\N\t\\\\N\n');
  expect(readChunk(chunk)).toEqual([jsonOf(['\b\f\n\r\t\v\\', null, '\\N'])]);
});

test('one column may be empty', () => {
  const writer = writerOf(COLUMNS.slice(0, 1));
  expect(writer.fromCopyLine(Buffer.from('\n')).value.toString()).toBe('{"id":""}');
});

describe('a line that the server does not write is a fault', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['no newline', 'a\tb\tc'],
    ['nothing', ''],
    ['too few columns', 'a\tb\n'],
    ['too many columns', 'a\tb\tc\td\n'],
    ['too few columns with escapes', '\\t\tb\n'],
    ['too many columns with escapes', '\\t\tb\tc\td\n'],
    ['an octal escape', 'a\t\\101\tc\n'],
    ['a hexadecimal escape', 'a\t\\x41\tc\n'],
    ['NULL with more behind it', '\\Na\tb\tc\n'],
    ['NULL with more before it', 'a\\N\tb\tc\n'],
    ['a backslash at the end', 'a\tb\tc\\\n'],
    ['a backslash at the end of a field', 'a\\\tb\tc\n'],
    ['a backslash at the end of the chunk', 'a\tb\tc\\'],
    ['the mark of the end', '\\.\n'],
  ];

  test.each(cases)('%s', (_, text) => {
    expect(() => writerOf(COLUMNS).fromCopyLine(Buffer.from(text))).toThrow(ProtocolFault);
  });

  test('any bytes are rows or a fault', () => {
    const bytes = fc.string({ unit: fc.constantFrom(...'\\Nntab\t\t\n'), maxLength: 24 });
    fc.assert(
      fc.property(bytes, (text) => {
        try {
          readChunk(Buffer.from(text));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFault);
        }
      }),
      { numRuns: isLong ? 100_000 : 2_000 },
    );
  });
});
