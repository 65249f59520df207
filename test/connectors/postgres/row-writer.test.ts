// Rows to keys and values: the same from the stream and from COPY, whatever the columns are named and hold; and what is left out of an
// update.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ByteScratch } from '../../../connectors/postgres/wire/byte-scratch.js';
import { decodeMessage } from '../../../connectors/postgres/wire/pgoutput.js';
import { ProtocolFault } from '../../../connectors/postgres/wire/protocol-fault.js';
import type { RowWriter } from '../../../connectors/postgres/wire/row-writer.js';
import type { Tuple } from '../../../connectors/postgres/wire/tuple.js';
import { isLong } from '../../support/long.js';
import { TYPE, writerOf, type SampleColumn } from './sample-table.js';
import { copyLine, insert, UNCHANGED, update, type Before, type Cell } from './server-bytes.js';

function rowOf(cells: readonly Cell[]): Tuple {
  const message = decodeMessage(insert(7, cells));
  if (message.kind !== 'insert') throw new Error('not an insert');
  return message.row;
}

function updateOf(row: readonly Cell[], before: Before) {
  const message = decodeMessage(update(7, row, before));
  if (message.kind !== 'update') throw new Error('not an update');
  return message;
}

/** Key and value by the stream; null: incomplete. */
function streamed(writer: RowWriter, cells: readonly Cell[]): string[] {
  const row = rowOf(cells);
  return [writer.keyOf(row).toString(), writer.valueOf(row).toString()];
}

describe('key and value', () => {
  const scalars = fc.constantFrom<readonly [number, string, string]>(
    [TYPE.int8, '9223372036854775807', '9223372036854775807'],
    [TYPE.bool, 't', 'true'],
    [TYPE.numeric, '1.500', '"1.500"'],
    [TYPE.text, 'a\t"b"\\\n', '"a\\t\\"b\\"\\\\\\n"'],
    [TYPE.timestamptz, '2026-01-31 08:00:00+00', '"2026-01-31T08:00:00Z"'],
    [TYPE.intArray, '{1,NULL}', '[1,null]'],
    [TYPE.json, '{"a":\n1}', '{"a":\n1}'],
  );
  const names = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'a"b', 'back\\slash', 'größe', 'new\nline', '0', ''),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  );
  const column = fc.record({
    name: names,
    cell: fc.option(scalars, { freq: 8 }),
    isKey: fc.boolean(),
    isWanted: fc.boolean(),
  });
  const columns = fc.uniqueArray(column, { minLength: 1, maxLength: 12, selector: ({ name }) => name });

  test('of the stream and of COPY are the same bytes: the columns in their order, as JSON', () => {
    fc.assert(
      fc.property(columns, (all) => {
        const writer = writerOf(all.map(({ cell, ...rest }) => ({ ...rest, type: cell?.[0] ?? TYPE.text })));
        const object = (isIn: (of: (typeof all)[number]) => boolean) =>
          `{${all
            .filter(isIn)
            .map(({ name, cell }) => `${JSON.stringify(name)}:${cell?.[2] ?? 'null'}`)
            .join(',')}}`;
        const expected = [object(({ isKey }) => isKey), object(({ isWanted }) => isWanted)];
        expect(
          streamed(
            writer,
            all.map(({ cell }) => cell?.[1] ?? null),
          ),
        ).toEqual(expected);
        const copied = all.filter(({ isKey, isWanted }) => isKey || isWanted);
        expect(writer.copied.map(({ name }) => name)).toEqual(copied.map(({ name }) => name));
        if (copied.length === 0) return;
        const line = Buffer.from(copyLine(copied.map(({ cell }) => cell?.[1] ?? null)));
        const { key, value, end } = writer.fromCopyLine(line);
        expect([key.toString(), value.toString(), end]).toEqual([...expected, line.length]);
      }),
      { numRuns: isLong ? 20_000 : 500 },
    );
  });

  test('stay as they were taken while others are written, until the scratch is reset', () => {
    const scratch = new ByteScratch();
    const writer = writerOf(
      [
        { name: 'id', type: TYPE.int4, isKey: true },
        { name: 'text', type: TYPE.text },
      ],
      scratch,
    );
    for (let round = 0; round < 3; round++) {
      const texts = Array.from({ length: 300 }, (_, i) =>
        (i % 2 === 0 ? '\u0001' : `${i}é"`).repeat((i * 37) % 5_000),
      );
      const taken = texts.map((text, i) => {
        const row = rowOf([String(i), text]);
        return { key: writer.keyOf(row), value: writer.valueOf(row) };
      });
      for (const [i, { key, value }] of taken.entries()) {
        expect(key.toString()).toBe(`{"id":${i}}`);
        expect(value.toString() === JSON.stringify({ id: i, text: texts[i] })).toBe(true);
      }
      scratch.reset();
    }
  });

  test('memory for large rows is given back', () => {
    const scratch = new ByteScratch();
    const usual = scratch.bytes.length;
    const writer = writerOf([{ name: 'text', type: TYPE.text, isKey: true }], scratch);
    expect(writer.keyOf(rowOf(['\u0001'.repeat(2_000_000)])).length).toBe(12_000_011);
    scratch.reset();
    expect(scratch.bytes.length).toBe(usual);
  });

  test('a fault names the column, and shows no data', () => {
    const writer = writerOf([
      { name: 'id', type: TYPE.int4, isKey: true },
      { name: 'paid', type: TYPE.bool },
    ]);
    const row = rowOf(['1', 'secret']);
    expect(() => writer.valueOf(row)).toThrow(/neither t nor f at byte [0-9]+ \(public\.orders\.paid\)$/);
    expect(() => writer.valueOf(row)).not.toThrow(/secret/);
    expect(writer.valueOf(rowOf(['1', 't'])).toString()).toBe('{"id":1,"paid":true}');
  });

  test('are those of the tuple that is given, whatever was read in between', () => {
    const writer = writerOf([{ name: 'id', type: TYPE.int4, isKey: true }]);
    const row = rowOf(['1']);
    expect(writer.valueOf(row).toString()).toBe('{"id":1}');
    expect(writer.fromCopyLine(Buffer.from('2\n')).value.toString()).toBe('{"id":2}');
    expect(writer.valueOf(row).toString()).toBe('{"id":1}');
  });

  test('a row with another number of columns is a fault', () => {
    const writer = writerOf([{ name: 'id', type: TYPE.int4, isKey: true }]);
    expect(() => writer.keyOf(rowOf(['1', '2']))).toThrow(ProtocolFault);
    expect(() => writer.keyOf(rowOf([]))).toThrow(ProtocolFault);
  });
});

