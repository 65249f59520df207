// F14 the search itself: a canary is found in whatever form it is printed.

import { expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { canariesIn, canary } from './canary.js';

const secret = canary('here', 'awkward');

test.each<[string, string]>([
  ['as it is', secret],
  ['in JSON', JSON.stringify({ password: secret })],
  ['in JSON in JSON', JSON.stringify(JSON.stringify({ password: secret }))],
  ['inspected', inspect({ secret })],
  ['in an address', `https://user:${encodeURIComponent(secret)}@host/`],
  ['in capitals', secret.toUpperCase()],
  ['as hexadecimal digits', Buffer.from(secret).toString('hex')],
  ...[0, 1, 2, 3, 4, 5].flatMap((before): [string, string][] => {
    const bytes = Buffer.from(`${'x'.repeat(before)}${secret}`);
    return [
      [`in base64 behind ${before} bytes`, bytes.toString('base64')],
      [`in base64url behind ${before} bytes`, bytes.toString('base64url')],
    ];
  }),
])('F14 a canary is found %s', (_how, text) => {
  expect(canariesIn(`before ${text} after`)).not.toEqual([]);
});

test('F14 nothing is found where there is none', () => {
  expect(canariesIn('before [redacted] after, and QzRu')).toEqual([]);
});
