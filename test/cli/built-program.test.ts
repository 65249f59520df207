// The program as it is installed: compiled, under plain node, in a process of its own.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BROKEN_CONFIGS } from '../config/broken-configs.js';
import { CONFIG } from './command.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-built-'));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  // Types are checked elsewhere; here only the output matters.
  execFileSync(process.execPath, [
    tsc,
    '-p',
    'tsconfig.build.json',
    '--noCheck',
    '--incremental',
    'false',
    '--outDir',
    join(folder, 'dist'),
  ]);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"name":"tailrace","version":"9.8.7","type":"module"}');
  writeFileSync(join(folder, 'tailrace.yaml'), CONFIG);
  writeFileSync(
    join(folder, 'broken.yaml'),
    CONFIG.replace('port: 0', 'prot: 0').replace('allow: [trader]', 'alow: [trader]'),
  );
  writeFileSync(join(folder, 'ann.json'), '{"sub":"ann","roles":["customer"],"account":7,"region":"EU"}');
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tailrace(...argv: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/src/main.js', ...argv], {
    cwd: folder,
    encoding: 'utf8',
    env: {},
  });
  return { code: status, stdout, stderr };
}

test('--version and --help', () => {
  expect(tailrace('--version')).toEqual({ code: 0, stdout: '9.8.7\n', stderr: '' });
  expect(tailrace('--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('First steps:'),
    stderr: '',
  });
});

test('check: ok with 0, every finding with 78', () => {
  expect(tailrace('check')).toMatchObject({ code: 0, stdout: '' });
  const { code, stdout } = tailrace('check', '-c', 'broken.yaml');
  expect(code).toBe(78);
  expect(stdout).toMatch(/broken.yaml:1:28 {2}error {2}unknown-key/);
  expect(stdout).toMatch(/broken.yaml:16:7 {2}error {2}unknown-key .*; did you mean "allow"\?/);
});

test('explain: 0 for allow, 1 for deny', () => {
  expect(tailrace('explain', '--as', 'ann.json', 'orders/7/1')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^allow/),
  });
  expect(tailrace('explain', '--as', 'ann.json', 'orders/8/1')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^deny/),
  });
});

test('run with a bad configuration: 78, nothing on stdout, one JSON line per finding on stderr', () => {
  const { code, stdout, stderr } = tailrace('run', '-c', 'broken.yaml');
  expect([code, stdout]).toEqual([78, '']);
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; finding?: string });
  expect(events.map(({ event, finding }) => finding ?? event)).toEqual([
    'unknown-key',
    'env-missing',
    'unknown-key',
    'config-rejected',
  ]);
});

test('D9 run with a broken configuration ends within two seconds with 78, naming path and line', () => {
  const few = BROKEN_CONFIGS.filter((_, index) => index % 20 === 0);
  const before = performance.now();
  tailrace('--version'); // what any process takes to start, on a machine that may be busy
  const startMs = performance.now() - before;
  for (const { text, code, line = 0 } of few) {
    writeFileSync(join(folder, 'broken-too.yaml'), text);
    const began = performance.now();
    const ran = tailrace('run', '-c', 'broken-too.yaml');
    expect(performance.now() - began - startMs).toBeLessThan(2000);
    expect(ran.code).toBe(78);
    const lines = ran.stderr.split('\n').filter((each) => each.includes(`"finding":"${code}"`));
    expect(lines.map((each) => JSON.parse(each) as object)).toContainEqual(
      expect.objectContaining({ line, path: expect.any(String), file: 'broken-too.yaml' }),
    );
  }
});

test('schema prints the schema for editors', () => {
  const { code, stdout } = tailrace('schema');
  expect(code).toBe(0);
  expect(`${stdout}`).toBe(readFileSync('schema/tailrace.schema.json', 'utf8'));
});

test('a mistake of usage: 2', () => {
  expect(tailrace('rnu')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('Did you mean run?'),
  });
});
