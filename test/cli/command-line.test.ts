// The command line itself: help that teaches, and how mistakes in it end.

import { expect, test } from '@jest/globals';
import type { DemoOptions } from '../../src/cli/demo.js';
import { tailrace } from './command.js';

test('--version prints the version as data', async () => {
  expect(await tailrace(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
});

test('--help lists the verbs, first steps and the exit codes', async () => {
  const { code, stdout } = await tailrace(['--help']);
  expect(code).toBe(0);
  for (const words of [
    'run ',
    'check ',
    'explain ',
    'health ',
    'top ',
    'confirm ',
    'cat ',
    'tap ',
    'init ',
    'demo ',
    'First steps:',
    '78 bad configuration',
  ])
    expect(stdout).toContain(words);
});

test.each(['run', 'check', 'explain', 'health', 'top', 'confirm', 'cat', 'tap', 'init', 'demo'])(
  '%s --help has examples and exit codes',
  async (verb) => {
    const { code, stdout } = await tailrace([verb, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`\nExamples:\n`);
    expect(stdout).toContain('Exit codes:');
  },
);

test.each([
  [['rnu']],
  [['check', '--smaple', 'x']],
  [['explain']],
  [['demo', '--brokers', 'nowhere']],
  [['demo', '--port', '70000']],
  [['demo', '--postgres', 'localhost:5432']],
  [[]],
])('%j is a mistake of usage', async (argv) => {
  const { code, stdout, stderr } = await tailrace(argv);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toBe('');
});

test('a mistyped verb gets a suggestion', async () => {
  expect((await tailrace(['chekc'])).stderr).toContain('Did you mean check?');
});

test('demo passes its flags on, and ends when it ends', async () => {
  const seen: DemoOptions[] = [];
  const runDemo = (options: DemoOptions) => Promise.resolve(void seen.push(options));
  const elsewhere = ['--brokers', 'a:9092, b:9092', '--postgres', 'postgres://me:secret@db/shop'];
  expect((await tailrace(['demo', ...elsewhere, '--port', '0'], { runDemo })).code).toBe(0);
  expect((await tailrace(['demo'], { runDemo })).code).toBe(0);
  expect(seen).toMatchObject([
    { brokers: ['a:9092', 'b:9092'], host: '127.0.0.1', port: 0, adminPort: 9090 },
    { brokers: undefined, postgres: undefined, port: 8080 },
  ]);
  expect(seen[0]?.postgres?.href).toBe('postgres://me:secret@db/shop');
});
