// Programs of tests that run as a process of their own, where memory can be measured: compiled with what they import of ours.

import { transformFile } from '@swc/core';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

/** Runs `program` (a path from the root) and gives what it writes. `env`: all that its environment has. */
export async function outputOf(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-apart-'));
  try {
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await compile(program, folder, new Set());
    const main = join(folder, program.replace(/ts$/, 'js'));
    const options = { timeout: 60_000, env };
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], options);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compile(file: string, folder: string, seen: Set<string>): Promise<void> {
  if (seen.has(file)) return;
  seen.add(file);
  const { code } = await transformFile(join(ROOT, file), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
    configFile: false,
    swcrc: false,
  });
  const target = join(folder, file.replace(/ts$/, 'js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
  for (const [, imported = ''] of code.matchAll(/ from ['"](\.[^'"]+)['"]/g))
    await compile(join(dirname(file), imported.replace(/js$/, 'ts')), folder, seen);
}
