// Every kind of mistake, each in a configuration that is fine otherwise: the one finding has this code and this line.

import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connectors } from '../../connectors/registry.js';
import { loadConfig, type LoadedConfig } from '../../src/config/load.js';
import type { Surroundings } from '../../src/config/interpolation.js';
import { filesWith, tailrace } from '../cli/command.js';
import { BROKEN_CONFIGS } from './broken-configs.js';
import { offline, online, SECRET, summary, yaml } from './loading.js';

const JWT = 'issuer: https://idp.example, audience: tailrace';
const STREAM = 'stream: { hosts: [a:1], topics: [t] }';
const source = (lines: string) => yaml({ sources: `sources:\n  - name: quotes\n    ${lines}` });
const auth = (text: string) => yaml({ auth: text });
const top = (text: string) => yaml({ top: text });

const SHORT_RSA = `-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMyMvBJ8XNSTRlwJN+35tXLxYC0aXIPV
NTVwjgrzzOdkmPCNU2H0CFOxkBNHBzxGF4/pBFcdqwDnjPo7mPoRLj8CAwEAAQ==
-----END PUBLIC KEY-----`;

/** With connectors of these tests, whose options have forms to choose from. */
const OF_CONNECTORS: readonly (readonly [what: string, text: string, expected: string])[] = [
  [
    'a source with two connectors',
    source(`${STREAM}\n    table: { url: u }\n    map: [{ path: prices }]`),
    'two-connectors 6',
  ],
  [
    'topics in no form that there is',
    source('stream: { hosts: [a:1], topics: 7 }\n    map: [{ path: prices }]'),
    'wrong-type 5',
  ],
  [
    'a mistake in one form of topics',
    source('stream: { hosts: [a:1], topics: { patern: x* } }\n    map: [{ path: prices }]'),
    'missing-key 5,unknown-key 5',
  ],
];

const ENV = { TOKEN_SECRET: SECRET };
const PAGE = readFileSync('docs/config.md', 'utf8');
const ONLINE: Surroundings = { kind: 'online', env: ENV, readFile: () => '' };

/** With the connectors that there are. */
function load(text: string, surroundings: Surroundings): LoadedConfig {
  return loadConfig({ name: 'tailrace.yaml', text }, connectors, surroundings);
}

describe('D9 fifty broken configurations are refused at the start', () => {
  test('there are fifty at least, and no two are the same', () => {
    expect(BROKEN_CONFIGS.length).toBeGreaterThanOrEqual(50);
    expect(new Set(BROKEN_CONFIGS.map(({ text }) => text)).size).toBe(BROKEN_CONFIGS.length);
    expect(new Set(BROKEN_CONFIGS.map(({ name }) => name)).size).toBe(BROKEN_CONFIGS.length);
  });

  test.each(BROKEN_CONFIGS)('$name: with just that finding, on its line', ({ text, code, line = 0 }) => {
    for (const surroundings of [ONLINE, { kind: 'offline' } as const]) {
      const loaded = load(text, surroundings);
      expect(summary(loaded)).toEqual([`${code} ${line}`]);
      expect(loaded.config).toBeUndefined();
      for (const { docs } of loaded.findings) expect(PAGE).toContain(`<a id="${docs.split('#')[1]}"></a>`);
    }
  });

  test.each(BROKEN_CONFIGS)('$name: by run and by check --env alike', async ({ text, code, line = 0 }) => {
    const { config = '' } = filesWith({ config: text });
    const started = performance.now();
    const ran = await tailrace(['run', '-c', config], { env: ENV });
    expect(performance.now() - started).toBeLessThan(2000);
    expect([ran.code, ran.stdout]).toEqual([78, '']);
    const [finding, last, ...more] = ran.stderr
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as object);
    expect(finding).toMatchObject({
      level: 'error',
      event: 'config-mistake',
      finding: code,
      line,
      file: config,
    });
    expect(finding).toMatchObject({
      path: expect.any(String),
      docs: expect.stringMatching(/^docs\/config\.md#/),
    });
    expect(last).toMatchObject({ event: 'config-rejected', errors: 1 });
    expect(more).toEqual([]);

    const checked = await tailrace(['check', '--env', '--json', '-c', config], { env: ENV });
    expect(checked.code).toBe(78);
    expect(JSON.parse(checked.stdout.split('\n')[0] ?? '')).toMatchObject({ finding: code, line });
  });
});

describe('D9 a broken configuration', () => {
  test.each(OF_CONNECTORS)('with %s has just that finding, on its line', (_what, text, expected) => {
    for (const loaded of [offline(text), online(text)]) {
      expect(summary(loaded).join()).toBe(expected);
      expect(loaded.config).toBeUndefined();
    }
  });

  const atRun: readonly (readonly [string, string, Parameters<typeof online>[1], string])[] = [
    ['a variable that is not set', yaml(), { env: {} }, 'env-missing 2'],
    ['a variable that is empty', yaml(), { env: { TOKEN_SECRET: '' } }, 'env-missing 2'],
    ['a secret that is short', yaml(), { env: { TOKEN_SECRET: SECRET.slice(0, 31) } }, 'secret-short 2'],
    [
      'a file that is not there',
      auth(`auth: { jwt: { publicKey: { file: key.pem }, ${JWT} } }`),
      {},
      'file-unreadable 2',
    ],
    [
      'a short RSA key',
      auth(`auth: { jwt: { publicKey: { file: key.pem }, ${JWT} } }`),
      { files: { 'key.pem': SHORT_RSA } },
      'bad-key 2',
    ],
    [
      'a private key as the public one',
      auth(`auth: { jwt: { publicKey: { file: k }, ${JWT} } }`),
      { files: { k: '-----BEGIN PRIVATE KEY-----' } },
      'bad-key 2',
    ],
    [
      'text from a variable as a port',
      top('listen: { port: { env: PORT } }'),
      { env: { TOKEN_SECRET: SECRET, PORT: 'http' } },
      'wrong-type 1',
    ],
    [
      'a variable that names no option',
      yaml(),
      { env: { TOKEN_SECRET: SECRET, TAILRACE__LISTEN__PROT: '1' } },
      'unknown-env 0',
    ],
    [
      'a variable with a bad value',
      yaml(),
      { env: { TOKEN_SECRET: SECRET, TAILRACE__LISTEN__PORT: 'x' } },
      'wrong-type 0',
    ],
  ];
  test.each(atRun)('%s is found when the surroundings are known', (_what, text, world, expected) => {
    expect(summary(online(text, world)).join()).toBe(expected);
  });

  test('shows all of its mistakes at once, in the order of the file', () => {
    const text = `listen: { prot: 8080 }
limits: { authTimeout: 10, sessions: 0 }
auth: { jwt: { issuer: 7 } }
sources:
  - name: quotes
    stream: { topics: 7 }
    map: [{ path: a//b, when: "(" }, { path: "{key}", ignore: [x] }]
  - name: quotes
entitlements:
  - { allow: [a], deny: [a], paths: ["a/**/b"] }
`;
    expect(summary(offline(text))).toEqual([
      'unknown-key 1',
      'bad-value 2',
      'out-of-range 2',
      'missing-key 3',
      'wrong-type 3',
      'missing-key 6',
      'wrong-type 6',
      'bad-rule 7',
      'bad-rule 7',
      'bad-value 7',
      'missing-key 8',
      'no-connector 8',
      'duplicate-name 8',
      'bad-rule 10',
      'bad-rule 10',
    ]);
  });
});
