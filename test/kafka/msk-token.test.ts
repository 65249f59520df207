// What a broker of Amazon MSK is shown: it cannot be tried without one, so its form is.

import { expect, test } from '@jest/globals';

import { mskTokens } from '../../src/kafka/msk-token.js';

test('a token is a signed request to connect, of the region, for a few minutes', async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
  const token = await mskTokens({ region: 'eu-central-1' })();
  const url = new URL(Buffer.from(token, 'base64url').toString());
  expect(url.host).toBe('kafka.eu-central-1.amazonaws.com');
  const { Action, ...query } = Object.fromEntries(url.searchParams);
  expect(Action).toBe('kafka-cluster:Connect');
  expect(query['X-Amz-Credential']).toMatch(
    /^AKIAEXAMPLE\/\d{8}\/eu-central-1\/kafka-cluster\/aws4_request$/,
  );
  expect(query['X-Amz-Expires']).toBe('900');
  expect(query['X-Amz-Signature']).toMatch(/^[0-9a-f]{64}$/);
});
