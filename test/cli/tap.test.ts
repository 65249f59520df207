// `tailrace tap`: what it shows of records is what the running system would make of them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { record, recordsOf } from './scripted-connector.js';
import { CONFIG, lines, order, SEVEN, tap } from './tapping.js';

describe('tap shows', () => {
  test('what docs/operate.md says that it does', async () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operate.md'), 'utf8');
    const { stdout } = await tap({ events: [SEVEN], then: 'ends' }, ['--source', 'orders']);
    expect(page).toContain(`$ tailrace tap --source orders\n${stdout}`);
  });

  test('what each record becomes: path and value, deleted, filtered, or why it is rejected and where', async () => {
    const { code, stdout, stderr } = await tap({ events: [SEVEN], then: 'ends' });
    expect(lines(stdout)).toEqual([
      'orders/0@0  1  ->  orders/7/1  {"account":7,"total":5}',
      'orders/0@1  2  ->  orders/7/2  deleted',
      'orders/0@2  3  ->  deleted: all paths of the key',
      'orders/0@3  4  ->  filtered: no rule holds',
      'orders/0@4  5  ->  rejected: map, field-missing, rule 1: orders/{value.account}/{key}',
      'orders/0@5  6  ->  rejected: decode value, syntax, byte 16',
      'orders/0@6  -  ->  rejected: own, no-key',
    ]);
    expect([code, stderr]).toEqual([
      0,
      'tailrace: 7 records: 2 mapped, 1 deleted, 1 filtered, 3 rejected (1 map field-missing, 1 decode value syntax, 1 own no-key)\n',
    ]);
  });

  test('a line per path', async () => {
    const config = CONFIG.replace('map:', 'map:\n      - path: all/{key}\n        value: { pick: [/total] }');
    const { stdout } = await tap(
      { events: [recordsOf([record('1', order({ total: 5 }))])], then: 'ends' },
      [],
      { config },
    );
    expect(lines(stdout)).toEqual([
      'orders/0@0  1  ->  all/1  {"total":5}',
      '    ->  orders/7/1  {"account":7,"total":5}',
    ]);
  });

  test('with --json one object per record, and its values as they stand in the record', async () => {
    const exact = recordsOf([record('1', order({ total: 1.5 }).replace('1.5', '1.50'))]);
    const config = CONFIG.replace('        value: { omit: [/kind] }\n', '');
    const { stdout } = await tap({ events: [exact], then: 'ends' }, ['--json'], { config });
    expect(stdout).toBe(
      '{"topic":"orders","partition":0,"offset":0,"key":"1","timestamp":1700000000000,"outcome":"mapped",' +
        '"paths":[{"path":"orders/7/1","value":{"kind":"order","account":7,"total":1.50}}]}\n',
    );
    const objects = lines((await tap({ events: [SEVEN], then: 'ends' }, ['--json'])).stdout).map(
      (line) => JSON.parse(line) as object,
    );
    expect(objects).toMatchObject([
      { outcome: 'mapped', offset: 0, paths: [{ path: 'orders/7/1', value: { account: 7, total: 5 } }] },
      { outcome: 'mapped', paths: [{ path: 'orders/7/2', deleted: true }] },
      { outcome: 'deleted', key: '3' },
      { outcome: 'filtered' },
      { outcome: 'rejected', stage: 'map', code: 'field-missing', at: 0 },
      { outcome: 'rejected', stage: 'decode value', code: 'syntax', at: 16 },
      { outcome: 'rejected', stage: 'own', code: 'no-key', key: null },
    ]);
  });

  test('with --rejected those only, with --path what goes there only', async () => {
    const rejected = await tap({ events: [SEVEN], then: 'ends' }, ['--rejected', '--json']);
    expect(lines(rejected.stdout)).toHaveLength(3);
    const some = await tap({ events: [SEVEN], then: 'ends' }, ['--path', 'orders/*/2']);
    expect(lines(some.stdout)).toEqual(['orders/0@1  2  ->  orders/7/2  deleted']);
    expect(some.stderr).toContain('7 records');
  });

  test('with --raw how the bytes begin: text as text, the rest in hexadecimal, and what is around the fault', async () => {
    const long = `{"kind":"order","text":"${'ä'.repeat(100)}",}`;
    const events = [
      recordsOf([
        { key: Buffer.from([0, 0, 0, 0, 7, 2]), value: Buffer.from([0xff, 1]) },
        record('k\u001b[2J', long),
      ]),
    ];
    const { stdout } = await tap({ events, then: 'ends' }, ['--raw']);
    expect(lines(stdout)).toEqual([
      'orders/0@0  00 00 00 00 07 02  ->  rejected: decode value, syntax, byte 0',
      '    key, 6 bytes: 00 00 00 00 07 02',
      '    value, 2 bytes: ff 01',
      expect.stringMatching(
        /^orders\/0@1 {2}k\\u001b\[2J {2}-> {2}rejected: decode value, syntax, byte 226$/,
      ),
      '    key, 5 bytes: k\\u001b[2J',
      `    value, 227 bytes from byte 202: ${'ä'.repeat(11)}",}`,
    ]);
    const json = lines((await tap({ events, then: 'ends' }, ['--raw', '--json'])).stdout);
    expect(JSON.parse(json[0] ?? '')).toMatchObject({
      raw: { key: 'AAAAAAcC', value: '/wE=', valueBytes: 2 },
    });
  });
});
