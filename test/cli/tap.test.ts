// `tailrace tap`: what it shows of records is what the running system would make of them, and nothing in a record can harm the
// terminal or the program that reads it.

import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../connectors/contract.js';
import { terminal } from '../../src/cli/output.js';
import type { ProgramContext } from '../../src/cli/program.js';
import { heightOf, tapText } from '../../src/cli/tap-lines.js';
import { until } from '../server/until.js';
import { filesWith, tailrace, type Captured } from './command.js';
import { record, recordsOf, scripted, type Script } from './scripted-connector.js';
import { framed, registryOf } from './stub-registry.js';
import { isLong } from '../support/long.js';

const CONFIG = `listen: { host: 127.0.0.1 }
auth: none
sources:
  - name: orders
    scripted: {}
    map:
      - path: orders/{value.account}/{key}
        when: value.kind == 'order'
        deleteWhen: has(value.gone)
        value: { omit: [/kind] }
entitlements: [{ allow: everyone, paths: ['**'] }]
`;
const BOTH = CONFIG.replace(
  'entitlements',
  `  - { name: quotes, scripted: {}, map: [{ path: 'q/{key}' }] }\nentitlements`,
);

const order = (more: object) => JSON.stringify({ kind: 'order', account: 7, ...more });
const SEVEN = recordsOf([
  record('1', order({ total: 5 })),
  record('2', order({ gone: true })),
  record('3', null),
  record('4', '{"kind":"other"}'),
  record('5', '{"kind":"order"}'),
  record('6', '{"kind":"order",}'),
  record(null, null),
]);

function tap(
  script: Script,
  argv: readonly string[] = [],
  more: Partial<ProgramContext> & { config?: string } = {},
): Promise<Captured> {
  const { config = CONFIG, ...override } = more;
  const { file = '' } = filesWith({ file: config });
  const connectors = () => Promise.resolve([scripted(script).type]);
  return tailrace(['tap', '-c', file, ...argv], { connectors, ...override });
}

/** Each reads dozens of records. */
const RUNS = isLong ? 200 : 10;

