// `outbound` as written and as resolved, and the addresses in a configuration that it must allow.

import { describe, expect, test } from '@jest/globals';
import { differenceOf } from '../../src/config/difference.js';
import { offline, online, resolved, SECRET, yaml } from './loading.js';

const allowing = (list: string, rest = yaml()) => `outbound: { allow: ${list} }\n${rest}`;
const keysAt = (url: string) =>
  yaml({ auth: `auth: { jwt: { jwksUrl: "${url}", issuer: i, audience: a } }` });
const schemasAt = (url: string) =>
  yaml({
    sources: `sources:
  - name: quotes
    stream: { hosts: [a:1], topics: [t] }
    format: { value: avro }
    schemaRegistry: { url: "${url}" }
    map: [{ path: prices/all }]`,
    entitlements: 'entitlements: [{ allow: [a], paths: [prices/**] }]',
  });

test('nothing is allowed that nobody wrote', () => {
  expect(resolved(online(yaml())).outbound).toEqual({ allow: [] });
});

test('ranges, addresses and words are taken as written, from the file and from the variable', () => {
  const allow = ['private', '10.20.0.0/16', '::1'];
  expect(resolved(online(allowing('[private, 10.20.0.0/16, "::1"]'))).outbound).toEqual({ allow });
  const env = { TOKEN_SECRET: SECRET, TAILRACE__OUTBOUND__ALLOW: 'private, 10.20.0.0/16,::1' };
  expect(resolved(online(yaml(), { env })).outbound).toEqual({ allow });
});

test.each([
  ['privat', 'private'],
  ['LOOPBACK', 'loopback'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['"fd00::1/8"', 'fd00::/8'],
  ['metadata', undefined],
])('%s is no entry; perhaps %s is meant', (entry, suggestion) => {
  expect(online(allowing(`[loopback, ${entry}]`)).findings).toMatchObject([
    { code: 'bad-value', path: 'outbound.allow[1]', suggestion },
  ]);
});

test('a change is named and needs no restart', () => {
  const { changes, needRestart } = differenceOf(
    resolved(online(yaml())),
    resolved(online(allowing('[private]'))),
  );
  expect([changes, needRestart]).toEqual([['outbound.allow: changed'], []]);
});

describe('F17 what can never be asked is said before anything runs', () => {
  test.each([
    [
      'http://127.0.0.1:8081/x',
      '127.0.0.1 is a loopback address; if that is meant, add 127.0.0.1/32, or the word loopback, to outbound.allow',
    ],
    [
      'https://10.0.3.4',
      '10.0.3.4 is a private address; if that is meant, add 10.0.3.4/32, or the word private, to outbound.allow',
    ],
    [
      'https://169.254.169.254/x',
      '169.254.169.254 is a link-local address; if that is meant, add 169.254.169.254/32 to outbound.allow',
    ],
    [
      'https://2852039166/x',
      '169.254.169.254 is a link-local address; if that is meant, add 169.254.169.254/32 to outbound.allow',
    ],
    [
      'https://[::ffff:169.254.169.254]',
      '::ffff:a9fe:a9fe stands for 169.254.169.254, which is a link-local address; if that is meant, add 169.254.169.254/32 to outbound.allow',
    ],
    [
      'https://[fd00:ec2::254]',
      'fd00:ec2::254 is the address of a cloud’s metadata service; if that is meant, add fd00:ec2::254/128 to outbound.allow',
    ],
  ])('%s', (url, message) => {
    for (const [text, path] of [
      [keysAt(url), 'auth.jwt.jwksUrl'],
      [schemasAt(url), 'sources.quotes.schemaRegistry.url'],
    ] as const) {
      const found = offline(text).findings.filter(({ code }) => code === 'outbound-refused');
      expect(found).toMatchObject([{ severity: 'error', path, message }]);
      const [entry] = /(?<=add )[^ ,]+/.exec(message) ?? [];
      const codes = offline(allowing(`["${entry}"]`, text)).findings.map(({ code }) => code);
      expect(codes).not.toContain('outbound-refused');
    }
  });

  test('names, and what is not known yet, are judged when they are used', () => {
    const codesOf = (text: string) => offline(text).findings.map(({ code }) => code);
    for (const url of ['https://registry.example', 'https://localhost:8081']) {
      expect(codesOf(schemasAt(url))).toEqual([]);
      expect(codesOf(keysAt(url))).toEqual([]);
    }
    expect(codesOf(allowing('[{ env: RANGE }]', schemasAt('http://10.0.3.4')))).toEqual([]);
  });
});
