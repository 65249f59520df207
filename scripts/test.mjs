// `npm test`: everything that must hold before a change is merged, on a machine with Node, Java and Maven only. Installs what is
// missing, then checks types, style and tests, and ends with a line `N passed, N failed`.
//
//   npm test                     all
//   npm test -- fanout           only test files whose path matches, without types and style
//   npm run test:long            more seeds in the simulations
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, root } from './setup.mjs';

const LONG_SEEDS = '5000';
const bin = (path) => join(root, 'node_modules', path);

const args = process.argv.slice(2);
const isLong = args.includes('--long');
const patterns = args.filter((arg) => arg !== '--long');

ensureInstalled();
let failedSteps = 0;
if (patterns.length === 0) {
  step('types', [bin('typescript/bin/tsc')]);
  step('lint', [bin('eslint/bin/eslint.js'), '.']);
  step('format', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']);
}
const tests = runTests();
console.log(`${tests.passed} passed, ${tests.failed + failedSteps} failed`);
process.exitCode = tests.failed + failedSteps === 0 ? 0 : 1;

function step(name, command) {
  process.stderr.write(`${name} ... `);
  const startedAt = Date.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  const took = `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  if (status === 0) {
    process.stderr.write(`ok, ${took}\n`);
    return;
  }
  failedSteps += 1;
  process.stderr.write(`FAILED, ${took}\n${stdout}${stderr}\n`);
}

/** Runs jest and reads its own account of what passed. A run that came to no account has failed. */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-test-'));
  const report = join(folder, 'report.json');
  const env = {
    ...process.env,
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  };
  if (isLong) env.TAILRACE_SEEDS ??= LONG_SEEDS;
  const jest = [bin('jest/bin/jest.js'), '--json', `--outputFile=${report}`];
  const timeout = isLong ? ['--testTimeout=3600000'] : [];
  const wanted = patterns.length > 0 ? ['--testPathPatterns', ...patterns] : [];
  // Jest's own summary goes to stderr; with --json its stdout would only repeat the report.
  spawnSync(process.execPath, [...jest, ...timeout, ...wanted], {
    cwd: root,
    env,
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const ran = numPassedTests + numFailedTests;
    return {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites + (ran === 0 ? 1 : 0),
    };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
