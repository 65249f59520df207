// The benchmark itself must not rot: one row is run for real, in short slices, and held to what no machine can miss.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { transformFile } from '@swc/core';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Figure } from '../../bench/row.js';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = ['src', 'connectors', 'bench', 'test/support'];

let compiled: string;

beforeAll(async () => {
  await mkdir(join(ROOT, 'dist-bench'), { recursive: true });
  compiled = await mkdtemp(join(ROOT, 'dist-bench/test-'));
  for (const folder of SOURCES) await compile(folder);
});

afterAll(() => rm(compiled, { recursive: true, force: true }));

test('the bench measures that sixteen updates per flush cost far less than sixteen sends', async () => {
  const [batched, ...others] = await bench('--quick', '--only', 'batched', '--json');
  expect(others).toEqual([]);
  expect(batched).toMatchObject({ row: 'batched', unit: 'us', bound: { is: 'at least', of: 'ratio' } });
  expect(batched?.ratio).toBeGreaterThan(3);
  expect(batched?.remarks).not.toContainEqual(expect.stringContaining('missing'));
});

test('a row that does not exist is refused with the names of those that do', async () => {
  await expect(bench('--only', 'nonsense')).rejects.toThrow(/no row nonsense; there are unbatched, batched/);
});

/** Its child processes are plain Node, so they need plain JavaScript. */
async function compile(folder: string): Promise<void> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  const wanted = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } } as const;
  await Promise.all(
    wanted.map(async (name) => {
      const { code } = await transformFile(join(ROOT, folder, name), { jsc, module: { type: 'es6' } });
      const path = join(compiled, folder, name.replace(/\.ts$/, '.js'));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, code);
    }),
  );
}

/** Exit code 1 is a missed bound, which a busy machine may do. */
function bench(...args: string[]): Promise<Figure[]> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    execFile(
      process.execPath,
      [join(compiled, 'bench/main.js'), ...args],
      { env },
      (error, stdout, stderr) => {
        if (error !== null && error.code !== 1) return reject(new Error(stderr || error.message));
        const lines = stdout.split('\n').filter((line) => line !== '');
        resolve(lines.map((line) => JSON.parse(line) as Figure));
      },
    );
  });
}
