// `tailrace test`, from command line to streams and exit code; the example and the page that describe it.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { testFileSchema, testFileSchemaText } from '../../src/rehearsal/test-schema.js';
import { CONFIG, filesWith, tailrace } from './command.js';

const TESTS = `principals: { ann: { role: customer, account: 7, region: EU } }
tests:
  - name: a customer sees the own order
    given: { source: orders, key: '1', value: { kind: order, account: 7, gone: false, margin: 2, internal: 3 } }
    expect:
      - { as: ann, sees: { orders/7/1: { kind: order, account: 7, gone: false } } }
  - name: nobody else does
    given: { source: orders, key: '1', value: { kind: order, account: 8, gone: false } }
    expect:
      - { as: ann, sees: nothing }
`;
const BROKEN_RULE = CONFIG.replace('hide: [/margin], ', '');

/** One command line in a folder with these files; the folder's name is taken out of what is printed. */
async function tested(files: Readonly<Record<string, string>>, ...flags: string[]) {
  const paths = filesWith(files);
  const folder = dirname(Object.values(paths)[0] ?? '');
  const argv = flags.map((flag) => paths[flag] ?? flag);
  const result = await tailrace(['test', '-c', join(folder, 'tailrace.yaml'), ...argv]);
  const without = (text: string) => text.replaceAll(`${folder}/`, '');
  return { code: result.code, stdout: without(result.stdout), stderr: without(result.stderr) };
}

test('tests that pass are named on stdout, rules that none reaches and the sum on stderr; 0', async () => {
  expect(await tested({ 'tailrace.yaml': CONFIG, 'tailrace.test.yaml': TESTS })).toEqual({
    code: 0,
    stdout: 'ok    a customer sees the own order\nok    nobody else does\n',
    stderr: `no test reaches:
  tailrace.yaml:14  rule 1 of map in source quotes: prices/{value.symbol}
  tailrace.yaml:16  rule 1 of entitlements: allow trader on **
  tailrace.yaml:18  rule 3 of entitlements: deny suspended on **
2 passed, 0 failed
`,
  });
});

test('a test that fails says who, where, what and by which rule; 1', async () => {
  const { code, stdout, stderr } = await tested({
    'tailrace.yaml': BROKEN_RULE,
    'tailrace.test.yaml': TESTS,
  });
  expect(code).toBe(1);
  expect(stdout).toBe(`FAIL  a customer sees the own order
  tailrace.test.yaml:6  ann
    orders/7/1  differs
      /margin  expected nothing, got 2
      visible by rule 2, tailrace.yaml:17 (role customer, path orders/7/**), which hides nothing
ok    nobody else does
`);
  expect(stderr).toMatch(/\n1 passed, 1 failed\n$/);
});

test('takes every *.test.yaml beside the configuration, or the files that are named', async () => {
  const files = {
    'tailrace.yaml': CONFIG,
    'b.test.yaml': TESTS,
    'a.test.yml': TESTS.replace('the own', 'a'),
    'c.yaml': TESTS.replace('the own', 'their'),
  };
  expect((await tested(files)).stdout).toBe(
    'ok    a customer sees a order\nok    nobody else does\nok    a customer sees the own order\nok    nobody else does\n',
  );
  expect((await tested(files, 'c.yaml')).stdout).toMatch(/^ok {4}a customer sees their order\nok .*\n$/);
  expect(await tested({ 'tailrace.yaml': CONFIG })).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('there is no *.test.yaml beside tailrace.yaml'),
  });
});

test('--strict makes a rule that no test reaches a failure', async () => {
  const { code, stdout } = await tested({ 'tailrace.yaml': CONFIG, 'a.test.yaml': TESTS }, '--strict');
  expect(code).toBe(1);
  expect(stdout).toContain('FAIL  no test reaches:\n  tailrace.yaml:14  rule 1 of map');
});

test('--filter runs tests by name, and says nothing about rules then', async () => {
  const files = { 'tailrace.yaml': CONFIG, 'a.test.yaml': TESTS };
  expect(await tested(files, '--filter', 'NOBODY', '--strict')).toEqual({
    code: 0,
    stdout: 'ok    nobody else does\n',
    stderr: '1 passed, 0 failed\n',
  });
  expect(await tested(files, '--filter', 'somebody')).toMatchObject({ code: 2, stdout: '' });
});

test('--quiet says only what failed', async () => {
  const files = { 'tailrace.yaml': BROKEN_RULE, 'a.test.yaml': TESTS };
  const { stdout, stderr } = await tested(files, '--quiet');
  expect([stdout.split('\n')[0], stdout.includes('nobody'), stderr]).toEqual([
    'FAIL  a customer sees the own order',
    false,
    '',
  ]);
});

