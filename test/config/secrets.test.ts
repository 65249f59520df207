// F14: nothing that could be a secret is ever printed by the configuration, right or wrong.

import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { findingText } from '../../src/config/finding.js';
import { Secret } from '../../src/config/secret.js';
import type { LoadedConfig } from '../../src/config/load.js';
import { offline, online, resolved, yaml } from './loading.js';

const CANARY = 'cAnArY0123456789cAnArY0123456789cAnArY';

/** All that a finding can become: text, JSON, a log line. */
function printed({ findings, config }: LoadedConfig): string {
  return [
    ...findings.map(findingText),
    JSON.stringify(findings),
    inspect(findings),
    JSON.stringify(config),
    inspect(config, { depth: 20 }),
  ].join('\n');
}

test('F14 a secret prints as [redacted], however it is printed', () => {
  const secret = new Secret(CANARY);
  expect(
    [String(secret), JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true })].join(),
  ).not.toContain('cAnArY');
  expect(JSON.stringify({ secret })).toBe('{"secret":"[redacted]"}');
  expect(secret.reveal()).toBe(CANARY);
});

test('F14 a resolved configuration can be printed', () => {
  const text = yaml({
    sources:
      'sources: [{ name: a, stream: { hosts: [a], topics: [t], login: { user: u, password: { env: P } } }, map: [{ path: prices }] }]',
  });
  const loaded = online(text, { env: { TOKEN_SECRET: CANARY, P: CANARY } });
  expect(resolved(loaded).sources[0]?.options.reveal()).toMatchObject({ login: { password: CANARY } });
  expect(printed(loaded)).not.toContain('cAnArY');
});

describe('F14 a secret that stands where it should not', () => {
  const jwt = (text: string) => yaml({ auth: `auth: { jwt: { ${text}, issuer: i, audience: a } }` });
  const options = (text: string) =>
    yaml({
      sources: `sources:\n  - { name: a, stream: { hosts: [a], topics: [t], ${text} }, map: [{ path: prices }] }`,
    });
  test.each([
    ['in the file', jwt(`secret: ${CANARY}`)],
    ['under a misspelt name', jwt(`sceret: ${CANARY}`)],
    ['under a name of its own', jwt(`hmac: ${CANARY}`)],
    ['in a list', jwt(`secret: [${CANARY}]`)],
    ['in a mapping', jwt(`secret: { value: ${CANARY} }`)],
    ['after a forgotten blank', jwt(`secret:${CANARY}`)],
    ['instead of the mapping', yaml({ auth: `auth: { jwt: ${CANARY} }` })],
    ['instead of all of auth', yaml({ auth: `auth: ${CANARY}` })],
    ['as a section', yaml({ top: `token: ${CANARY}` })],
    [
      'under an anchor',
      yaml({
        top: `shared: &key ${CANARY}`,
        auth: 'auth: { jwt: { secret: *key, issuer: i, audience: a } }',
      }),
    ],
    [
      'under an anchor of a known option',
      yaml({
        top: `log: { level: &key ${CANARY} }`,
        auth: 'auth: { jwt: { secret: *key, issuer: i, audience: a } }',
      }),
    ],
    ['in a block of text', yaml({ auth: `auth:\n  jwt:\n    secret: |\n      ${CANARY}\n    issuer: 7` })],
    ['as a password of a connector', options(`login: { user: u, password: ${CANARY} }`)],
    ['as a misspelt password', options(`login: { user: u, pasword: ${CANARY} }`)],
    ['instead of the login', options(`login: ${CANARY}`)],
    [
      'as the user info of a URL',
      yaml({ auth: `auth: { jwt: { jwksUrl: "ftp://user:${CANARY}@idp", issuer: i, audience: a } }` }),
    ],
    [
      'beside another mistake on its line',
      yaml({ auth: `auth: { jwt: { secret: ${CANARY}, isuer: i, audience: 7 } }` }),
    ],
    ['twice', jwt(`secret: ${CANARY}, secret: ${CANARY}`)],
    ['in a file that is not YAML', yaml({ auth: `auth: { jwt: { secret: "${CANARY}` })],
    ['as a private key in place of the public one', jwt(`publicKey: "-----BEGIN PRIVATE KEY-----${CANARY}"`)],
  ])('%s is not shown', (_where, text) => {
    for (const loaded of [offline(text), online(text, { env: {} })]) {
      expect(loaded.findings.length).toBeGreaterThan(0);
      expect(printed(loaded)).not.toContain('cAnArY');
    }
  });

  test('is not shown when it comes from a variable or a file and is refused', () => {
    const short = 'cAnArYcAnArY';
    const fromFile = yaml({ auth: 'auth: { jwt: { publicKey: { file: f }, issuer: i, audience: a } }' });
    const port = yaml({ top: 'listen: { port: { env: X } }' });
    for (const loaded of [
      online(yaml(), { env: { TOKEN_SECRET: short } }),
      online(fromFile, { files: { f: short } }),
      online(port, { env: { TOKEN_SECRET: short, X: short, TAILRACE__ADMIN__PORT: short } }),
    ]) {
      expect(loaded.findings.length).toBeGreaterThan(0);
      expect(printed(loaded)).not.toContain('cAnArY');
    }
  });
});

test('F14 no slip of one character in the file makes a secret visible', () => {
  const text = `auth:
  jwt:
    secret: ${CANARY}
    issuer: https://idp.example
sources:
  - name: a
    stream: { hosts: [a], topics: [t], login: { user: u, password: ${CANARY} } }
    map: [{ path: "prices/{key}" }]
`;
  const slip = fc.record({
    at: fc.nat(text.length - 1),
    insert: fc.constantFrom('', ' ', '\n', ':', '"', "'", '{', '[', '#', '- ', 'x', '&', '*', '!'),
    remove: fc.nat(1),
  });
  fc.assert(
    fc.property(slip, ({ at, insert, remove }) => {
      const broken = text.slice(0, at) + insert + text.slice(at + remove);
      expect(printed(offline(broken))).not.toMatch(/cAnArY|0123456789/);
    }),
    { numRuns: 600 },
  );
});
