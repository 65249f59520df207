// Feeds of lines: JSON in each, or comma-separated values.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FeedParserSettings } from '../../../connectors/rest/format/feed-parser.js';
import { parserOf, readItems, refusalOf, TYPES } from './read-feed.js';

describe('JSON lines', () => {
  const read = (body: string) => readItems(body, { format: 'ndjson' });

  test('are items with their bytes as written; empty lines say nothing, and the last line may end or not', () => {
    expect(read('\n{"id":1, "x":1.0}\r\n \t\n  {"id":"b"} \n7')).toEqual([
      ['1', '{"id":1, "x":1.0}'],
      ['b', '{"id":"b"}'],
      [undefined, '7'],
    ]);
    expect(read('\n')).toEqual([]);
  });

  test('are refused with the line where one is no JSON, goes on in the next, or has two documents', () => {
    expect(refusalOf(() => read('{"id":1}\n{"id":\n2}\n'))).toMatch(/not JSON at byte 16 \(line 2\)/);
    expect(refusalOf(() => read('{"id":1}\n{"id":2}{"id":3}\n'))).toMatch(/not JSON at byte 18 \(line 2\)/);
    expect(refusalOf(() => read('{"id":1}\n{"id":2'))).toMatch(/ends in the middle/);
    expect(refusalOf(() => read('{"id":1}\n\n{"a":1,"a":1}'))).toMatch(/member twice, at byte 18 \(line 3\)/);
    expect(refusalOf(() => read('[1,\n2]'))).toMatch(/not JSON/);
  });
});

describe('comma-separated values', () => {
  const read = (body: string | Buffer, settings: Partial<FeedParserSettings> = {}) =>
    readItems(body, { format: 'csv', ...settings });

  test('are objects of strings, named by the first line', () => {
    expect(read('id,name,note\r\n1,"a ""b"", c",\r\n\r\n2,é, x \r\n')).toEqual([
      ['1', '{"id":"1","name":"a \\"b\\", c","note":""}'],
      ['2', '{"id":"2","name":"é","note":" x "}'],
    ]);
    expect(read('\ufeffid;n\n1;"x\ny"\n', { csv: { delimiter: ';' } })).toEqual([
      ['1', '{"id":"1","n":"x\\ny"}'],
    ]);
    expect(read('id\n')).toEqual([]);
  });

  test('have fields for conditions as any item has', () => {
    const page = parserOf({ format: 'csv', itemFields: ['/gone', '/no'] }).read(
      Buffer.from('id,gone\n1,true\n'),
      TYPES.csv,
    );
    expect([page.field(0, 0), page.field(0, 1), page.fact(0)]).toEqual(['true', undefined, undefined]);
  });

  test('keep __proto__ and other names that objects have', () => {
    expect(read('id,__proto__,constructor\n1,2,3\n')).toEqual([
      ['1', '{"id":"1","__proto__":"2","constructor":"3"}'],
    ]);
  });

  const broken: readonly [string, string, RegExp][] = [
    ['a line with fewer columns', 'id,a\n1,2\n3\n', /at line 3: it has another number of columns/],
    ['a line with more columns', 'id,a\n1,2,3\n', /at line 2: it has another number/],
    ['a quote that is not closed', 'id,a\n1,"x\n2,y\n', /a quote is not closed, as if it were cut off/],
    ['a quote within a value', 'id,a\n1,x"y"\n', /breaks the rules of quotes/],
    ['text after a quote', 'id,a\n1,"x"y\n', /breaks the rules of quotes/],
    ['the same column twice', 'id,a,a\n1,2,3\n', /columns 2 and 3 of the first line have the same name/],
    ['two columns without name', 'id,,\n1,2,3\n', /columns 2 and 3 of the first line have no name/],
    ['another delimiter', 'id;a\n1;2\n', /names no column "id"/],
    ['a page', '<!doctype html>\n<html>\n</html>\n', /names no column "id"/],
  ];
  test.each(broken)('are refused with %s', (_, body, says) => {
    expect(refusalOf(() => read(body))).toMatch(says);
  });

  test('are counted: more items than the limit are refused', () => {
    expect(read('id\n1\n2\n', { maxItems: 2 })).toHaveLength(2);
    expect(refusalOf(() => read('id\n1\n2\n3\n', { maxItems: 2 }))).toMatch(/more than 2 items/);
  });

  test('say what was written, whatever the cells', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', '\\', '😀', '\t'),
    });
    const property = (rows: readonly (readonly [string, string])[]): void => {
      const written = [['id', 'x'], ...rows.map(([a, b], i) => [`${i}${a}`, b])];
      const body = written
        .map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
        .join('\r\n');
      const expected = written.slice(1).map(([id, x]) => [id, { id, x }]);
      expect(read(body).map(([key, text]) => [key, JSON.parse(text) as unknown])).toEqual(expected);
    };
    fc.assert(fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), property));
  });
});
