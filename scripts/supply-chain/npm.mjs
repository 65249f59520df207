// Runs npm as whoever started the script has it.
import { spawnSync } from 'node:child_process';

/** `stdout` is what it said, also where it failed. */
export function runNpm(args, cwd) {
  const own = process.env.npm_execpath;
  const options = { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 120_000 };
  const { stdout, stderr, status, error } = own?.endsWith('.js')
    ? spawnSync(process.execPath, [own, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return { stdout: stdout ?? '', stderr: error === undefined ? (stderr ?? '') : error.message, status };
}
