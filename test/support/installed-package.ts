// A stranger's project: a folder of its own in which the package is installed, built as it is published.

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BuiltProgram } from './built-program.js';

/** The doors of the package. What stands behind others is ours to change. */
export const EXPORTS = {
  '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' },
  './connector': { types: './dist/connectors/contract.d.ts', default: './dist/connectors/contract.js' },
  './connector-kit': {
    types: './dist/connectors/kit/conformance.d.ts',
    default: './dist/connectors/kit/conformance.js',
  },
  './package.json': './package.json',
};

export interface Ran {
  readonly code: number;
  /** stdout and stderr. */
  readonly output: string;
}

/** Invariant: nothing of the repository is reached from the folder but through the package. */
export class StrangersProject {
  readonly folder: string;
  /** Of the program, within the folder. */
  readonly main = 'node_modules/tailrace/dist/src/main.js';
  readonly #built: BuiltProgram;

  private constructor(folder: string, built: BuiltProgram) {
    this.folder = folder;
    this.#built = built;
  }

  static async create(): Promise<StrangersProject> {
    const built = await BuiltProgram.build();
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as object;
    writeFileSync(join(built.folder, 'package.json'), JSON.stringify({ ...manifest, exports: EXPORTS }));
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-stranger-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(built.folder, join(folder, 'node_modules/tailrace'));
    return new StrangersProject(folder, built);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Plain node with these arguments, to its end. */
  node(...args: readonly string[]): Promise<Ran> {
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env: {}, maxBuffer: 64 * 1024 * 1024 };
      execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output: stdout + stderr });
      });
    });
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await this.#built.close();
  }
}
