// `POST /v1/sources/:source/confirm`: which source is asked, and what is answered.

import { expect, test } from '@jest/globals';
import { TestAdmin } from './test-admin.js';

test('C8 what a source holds back is let through once an operator says so, and the answer says what', async () => {
  const admin = await TestAdmin.start();
  let held: string | undefined = '812 of 1,000 items go';
  const source = Object.assign(admin.source, {
    confirm(this: unknown) {
      expect(this).toBe(source);
      const what = held;
      held = undefined;
      return what;
    },
  });
  const confirm = () => admin.ask('POST', '/v1/sources/quotes/confirm');
  expect(await confirm()).toMatchObject({ status: 200, json: { confirmed: '812 of 1,000 items go' } });
  expect(await confirm()).toMatchObject({ status: 200, json: { confirmed: null } });
});

test('a source that is not read, and one that holds nothing back, are told apart', async () => {
  const admin = await TestAdmin.start();
  expect(await admin.ask('POST', '/v1/sources/orders/confirm')).toMatchObject({
    ...{ status: 404, json: { error: { code: 'not_found' } } },
  });
  expect(await admin.ask('POST', '/v1/sources/quotes/confirm')).toMatchObject({
    ...{ status: 501, json: { error: { code: 'not_available' } } },
  });
});