describe('columns that were left out because they lie out of line', () => {
  const columns: readonly SampleColumn[] = [
    { name: 'id', type: TYPE.int4, isKey: true },
    { name: 'a', type: TYPE.text },
    { name: 'n', type: TYPE.int4 },
    { name: 'b', type: TYPE.jsonb, isToastable: true },
    { name: 'unwanted', type: TYPE.text, isWanted: false },
  ];
  const writer = writerOf(columns);
  const partial: Cell[] = ['1', UNCHANGED, '5', UNCHANGED, UNCHANGED];
  const whole = ['1', 'long', '5', '{"x": 1}', 'u'];

  test('are the wanted ones of them', () => {
    expect(writer.toastable).toEqual([1, 3]);
    expect(writer.unchangedIn(rowOf(partial))).toEqual([1, 3]);
    expect(writer.unchangedIn(rowOf(whole))).toEqual([]);
    expect(writer.unchangedIn(rowOf(['1', 'a', '5', null, UNCHANGED]))).toEqual([]);
  });

  test('make a value incomplete unless they are all known, and are never null or missing', () => {
    const row = rowOf(partial);
    expect(writer.valueOf(row)).toBe('incomplete');
    const known = new Map([[1, Buffer.from('"long"')]]);
    expect(writer.valueOf(row, (column) => known.get(column))).toBe('incomplete');
    known.set(3, Buffer.from('null'));
    expect(writer.valueOf(row, (column) => known.get(column)).toString()).toBe(
      '{"id":1,"a":"long","n":5,"b":null}',
    );
    expect(writer.keyOf(row).toString()).toBe('{"id":1}');
  });

  test('come from the old row where that is sent', () => {
    const { row, old } = updateOf(partial, { old: ['1', 'a "b"', '4', '[1]', null] });
    expect(writer.valueOf(row, old).toString()).toBe('{"id":1,"a":"a \\"b\\"","n":5,"b":[1]}');
  });

  test('do not come from an old key, which has null where it knows nothing, unless they are the key', () => {
    const { row, key } = updateOf(partial, { key: ['2', null, null, null, null] });
    expect(writer.valueOf(row, key)).toBe('incomplete');
    const keyed = updateOf([UNCHANGED, 'a', '5', null, null], { key: ['2', null, null, null, null] });
    expect(writer.valueOf(keyed.row, keyed.key).toString()).toBe('{"id":2,"a":"a","n":5,"b":null}');
  });

  test('can be remembered from a value that was written, by stream or COPY, and filled in again', () => {
    const texts = () => writer.toastable.map((column) => writer.jsonOfLast(column).toString());
    const expected = ['"long"', '{"x": 1}'];
    writer.valueOf(rowOf(whole));
    writer.keyOf(rowOf(['2', null, null, null, null]));
    expect(texts()).toEqual(expected);
    writer.valueOf(rowOf(['2', 'other', null, null, null]));
    expect(texts()).toEqual(['"other"', 'null']);
    writer.fromCopyLine(Buffer.from(copyLine(whole.slice(0, 4))));
    expect(texts()).toEqual(expected);
    const remembered = writer.toastable.map((column) => Buffer.from(writer.jsonOfLast(column)));
    writer.valueOf(rowOf(partial), (column) => remembered[writer.toastable.indexOf(column)]);
    expect(texts()).toEqual(expected);
  });
});

