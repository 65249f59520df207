// Compiles what runs, when the sources are newer than what is there. `npm run build` makes dist/: the program as it is
// installed, and nothing else. The benchmark is compiled into a folder of its own that no package and no image carries.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ensureInstalled, fail, mtimeOf, root, say } from './setup.mjs';

/** `copied`: what is needed beside the compiled files, at the same place. */
const PROGRAM = {
  project: 'tsconfig.build.json',
  output: 'dist',
  inputs: [
    'src',
    'connectors',
    'examples/demo.yaml',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ],
  copied: ['src/demo/page', 'examples/demo.yaml'],
};
const BENCH = {
  project: 'tsconfig.bench.json',
  output: 'dist-bench',
  inputs: ['src', 'connectors', 'bench', 'tsconfig.json', 'tsconfig.bench.json', 'package-lock.json'],
  copied: [],
};

/** Installs and compiles the program if need be; at once when all is there. Ends the process when it does not compile. */
export function ensureBuilt() {
  ensureCompiled(PROGRAM);
}

/** The same for the benchmark, with its own copy of the program. */
export function ensureBenchBuilt() {
  ensureCompiled(BENCH);
}

function ensureCompiled({ project, output, inputs, copied }) {
  ensureInstalled();
  const stamp = join(output, '.built');
  if (Math.max(...inputs.map(newestIn)) < mtimeOf(stamp)) return;
  say('Compiling.');
  const startedAt = new Date();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: ['ignore', 2, 2] });
  if (compiled.status !== 0) fail('The sources do not compile: see above.');
  for (const path of copied) {
    rmSync(join(root, output, path), { recursive: true, force: true });
    cpSync(join(root, path), join(root, output, path), { recursive: true });
  }
  mkdirSync(join(root, output), { recursive: true });
  writeFileSync(join(root, stamp), startedAt.toISOString());
}

/** The latest change of a file, or of anything in a folder. */
function newestIn(path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(join(root, path)).map((name) => newestIn(join(path, name))));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) ensureBuilt();
