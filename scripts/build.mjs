// Compiles to dist/ what runs, when the sources are newer than what is there: `npm run build`, and ensureBuilt() for others.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ensureInstalled, fail, mtimeOf, root, say } from './setup.mjs';

const STAMP = 'dist/.built';
const INPUTS = [
  'src',
  'connectors',
  'bench',
  'examples',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];
/** What is needed beside the compiled files, at the same place. */
const COPIED = ['src/demo/page', 'examples'];

/** Installs and compiles if need be; at once when all is there. Ends the process when it does not compile. */
export function ensureBuilt() {
  ensureInstalled();
  if (Math.max(...INPUTS.map(newestIn)) < mtimeOf(STAMP)) return;
  say('Compiling.');
  const startedAt = new Date();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (compiled.status !== 0) fail('The sources do not compile: see above.');
  for (const path of COPIED) {
    rmSync(join(root, 'dist', path), { recursive: true, force: true });
    cpSync(join(root, path), join(root, 'dist', path), { recursive: true });
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, STAMP), startedAt.toISOString());
}

/** The latest change of a file, or of anything in a folder. */
function newestIn(path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(join(root, path)).map((name) => newestIn(join(path, name))));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) ensureBuilt();
