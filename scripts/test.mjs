// `npm test`: what must hold before a change is merged. Installs what is missing, then checks types, style and tests, and ends
// with a line `N passed, N failed`. With Node, Java and Maven only it leaves out what needs the programs of scripts/tools.sh, and
// says so; with TAILRACE_TOOLS=1, as CI does, it leaves out nothing.
//
//   npm test                     types, style, unit, real Kafka, real Postgres, real browser
//   TAILRACE_TOOLS=1 npm test    also chart, compose, image, and the suites once more on the Node of the image
//   npm test -- fanout           only test files whose path matches, without types and style
//   npm run test:long            more of all that is random, and nothing else: within 45 minutes on two cores
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { longTests } from './long-tests.mjs';
import { ensureInstalled, fail, root, say } from './setup.mjs';

const LONG_SEEDS = '2500';
// Where there is one worker, Jest runs all files in its own process, which grows to 4.5 GB and spends its time collecting it.
const WORKERS = ['--workerIdleMemoryLimit=800MB'];
const bin = (path) => join(root, 'node_modules', path);

const args = process.argv.slice(2);
const isLong = args.includes('--long');
const given = args.filter((arg) => arg !== '--long');
const patterns = given.length > 0 || !isLong ? given : longTests(root);
const hasTools = process.env.TAILRACE_TOOLS === '1' && !isLong;

ensureInstalled();
const counts = { passed: 0, failed: 0 };
if (patterns.length === 0) {
  step('types', [bin('typescript/bin/tsc')]);
  step('lint', [bin('eslint/bin/eslint.js'), '.']);
  step('format', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']);
}
// The tools last: by then nothing else wants the machine
runTests(process.execPath, ['unit', 'kafka', 'postgres']);
if (hasTools) {
  runTests(imageNode(), ['unit', 'kafka', 'postgres']);
  runTests(process.execPath, ['tools']);
} else if (patterns.length === 0) {
  say(
    'Left out: chart, compose, image and the Node of the image. All of it: bash .ci/run, or bash scripts/tools.sh && TAILRACE_TOOLS=1 npm test',
  );
}
if (counts.passed + counts.failed === 0) {
  say(`No test file matches ${patterns.join(' ')}.`);
  counts.failed = 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function step(name, command) {
  process.stderr.write(`${name} ... `);
  const startedAt = Date.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  if (status === 0) {
    say(`ok, ${secondsSince(startedAt)}`);
    return;
  }
  counts.failed += 1;
  say(`FAILED, ${secondsSince(startedAt)}\n${stdout}${stderr}`);
}

/** Runs jest by this Node, and whatever tests start too; adds its own account of what passed. No account is a failure. */
function runTests(node, projects) {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-test-'));
  const report = join(folder, 'report.json');
  const env = {
    ...process.env,
    PATH: node === process.execPath ? process.env.PATH : `${dirname(node)}${delimiter}${process.env.PATH}`,
    NODE_OPTIONS:
      '--experimental-vm-modules --disable-warning=ExperimentalWarning --disable-warning=TimeoutNegativeWarning',
  };
  if (isLong) env.TAILRACE_SEEDS ??= LONG_SEEDS;
  const jest = [
    bin('jest/bin/jest.js'),
    '--json',
    `--outputFile=${report}`,
    ...WORKERS,
    '--selectProjects',
    ...projects,
  ];
  const timeout = isLong ? ['--testTimeout=3600000'] : [];
  const wanted = patterns.length > 0 ? ['--passWithNoTests', '--testPathPatterns', ...patterns] : [];
  const startedAt = Date.now();
  // Jest's own summary goes to stderr; with --json its stdout would only repeat the report.
  spawnSync(node, [...jest, ...timeout, ...wanted], {
    cwd: root,
    env,
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  const { passed, failed } = accountOf(report);
  rmSync(folder, { recursive: true, force: true });
  counts.passed += passed;
  counts.failed += failed;
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  say(
    `${projects.join(', ')} on Node ${version}: ${passed} passed, ${failed} failed, ${secondsSince(startedAt)}`,
  );
}

function accountOf(report) {
  try {
    const account = JSON.parse(readFileSync(report, 'utf8'));
    const failed = account.numFailedTests + account.numRuntimeErrorTestSuites;
    const ranNone = patterns.length === 0 && account.numPassedTests + account.numFailedTests === 0;
    return { passed: account.numPassedTests, failed: failed + (ranNone ? 1 : 0) };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** The Node LTS that scripts/tools.sh fetched: the one that the image has. */
function imageNode() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const node = join(cache, 'tailrace/tools/node-lts/bin/node');
  if (!existsSync(node)) fail(`${node} is missing: bash scripts/tools.sh fetches it.`);
  return node;
}

function secondsSince(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