const lines = (text: string) => text.split('\n').slice(0, -1);

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

  test('lines that are printable, and one per record with --json, whatever bytes there are', async () => {
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

test('a schema registry that does not answer is waited for, with a word about it', async () => {
  let isUp = false;
  const schema = { schemaType: 'JSON', schema: '{"type":"object"}' };
  const url = await registryOf({ 7: schema }, () => isUp);
  const config = CONFIG.replace(
    'scripted: {}',
    `scripted: {}\n    format: { value: json-schema }\n    schemaRegistry: { url: '${url}' }`,
  );
  let seen = '';
  const stream = { write: (text: string, done?: () => void) => ((seen += text), done?.(), true) };
  const output = terminal({ stdout: stream, stderr: stream } as unknown as Parameters<typeof terminal>[0]);
  const value = framed(7, Buffer.from(order({ total: 5 })));
  const events = [recordsOf([{ key: Buffer.from('1'), value }])];
  const ended = tap({ events, then: 'ends' }, ['-n', '1'], { config, output });
  await until('the word', () => seen.includes('tailrace: waiting for the schema registry'));
  isUp = true;
  expect((await ended).code).toBe(0);
  expect(lines(seen)).toContain('orders/0@0  1  ->  orders/7/1  {"account":7,"total":5}');
});

describe('tap begins', () => {
  const START = { type: 'string', pattern: '^(earliest|latest|[0-9]+ms)$', description: 'Where.' };

  test.each([
    [[], { start: 'latest' }],
    [['--from', 'earliest'], { start: 'earliest' }],
    [['--from', '15m'], { start: '900000ms' }],
  ])('%j where the connector has the option start: %j', async (argv, options) => {
    const { type, created } = scripted({ start: START, events: [{ type: 'live' }], then: 'ends' });
    const { file = '' } = filesWith({ file: CONFIG });
    const result = await tailrace(['tap', '-c', file, ...argv], {
      connectors: () => Promise.resolve([type]),
    });
    expect([result.code, created]).toEqual([0, [options]]);
  });

  test('at the beginning where it has not, and says so if something else is asked for', async () => {
    expect((await tap({ events: [SEVEN], then: 'ends' })).code).toBe(0);
    expect(await tap({ events: [SEVEN], then: 'ends' }, ['--from', '5m'])).toMatchObject({
      code: 2,
      stderr: 'tailrace: a source of type scripted is always read from its beginning: leave --from out\n',
    });
  });

  test('with a word about what it waits for', async () => {
    const events = [{ type: 'live' } as const];
    expect((await tap({ start: START, events, then: 'ends' })).stderr).toMatch(
      /^tailrace: waiting for records; --from earliest/,
    );
    expect((await tap({ events, then: 'ends' })).stderr).toMatch(
      /^tailrace: that was all there is; waiting for more/,
    );
    const lost = [...events, { type: 'interrupted', reason: 'gone\u001b[2J' } as const, ...events];
    expect(lines((await tap({ events: lost, then: 'ends' })).stderr).slice(1, 3)).toEqual([
      'tailrace: contact is lost, trying again: gone\\u001b[2J',
      'tailrace: in contact again',
    ]);
    const place = { partition: 'p', partitionNumber: 0, position: '1', topic: 'public.orders\u001b[2J' };
    expect((await tap({ events: [{ type: 'cleared', ...place }], then: 'ends' })).stderr).toMatch(
      /^tailrace: all of public\.orders\\u001b\[2J is deleted/,
    );
  });
});

describe('tap ends', () => {
  test('after -n records that it shows: 0', async () => {
    const { code, stdout } = await tap({ events: [SEVEN] }, ['-n', '2', '--rejected']);
    expect([code, lines(stdout).length]).toEqual([0, 2]);
  });

  test('at --timeout: 0 when something came, 1 when nothing did or not as much as was asked for', async () => {
    const timeout = ['--timeout', '100ms'];
    expect((await tap({ events: [SEVEN] }, timeout)).code).toBe(0);
    expect(await tap({}, timeout)).toMatchObject({
      code: 1,
      stderr: 'tailrace: 0 records\ntailrace: nothing to show came within 100 ms\n',
    });
    expect(await tap({ events: [SEVEN] }, [...timeout, '-n', '9'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('7 of 9 records came within 100 ms'),
    });
  });

  test('at Ctrl-C, with what all records came to, and lets the source go', async () => {
    const signals = new EventEmitter();
    const { type, sources } = scripted({ events: [SEVEN] });
    const { file = '' } = filesWith({ file: CONFIG });
    let seen = '';
    const stream = { write: (text: string, done?: () => void) => ((seen += text), done?.(), true) };
    const output = terminal({ stdout: stream, stderr: stream } as unknown as Parameters<typeof terminal>[0]);
    const ended = tailrace(['tap', '-c', file], {
      connectors: () => Promise.resolve([type]),
      signals,
      output,
    });
    await until('the last record', () => seen.includes('no-key\n'));
    signals.emit('SIGINT');
    expect((await ended).code).toBe(0);
    expect(seen).toContain('tailrace: 7 records');
    expect(sources).toMatchObject([{ isClosed: true, acks: [] }]);
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  test.each<[string, Script, number, string]>([
    [
      'cannot be reached',
      { probeError: new SourceUnavailable('kafka:9092: refused') },
      69,
      'kafka:9092: refused',
    ],
    ['goes away', { then: new SourceUnavailable('gone') }, 69, 'gone'],
    ['refuses the options', { probeError: new OptionsRejected('no topic x') }, 78, 'no topic x'],
    ['is another one now', { then: new HistoryLost('re-created') }, 1, 're-created; tap it again'],
  ])('when the upstream %s', async (_what, script, code, sentence) => {
    const result = await tap(script);
    expect([result.code, result.stdout]).toEqual([code, '']);
    expect(result.stderr).toContain(`tailrace: ${sentence}\n`);
  });

  test('with 78 and the findings when the configuration has mistakes', async () => {
    const { code, stdout } = await tap({}, [], { config: CONFIG.replace('scripted', 'scirpted') });
    expect([code, stdout]).toEqual([78, expect.stringContaining('unknown-key')]);
  });

  test('with 2 when no such source can be tapped: none named of several, an unknown one, one that others send to', async () => {
    expect(await tap({}, [], { config: BOTH })).toMatchObject({
      code: 2,
      stderr: 'tailrace: say --source, one of orders, quotes\n',
    });
    expect(await tap({}, ['--source', 'quoets'], { config: BOTH })).toMatchObject({
      code: 2,
      stderr: 'tailrace: there is no source quoets; there are orders, quotes\n',
    });
    const receiver = {
      token: undefined,
      maxBodyBytes: 1,
      receive: () => Promise.reject(new Error('not here')),
    };
    const pushed = await tap({ receiver });
    expect([pushed.code, pushed.stderr]).toEqual([
      2,
      expect.stringContaining('others send to orders (POST /v1/push/orders'),
    ]);
  });

  test.each([[['--path', 'a//b']], [['--from', 'yesterday']], [['-n', '0']]])(
    'with 2 for %j',
    async (argv) => {
      expect((await tap({}, argv)).code).toBe(2);
    },
  );
});
