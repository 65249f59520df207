// `check --print`: what the configuration comes to, where each value comes from, and no secret.

import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { connectors } from '../../connectors/registry.js';
import type { Config } from '../../src/config/config.js';
import type { Surroundings } from '../../src/config/interpolation.js';
import { loadConfig } from '../../src/config/load.js';
import { Secret } from '../../src/config/secret.js';
import { printedValues, printedYaml } from '../../src/config/printed-config.js';
import { filesWith, tailrace } from '../cli/command.js';
import { ENVIRONMENT, SEED_CONFIGS } from './mutations.js';

const CANARY = 'cAnArY-0123456789-cAnArY-0123456789';
const PEM = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
);
/** Everything that a secret can come from holds the canary. */
const ENV = {
  ...ENVIRONMENT,
  ...Object.fromEntries(
    ['TOKEN_SECRET', 'DEMO_JWT_SECRET', 'ADMIN_TOKEN', 'SECRET_KEY', 'PASSWORD'].map((name) => [
      name,
      CANARY,
    ]),
  ),
  DEMO_POSTGRES: `postgres://demo:${CANARY}@127.0.0.1:1/demo`,
};
const ONLINE: Surroundings = { kind: 'online', env: ENV, readFile: () => PEM };

function load(text: string, surroundings: Surroundings = ONLINE) {
  const loaded = loadConfig({ name: 'tailrace.yaml', text }, connectors, surroundings);
  if (loaded.origins === undefined) throw new Error(JSON.stringify(loaded.findings));
  return { config: loaded.config, origins: loaded.origins };
}

/** As data, with what is sealed. */
function revealed(config: Config | undefined): unknown {
  const open = (node: unknown): unknown => {
    if (node instanceof Secret) return open(node.reveal());
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(open);
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, open(value)]));
  };
  return open(config);
}

const SHORT = `listen: { port: { env: PORT } }
limits:
  authTimeout: 5s
auth: { jwt: { secret: { env: TOKEN_SECRET }, issuer: i, audience: a } }
sources:
  - name: quotes
    kafka: { brokers: [{ env: BROKER }, b:2], topics: [t, u], sasl: { mechanism: plain, username: u, password: { file: pw } } }
    map: [{ path: 'a/{key}', value: { rename: { /a: /b } } }]
entitlements: [{ allow: [r], paths: ['a/**'] }]
`;
const SHORT_ENV = { PORT: '81', BROKER: 'a:1', TOKEN_SECRET: CANARY, TAILRACE__LOG__LEVEL: 'debug' };
const shortOnline: Surroundings = { kind: 'online', env: SHORT_ENV, readFile: () => CANARY };

test('every value has its origin: default, line, variable or file', () => {
  const { origins } = load(SHORT, shortOnline);
  const values = printedValues(origins, connectors).map(({ key, value, origin }) => [key, value, origin]);
  for (const expected of [
    ['listen.host', '0.0.0.0', 'default'],
    ['listen.port', 81, 'env PORT'],
    ['listen.origins', [], 'default'],
    ['limits.authTimeout', '5s', 'tailrace.yaml:3'],
    ['log.level', 'debug', 'env TAILRACE__LOG__LEVEL'],
    ['auth.jwt.secret', '[redacted]', 'env TOKEN_SECRET'],
    ['auth.jwt.algorithms', ['HS256'], 'default'],
    ['sources.quotes.name', 'quotes', 'tailrace.yaml:6'],
    ['sources.quotes.kafka.brokers[0]', 'a:1', 'env BROKER'],
    ['sources.quotes.kafka.brokers[1]', 'b:2', 'tailrace.yaml:7'],
    ['sources.quotes.kafka.topics', ['t', 'u'], 'tailrace.yaml:7'],
    ['sources.quotes.kafka.sasl.password', '[redacted]', 'file pw'],
    ['sources.quotes.kafka.start', 'earliest', 'default'],
    ['sources.quotes.map[0].value.rename["/a"]', '/b', 'tailrace.yaml:8'],
    ['entitlements[0].paths', ['a/**'], 'tailrace.yaml:9'],
  ])
    expect(values).toContainEqual(expected);
  expect(values.map(([key]) => key)).not.toContain('admin.token');
});

test('is YAML that a person can read', () => {
  const text = printedYaml(load(SHORT, shortOnline).origins, connectors);
  expect(text.slice(0, text.indexOf('admin:'))).toBe(`listen:
  host: 0.0.0.0 # default
  port: 81 # env PORT
  origins: [] # default
`);
  expect(text).toContain(`      brokers:
        - a:1 # env BROKER
        - b:2 # tailrace.yaml:7
      topics: [t, u] # tailrace.yaml:7
`);
});

test('offline it shows what is not known as it stands in the file', () => {
  const { origins } = load(SHORT, { kind: 'offline' });
  const text = printedYaml(origins, connectors);
  expect(text).toContain('  port: {env: PORT} # env PORT\n');
  expect(text).toContain('    secret: {env: TOKEN_SECRET} # env TOKEN_SECRET\n');
  expect(text).toContain('        password: {file: pw} # file pw\n');
});

describe.each(SEED_CONFIGS.map((text, index) => [index, text] as const))('seed %i', (_, text) => {
  test('F14 prints no secret', () => {
    for (const surroundings of [ONLINE, { kind: 'offline' } as const]) {
      const { origins } = load(text, surroundings);
      expect(printedYaml(origins, connectors)).not.toContain('cAnArY');
      expect(JSON.stringify(printedValues(origins, connectors))).not.toContain('cAnArY');
      expect(JSON.stringify({ origins })).not.toContain('cAnArY');
    }
  });

  test('loads to the same configuration when it is read again, the secrets put back', () => {
    const { config, origins } = load(text);
    const printed = printedYaml(origins, connectors)
      .replaceAll(/url: "?\[redacted\]"?/g, 'url: { env: DEMO_POSTGRES }')
      .replaceAll(/"?\[redacted\]"?/g, '{ env: TOKEN_SECRET }');
    expect(revealed(load(printed).config)).toEqual(revealed(config));
  });

  test('and offline loads to the same without putting anything back', () => {
    const { config } = load(text);
    const printed = printedYaml(load(text, { kind: 'offline' }).origins, connectors);
    expect(revealed(load(printed).config)).toEqual(revealed(config));
  });
});

describe('check --print', () => {
  test('gives YAML on stdout and the rest on stderr, with --json an object per value', async () => {
    const { config = '' } = filesWith({ config: SHORT.replace("'a/**'", "'a/**', 'b/**'"), pw: CANARY });
    const run = await tailrace(['check', '--env', '--print', '-c', config], { env: SHORT_ENV });
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^listen:\n {2}host: 0\.0\.0\.0 # default\n/);
    expect(run.stderr).toContain('matches-nothing');
    expect(run.stdout).toContain(`mechanism: plain # ${config}:7`);
    const asJson = await tailrace(['check', '--json', '--print', '-c', config]);
    const objects = asJson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(objects).toContainEqual({ key: 'listen.port', value: { env: 'PORT' }, origin: 'env PORT' });
  });

  test('of a broken file prints the findings alone', async () => {
    const { config = '' } = filesWith({ config: SHORT.replace('port:', 'prot:') });
    const { code, stdout } = await tailrace(['check', '--print', '-c', config]);
    expect([code, stdout]).toEqual([78, expect.stringContaining('unknown-key')]);
    expect(stdout).not.toContain('# default');
  });
});
