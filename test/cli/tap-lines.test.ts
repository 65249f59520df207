// `tailrace tap`: nothing in a record can harm the terminal or the program that reads its lines, and no flood of them either.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { terminal } from '../../src/cli/output.js';
import { heightOf, tapText } from '../../src/cli/tap-lines.js';
import { isLong } from '../support/long.js';
import { record, recordsOf } from './scripted-connector.js';
import { lines, order, tap } from './tapping.js';

/** Each reads dozens of records. */
const RUNS = isLong ? 100 : 10;

test('lines are printable, and one per record with --json, whatever bytes there are', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  const value = fc.oneof(
    bytes,
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({
        kind: fc.constant('order'),
        account: fc.oneof(fc.string({ unit: 'binary' }), fc.integer()),
        more: fc.string({ unit: 'binary' }),
      })
      .map((document) => Buffer.from(JSON.stringify(document))),
  );
  const records = fc.array(fc.tuple(fc.option(bytes), fc.option(value)), { minLength: 30, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(records, fc.boolean(), async (pairs, raw) => {
      const buffer = (part: Uint8Array | null) => (part === null ? null : Buffer.from(part));
      const events = [
        recordsOf(
          pairs.map(([key, part]) => ({ key: buffer(key), value: buffer(part) })),
          'o',
        ),
      ];
      const flags = raw ? ['--raw'] : [];
      const text = await tap({ events, then: 'ends' }, flags);
      expect(text.stdout).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/mu);
      expect(lines(text.stdout)).toHaveLength(pairs.length * (raw ? 3 : 1));
      const json = await tap({ events, then: 'ends' }, [...flags, '--json']);
      expect(json.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      const objects = lines(json.stdout).map(
        (line) =>
          JSON.parse(line) as { offset: number; outcome: string; paths?: { value: { more: unknown } }[] },
      );
      expect(objects.map(({ offset }) => offset)).toEqual(pairs.map((_, index) => index));
      for (const { offset, outcome, paths } of objects) {
        if (outcome !== 'mapped') continue;
        const written = JSON.parse(buffer(pairs[offset]?.[1] ?? null)!.toString()) as { more: unknown };
        expect(paths?.[0]?.value.more).toEqual(written.more);
      }
    }),
    { numRuns: RUNS },
  );
});

describe('on a terminal', () => {
  function screen(columns: number) {
    const written: string[] = [];
    const stdout = {
      isTTY: true,
      columns,
      write: (text: string, done?: () => void) => (written.push(text), done?.(), true),
    };
    const stderr = { write: stdout.write };
    const output = terminal({ stdout, stderr } as unknown as Parameters<typeof terminal>[0]);
    return {
      written,
      context: {
        output,
        terminal: { stdin: process.stdin, stdout: stdout as unknown as NodeJS.WriteStream },
      },
    };
  }

  test('no line is wider than it, also of wide characters', async () => {
    const { written, context } = screen(40);
    const events = [
      recordsOf([
        record('1', order({ text: '数'.repeat(90) })),
        record('2', order({ text: 'x'.repeat(90) })),
      ]),
    ];
    await tap({ events, then: 'ends' }, ['--quiet'], context);
    expect(written).toEqual([
      `orders/0@0  1  ->  orders/7/1  {"accoun…\n`,
      `orders/0@1  2  ->  orders/7/2  {"accoun…\n`,
    ]);
  });

  test('what is too much is left out, and how much that was is said; with --json all comes', async () => {
    const many = recordsOf(Array.from({ length: 4_261 }, (_, i) => record(String(i), order({ i }))));
    const text = screen(80);
    await tap({ events: [many], then: 'ends' }, [], text.context);
    const shown = text.written.filter((line) => line.startsWith('orders/')).length;
    const told = text.written.flatMap((line) => /^… ([\d,]+) left out\n$/.exec(line)?.[1] ?? []);
    expect(shown).toBeLessThan(4_261);
    expect(told.reduce((sum, count) => sum + Number(count.replace(',', '')), shown)).toBe(4_261);
    expect(text.written.at(-1)).toBe('tailrace: 4,261 records: 4,261 mapped\n');
    const json = screen(80);
    await tap({ events: [many], then: 'ends' }, ['--json'], json.context);
    expect(json.written.filter((line) => line.startsWith('{')).length).toBe(4_261);
  });
});

test('of many paths of one record a terminal is shown some', async () => {
  const tapped = (count: number) => {
    const paths = Array.from({ length: count }, (_, i) => ({
      path: `p/${i}`,
      text: '1',
      significance: undefined,
    }));
    const sampled = { outcome: 'mapped', paths } as never;
    return { topic: 't', partition: 0, record: recordsOf([record('k', '1')]).records[0]!, sampled };
  };
  for (const count of [1, 20, 21, 10_000]) {
    const lines = tapText(tapped(count), { columns: 80, raw: false, rules: [] });
    expect(lines.length).toBe(heightOf(tapped(count), false));
    if (count > 20) expect(lines.at(-1)).toBe(`    … and ${count - 20} paths more`);
  }
  expect(tapText(tapped(10_000), { columns: undefined, raw: false, rules: [] })).toHaveLength(10_000);
});
