// `tailrace tap`: where it begins, what it waits for, and how it ends.

import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../connectors/contract.js';
import { terminal } from '../../src/cli/output.js';
import { until } from '../server/until.js';
import { filesWith, tailrace } from './command.js';
import { recordsOf, scripted, type Script } from './scripted-connector.js';
import { framed, registryOf } from './stub-registry.js';
import { CONFIG, lines, order, SEVEN, tap } from './tapping.js';

const BOTH = CONFIG.replace(
  'entitlements',
  `  - { name: quotes, scripted: {}, map: [{ path: 'q/{key}' }] }\nentitlements`,
);

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
