// `tailrace explain`: the decision, its reason with the line of the rule, and the exit code.

import { expect, test } from '@jest/globals';
import { CONFIG, filesWith, tailrace } from './command.js';

const explained = async (path: string, claims: object | undefined, ...flags: string[]) => {
  const { config = '', claims: file = '' } = filesWith({
    config: CONFIG,
    claims: JSON.stringify(claims ?? {}),
  });
  const result = await tailrace([
    'explain',
    path,
    '-c',
    config,
    ...(claims === undefined ? [] : ['--as', file]),
    ...flags,
  ]);
  return { ...result, stdout: result.stdout.replaceAll(config, 'tailrace.yaml') };
};
const customer = { sub: 'ann', roles: ['customer'], account: 7, region: 'EU' };

test('an allow names the rule with its line and what is seen, and leaves with 0', async () => {
  const { code, stdout } = await explained('orders/7/1', customer);
  expect(code).toBe(0);
  expect(stdout).toContain('allow  orders/7/1  (decided by tailrace.yaml:17;');
  expect(stdout).toContain('sees everything less /margin');
});

test('a deny says what each rule lacked and what would change it, and leaves with 1', async () => {
  const { code, stdout } = await explained('orders/8/1', customer);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^deny {2}orders\/8\/1 {2}\(no rule matches/);
  expect(stdout).toContain('tailrace.yaml:16  -      none of the roles trader');
  expect(stdout).toContain('would change with role trader');
});

test('without --as it is a session without a token', async () => {
  expect((await explained('orders/8/1', undefined)).code).toBe(1);
});

test('--json gives one object with the rules and their lines', async () => {
  const { code, stdout } = await explained(
    'orders/7/1',
    { ...customer, roles: ['customer', 'suspended'] },
    '--json',
  );
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    effect: 'deny',
    path: 'orders/7/1',
    decidedBy: [{ rule: 2, file: 'tailrace.yaml', line: 18 }],
    steps: [
      { matches: false, line: 16 },
      { matches: true, line: 17 },
      { matches: true, line: 18 },
    ],
  });
});

test('what cannot be a path is a mistake of usage, what cannot be claims is one of the file', async () => {
  expect(await explained('orders//1', customer)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has an empty segment'),
  });
  expect(await explained('orders/*', customer)).toMatchObject({ code: 2 });
  expect(await explained('orders/1', [])).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('one JSON object'),
  });
  expect(await explained('orders/1', { roles: { admin: true } })).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('list of texts'),
  });
});