describe('a row that is looked at again', () => {
  const columns: readonly SampleColumn[] = [
    { name: 'tenant', type: TYPE.text, isKey: true, isWanted: false },
    { name: 'a', type: TYPE.text },
    { name: 'id', type: TYPE.int4, isKey: true },
    { name: 'b', type: TYPE.text },
    { name: 'unwanted', type: TYPE.text, isWanted: false },
  ];
  const writer = writerOf(columns);
  const row = rowOf(['t\t', 'x\ny', '1', UNCHANGED, 'u']);
  const line = (...cells: (string | null)[]) => Buffer.from(copyLine(cells));

  test('is the same if all that was sent is the same, whatever was left out', () => {
    expect(writer.isSame(row, line('t\t', 'x\ny', '1', 'anything'))).toBe(true);
    expect(writer.isSame(row, line('t\t', 'x\ny', '1', null))).toBe(true);
    expect(writer.isSame(row, line('t\t', 'x\nz', '1', 'anything'))).toBe(false);
    expect(writer.isSame(row, line('t\t', null, '1', 'anything'))).toBe(false);
    expect(writer.isSame(row, line('t\t', '', '1', 'anything'))).toBe(false);
    expect(writer.isSame(row, line('t', 'x\ny', '1', 'anything'))).toBe(false);
    const withNull = rowOf(['t', null, '1', UNCHANGED, null]);
    expect(writer.isSame(withNull, line('t', null, '1', ''))).toBe(true);
    expect(writer.isSame(withNull, line('t', '', '1', ''))).toBe(false);
  });

  test('agrees as a property: equal texts are the same, any other is not', () => {
    const text = fc.option(fc.constantFrom('', 'a', 'b', '\\N', '\n'));
    fc.assert(
      fc.property(fc.tuple(text, text), fc.tuple(text, text), ([a, b], [c, d]) => {
        const other = line('t', c, '1', d);
        expect(writer.isSame(rowOf(['t', a, '1', b, null]), other)).toBe(a === c && b === d);
        expect(writer.isSame(rowOf(['t', a, '1', UNCHANGED, null]), other)).toBe(a === c);
      }),
      { numRuns: 300 },
    );
  });

  test('is asked for by the texts of its key, which the old key has where the row has not', () => {
    expect(writer.keyTexts(row)).toEqual(['t\t', '1']);
    const { row: moved, key } = updateOf([UNCHANGED, 'x', '2', UNCHANGED, 'u'], {
      key: ['größe', null, '1', null, null],
    });
    expect(writer.keyTexts(moved, key)).toEqual(['größe', '2']);
    expect(writer.keyOf(moved, key).toString()).toBe('{"tenant":"größe","id":2}');
    expect(() => writer.keyOf(moved)).toThrow(ProtocolFault);
    expect(() => writer.keyTexts(moved)).toThrow(ProtocolFault);
  });
});