test('--json gives one object per test and one at the end', async () => {
  const { code, stdout } = await tested({ 'tailrace.yaml': BROKEN_RULE, 'a.test.yaml': TESTS }, '--json');
  expect(code).toBe(1);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([
    {
      test: 'a customer sees the own order',
      file: 'a.test.yaml',
      line: 3,
      result: 'failed',
      failures: [
        {
          kind: 'sight',
          line: 6,
          who: 'ann',
          paths: [{ path: 'orders/7/1', differences: [{ at: '/margin', got: 2 }] }],
        },
      ],
    },
    { test: 'nobody else does', result: 'ok' },
    { result: 'failed', passed: 1, failed: 1, unreached: [{ place: 'tailrace.yaml:14' }, {}, {}] },
  ]);
});

describe('nothing is run', () => {
  test('when a test file has a mistake: all are shown; 78', async () => {
    const broken = TESTS.replace('source: orders', 'source: oders').replace(
      'sees: nothing',
      'sees: { a//b: 1 }',
    );
    const { code, stdout, stderr } = await tested({ 'tailrace.yaml': CONFIG, 'a.test.yaml': broken });
    expect([code, stderr]).toEqual([78, '2 mistakes in the tests, so none was run\n']);
    expect(stdout)
      .toContain(`a.test.yaml:4:22  error  unknown-name   there is no source "oders"; there are orders, quotes; did you mean "orders"?
   4 |     given: { source: oders,`);
    expect(stdout).toContain('the path "a//b" has an empty segment');
    const { stdout: json } = await tested({ 'tailrace.yaml': CONFIG, 'a.test.yaml': broken }, '--json');
    expect(JSON.parse(json.split('\n')[0] ?? '')).toMatchObject({
      finding: 'unknown-name',
      line: 4,
      suggestion: 'orders',
    });
  });

  test('when the configuration has one; 78', async () => {
    const config = CONFIG.replace('hide:', 'hidden:');
    const { code, stdout } = await tested({ 'tailrace.yaml': config, 'a.test.yaml': TESTS });
    expect([code, stdout.includes('ok ')]).toEqual([78, false]);
    expect(stdout).toContain('unknown-key');
  });
});

test('a warning is a notice, and the tests run', async () => {
  const text = TESTS.replace('account: 7, region', 'acount: 9, account: 7, region');
  const { code, stderr } = await tested({ 'tailrace.yaml': CONFIG, 'a.test.yaml': text });
  expect([code, stderr.split('\n')[0]]).toEqual([
    0,
    'a.test.yaml:1:38  warning  unread-claim   no rule reads the claim "acount"; did you mean "account"?',
  ]);
});

describe('the examples', () => {
  test('examples/tailrace.test.yaml passes, and reaches every rule', async () => {
    const { code, stdout, stderr } = await tailrace(['test', '--strict', '-c', 'examples/tailrace.yaml']);
    expect([code, stderr]).toEqual([0, '6 passed, 0 failed\n']);
    expect(stdout).not.toContain('FAIL');
  });

  test('schema/tailrace.test.schema.json is not stale (else: node scripts/docs.mjs), and accepts them', () => {
    expect(readFileSync('schema/tailrace.test.schema.json', 'utf8')).toBe(testFileSchemaText());
    const validate = new Ajv().compile(testFileSchema());
    expect(validate(parse(readFileSync('examples/tailrace.test.yaml', 'utf8')))).toBe(true);
    for (const snippet of snippets('yaml').slice(1))
      expect(validate(parse(snippet, { merge: true }))).toBe(true);
    for (const expectation of [
      '{}',
      '{ as: {} }',
      '{ as: {}, sees: nothing, rejected: syntax }',
      '{ rejected: x }',
    ]) {
      const tests = `tests: [{ name: a, given: { value: 1 }, expect: [${expectation}] }]`;
      expect([expectation, validate(parse(tests))]).toEqual([expectation, false]);
    }
  });
});

function snippets(language: string): string[] {
  const page = readFileSync('docs/testing.md', 'utf8');
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(
    (match) => match[1] ?? '',
  );
}

describe('docs/testing.md', () => {
  const [config = '', ...tests] = snippets('yaml');
  const [passing = '', failing = ''] = snippets('console').map((text) =>
    text.replace('$ tailrace test\n', ''),
  );

  test('every test on the page passes with the configuration on it', async () => {
    expect(tests.length).toBeGreaterThan(3);
    for (const [index, text] of tests.entries()) {
      const { code, stdout, stderr } = await tested({ 'tailrace.yaml': config, 'tailrace.test.yaml': text });
      expect(code).toBe(0);
      if (index === 0) expect(stdout + stderr).toBe(passing);
    }
  });

  test('shows what is printed when hide is gone', async () => {
    const open = config.replace(', hide: [/margin]', '');
    const { stdout, stderr } = await tested({ 'tailrace.yaml': open, 'tailrace.test.yaml': tests[0] ?? '' });
    expect(stdout + stderr).toBe(failing);
  });

  test('has every heading that a finding points to', () => {
    const page = readFileSync('docs/testing.md', 'utf8');
    for (const anchor of ['tests', 'given', 'principals', 'expect'])
      expect(page).toContain(`<a id="${anchor}"></a>`);
  });
});

test('help has examples', async () => {
  const { code, stdout } = await tailrace(['test', '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('\nExamples:\n');
  expect(stdout).toContain('Exit codes:');
});
