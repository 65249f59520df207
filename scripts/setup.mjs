// Brings the packages into a fresh clone. Plain Node with no dependency: it runs when there is nothing else yet.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Root of the repository. */
export const root = join(import.meta.dirname, '..');

const OLDEST_NODE = [20, 19];

/** Runs `npm ci` unless what is installed is as new as the lock file. Ends the process with one line where that is not possible. */
export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Node ${process.versions.node} is too old: install ${OLDEST_NODE.join('.')} or newer.`);
  }
  if (mtimeOf('node_modules/.package-lock.json') >= mtimeOf('package-lock.json')) return;
  say('Installing packages (npm ci), once.');
  // npm tells scripts where it is; started by hand, it has to be on the PATH
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund'];
  const done = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (done.status !== 0) fail('npm ci failed: see above. It needs the network, or a full npm cache.');
}

/** Milliseconds, or 0 where there is no such file. */
export function mtimeOf(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Progress for the person who waits: standard output is for results. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}
