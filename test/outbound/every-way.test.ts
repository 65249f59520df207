// F17: nobody of ours asks by HTTP but the clients that escapes.test.ts tries, so that a new one is noticed here.

import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['src', 'connectors'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

/** Of these, what the operator himself asks on his own admin port is no way out. */
const ASKERS = [
  'connectors/rest/client/exchange.ts',
  'src/cli/admin-client.ts',
  'src/cli/registry-contact.ts',
  'src/kafka/oauth-token.ts',
  'src/outbound/guarded-fetch.ts',
];
/** The kit's way out is open: it runs where connectors are written. */
const FETCHERS = ['connectors/kit/open-outbound.ts'];

function filesWith(pattern: RegExp): string[] {
  return FILES.filter((file) => pattern.test(readFileSync(file, 'utf8'))).sort();
}

test('F17 requests are made in files that are known', () => {
  expect(filesWith(/import (?!type)[^;]*\b(request|get)\b[^;]* from '(node:)?https?'/)).toEqual(ASKERS);
  expect(filesWith(/^import (\* as )?\w+ from '(node:)?https?'/m)).toEqual([]);
  expect(filesWith(/^import (?!type)[^;]* from '(node:http2|undici|axios|node-fetch|got)'/m)).toEqual([]);
});

test('F17 the global fetch, whose connections nobody judges, is not used', () => {
  const used = filesWith(/(?<![.#\w])fetch\(/);
  expect(used.filter((file) => !file.startsWith('src/demo/page/'))).toEqual(FETCHERS);
});
