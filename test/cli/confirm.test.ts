// `tailrace confirm` against a real admin port: what it says, and with which code it ends.

import { expect, test } from '@jest/globals';
import { ADMIN_TOKEN, TestAdmin } from '../server/test-admin.js';
import { tailrace } from './command.js';

const ENV = { TAILRACE__ADMIN__TOKEN: ADMIN_TOKEN };

async function confirming(held?: string) {
  const admin = await TestAdmin.start();
  let left = held;
  const letThrough = (): string | undefined => {
    const what = left;
    left = undefined;
    return what;
  };
  if (held !== undefined) Object.assign(admin.source, { confirm: letThrough });
  const confirm = (source: string, flags: readonly string[] = [], env: NodeJS.ProcessEnv = ENV) =>
    tailrace(['confirm', source, '--url', admin.url, ...flags], { env });
  return { confirm, admin };
}

test('C8 says what is let through, and then that nothing is held back: 0', async () => {
  const { confirm } = await confirming('812 of 1,000 items go');
  expect(await confirm('quotes')).toEqual({ code: 0, stdout: 'quotes: 812 of 1,000 items go\n', stderr: '' });
  expect(await confirm('quotes')).toEqual({ code: 0, stdout: 'quotes: nothing is held back\n', stderr: '' });
  expect((await confirm('quotes', ['--json'])).stdout).toBe('{"source":"quotes","confirmed":null}\n');
});

test('what a source says of its feed cannot write to the terminal', async () => {
  const { confirm } = await confirming('all \u001b[2J items');
  expect((await confirm('quotes')).stdout).toBe('quotes: all \\u001b[2J items\n');
});

test('there is no such source, or it never holds anything back: 1', async () => {
  const { confirm } = await confirming();
  expect(await confirm('orders/../quotes')).toMatchObject({
    ...{
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^tailrace: no source orders\/\.\.\/quotes is /),
    },
  });
  expect(await confirm('quotes')).toMatchObject({
    ...{ code: 1, stderr: 'tailrace: quotes is of a type that never holds anything back\n' },
  });
});

test('without the token 1, and says where it is looked for; nobody there: 69', async () => {
  const { confirm, admin } = await confirming('something');
  expect(await confirm('quotes', [], {})).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('set TAILRACE__ADMIN__TOKEN') },
  });
  await admin.admin.stop();
  expect(await confirm('quotes')).toMatchObject({
    ...{ code: 69, stderr: `tailrace: nothing listens at ${admin.url}\n` },
  });
});
