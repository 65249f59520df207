// What a configuration without mistakes resolves to.

import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { envNameOf, OPTIONS, type Option } from '../../src/config/options.js';
import { offline, online, resolved, SECRET, yaml } from './loading.js';

describe('a short configuration', () => {
  test('gets every default', () => {
    expect(resolved(online(yaml()))).toMatchObject({
      listen: { host: '0.0.0.0', port: 8080, origins: [] },
      admin: { host: '127.0.0.1', port: 9090 },
      auth: {
        kind: 'jwt',
        jwt: {
          key: { kind: 'secret' },
          algorithms: ['HS256'],
          roles: 'roles',
          leewayMs: 5000,
          maxAgeMs: 86_400_000,
        },
        anonymous: undefined,
      },
      sources: [
        {
          name: 'quotes',
          type: 'stream',
          format: { key: 'string', value: 'json' },
          numbers: 'string',
          contended: 'last',
        },
      ],
      limits: {
        maxMessageBytes: 65_536,
        authTimeoutMs: 10_000,
        filtersPerSession: 1000,
        visiblePathsPerSubscription: 10_000,
        conflateFromBytes: 262_144,
        conflateAfterMs: 2000,
        stallTimeoutMs: 30_000,
        sessions: 20_000,
        upgradesPerSecond: 200,
        unauthenticatedSessions: 1000,
        inboundPerSecond: 20,
        inboundBurst: 60,
        beatMs: 25_000,
        maxValueBytes: 1_048_576,
        maxDepth: 64,
        maxKeys: 20_000,
        elementsPerRecord: 10_000,
      },
      fanout: { flushWindowMs: 0 },
      log: { level: 'info' },
      shutdown: { graceMs: 9000, waitMs: 1000, spreadMs: 6000 },
    });
  });

  test('gets the defaults of its connector', () => {
    const [source] = resolved(online(yaml())).sources;
    expect(source?.options.reveal()).toEqual({
      hosts: ['a:1'],
      topics: ['fx.quotes'],
      batch: 500,
      tls: false,
    });
  });

  test('may leave sections empty, as when all of their lines are comments', () => {
    expect(resolved(online(yaml({ top: 'limits:\n  # sessions: 5\nlog:\n' }))).log.level).toBe('info');
  });

  test('that says auth: none is accepted on every loopback address', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '"::1"', 'localhost']) {
      expect(resolved(online(yaml({ top: `listen: { host: ${host} }`, auth: 'auth: none' }))).auth).toEqual({
        kind: 'none',
      });
    }
  });
});

describe('values', () => {
  test('have the units that they are written in', () => {
    const { limits } = resolved(
      online(
        yaml({
          top: 'limits: { maxValueBytes: 1.5MiB, maxMessageBytes: 70000, conflateFromBytes: 1 MB, beat: 1.5m, authTimeout: 250ms }',
        }),
      ),
    );
    expect(limits).toMatchObject({
      maxValueBytes: 1_572_864,
      maxMessageBytes: 70_000,
      conflateFromBytes: 1_000_000,
      beatMs: 90_000,
      authTimeoutMs: 250,
    });
  });

  test('origins are what browsers send', () => {
    const { origins } = resolved(
      online(yaml({ top: 'listen: { origins: ["https://App.Example:443", "http://localhost:3000"] }' })),
    ).listen;
    expect(origins).toEqual(['https://app.example', 'http://localhost:3000']);
  });

  test('a public key gives the algorithms that it can verify', () => {
    const pem = (key: { export(o: { type: 'spki'; format: 'pem' }): string | Buffer }) =>
      String(key.export({ type: 'spki', format: 'pem' }));
    const algorithmsOf = (key: string) => {
      const loaded = online(
        yaml({ auth: 'auth: { jwt: { publicKey: { file: key.pem }, issuer: i, audience: a } }' }),
        { files: { 'key.pem': key } },
      );
      const { auth } = resolved(loaded);
      return auth.kind === 'jwt' ? auth.jwt.algorithms.join() : '';
    };
    expect(algorithmsOf(pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey))).toBe('ES256');
    expect(algorithmsOf(pem(generateKeyPairSync('ed25519').publicKey))).toBe('EdDSA');
    expect(algorithmsOf(pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey))).toBe(
      'RS256,RS384,RS512,PS256,PS384,PS512',
    );
  });
});

describe('variables and files', () => {
  test('are read from { env } and { file } nodes only, never from within a text', () => {
    const env = { TOKEN_SECRET: SECRET, ROLE: 'trader' };
    const loaded = online(
      yaml({ entitlements: 'entitlements: [{ allow: [{ env: ROLE }, "${ROLE}"], paths: [prices/**] }]' }),
      { env },
    );
    expect(resolved(loaded).entitlements[0]?.allow).toEqual(['trader', '${ROLE}']);
  });

  test('lose the newline that editors put at the end of a file', () => {
    const text = yaml({ auth: 'auth: { jwt: { secret: { file: s }, issuer: i, audience: a } }' });
    const { auth } = resolved(online(text, { files: { s: `${SECRET}\n` } }));
    expect(auth.kind === 'jwt' && auth.jwt.key.kind === 'secret' ? auth.jwt.key.secret.reveal() : '').toBe(
      SECRET,
    );
  });

  test('become numbers and switches where these belong', () => {
    const text = yaml({
      top: 'listen: { port: { env: PORT } }',
      sources:
        'sources: [{ name: a, stream: { hosts: [{ env: HOST }], topics: [t], tls: { env: TLS }, batch: { env: BATCH } }, map: [{ path: prices }] }]',
    });
    const env = { TOKEN_SECRET: SECRET, PORT: '81', HOST: '7', TLS: 'true', BATCH: '9' };
    const config = resolved(online(text, { env }));
    expect(config.listen.port).toBe(81);
    expect(config.sources[0]?.options.reveal()).toMatchObject({ hosts: ['7'], tls: true, batch: 9 });
  });

  test('are not looked for in mappings whose keys are the user’s own', () => {
    const rules = 'entitlements: [{ allow: [a], paths: [prices/**], claims: { env: prod } }]';
    expect(resolved(online(yaml({ entitlements: rules }))).entitlements[0]?.claims).toEqual({ env: 'prod' });
  });

  test('are not needed by an offline check, which lists them', () => {
    const text = yaml({
      top: 'listen: { port: { env: PORT } }',
      sources:
        'sources: [{ name: a, stream: { hosts: [a], topics: [t], batch: { env: BATCH }, login: { user: u, password: { file: /p } } }, map: [{ path: prices }] }]',
    });
    const loaded = offline(text);
    expect(loaded.findings).toEqual([]);
    expect(loaded.needs).toEqual(['env BATCH', 'env PORT', 'env TOKEN_SECRET', 'file /p']);
  });
});

describe('a TAILRACE__ variable', () => {
  const LEVEL = { TOKEN_SECRET: SECRET, TAILRACE__LOG__LEVEL: 'debug' };

  test('beats the default, in silence', () => {
    const loaded = online(yaml(), { env: LEVEL });
    expect(resolved(loaded).log.level).toBe('debug');
    expect(loaded.findings).toEqual([]);
  });

  test('beats the file, and says so with the line that does not count', () => {
    const loaded = online(yaml({ top: 'log: { level: warn }' }), { env: LEVEL });
    expect(resolved(loaded).log.level).toBe('debug');
    expect(loaded.findings).toMatchObject([
      { severity: 'warning', code: 'env-overrides', line: 1, column: 15 },
    ]);
  });

  test('is not confused with the variables that Kubernetes makes of a service called tailrace-admin', () => {
    const env = {
      TOKEN_SECRET: SECRET,
      TAILRACE_ADMIN_PORT: 'tcp://10.0.0.1:9090',
      TAILRACE_ADMIN_SERVICE_HOST: '10.0.0.1',
    };
    const loaded = online(yaml(), { env });
    expect(resolved(loaded).admin.port).toBe(9090);
    expect(loaded.findings).toEqual([]);
  });

  test('decides about auth: none as the file would', () => {
    const text = yaml({ top: 'listen: { host: 127.0.0.1 }', auth: 'auth: none' });
    const loaded = online(text, { env: { TAILRACE__LISTEN__HOST: '0.0.0.0' } });
    expect(loaded.findings.map(({ code }) => code)).toContain('auth-none-exposed');
  });
});

describe('properties', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    host: fc.constantFrom('127.0.0.1', 'localhost', '::1', 'a.example'),
    port: fc.integer({ min: 0, max: 65535 }),
    'whole number': fc.integer({ min: 1, max: 500 }),
    duration: fc.constantFrom('200ms', '900ms', '1s'),
    'true | false': fc.boolean(),
    size: fc.oneof(fc.constantFrom('4KiB', '64KiB', '1MiB'), fc.integer({ min: 5000, max: 1_000_000 })),
    'list of ranges': fc.subarray(['private', 'loopback', '10.20.0.0/16', '10.1.2.3', 'fd00::/8', '::1/128']),
    'list of origins': fc.uniqueArray(word.map((name) => `https://${name}.example`)),
  };
  const valueOf = ({ format }: Option<unknown>) =>
    scalars[format.name] ?? fc.constantFrom('debug', 'info', 'warn', 'error');
  /** Secrets are written in no file: admin-token.test.ts. */
  const open = (options: Readonly<Record<string, Option<unknown>>>) =>
    Object.entries(options).filter(([, { format }]) => format.isSecret !== true);
  const tree = fc.record(
    Object.fromEntries(
      Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS).map(([section, options]) => [
        section,
        fc.record(Object.fromEntries(open(options).map(([name, option]) => [name, valueOf(option)])), {
          requiredKeys: [],
        }),
      ]),
    ),
    { requiredKeys: [] },
  );
  const rule = fc.record(
    {
      path: fc
        .uniqueArray(
          fc.oneof(
            word,
            word.map((name) => `{value.${name}}`),
          ),
          { minLength: 1, maxLength: 4 },
        )
        .map((parts) => parts.join('/')),
      when: word.map((name) => `value.x_${name} == 1`), // `in`, `if` and others are words of CEL
      ignore: fc.uniqueArray(
        word.map((name) => `/${name}`),
        { minLength: 1 },
      ),
      deadband: fc.array(
        fc.record({ field: word.map((name) => `/${name}`), within: fc.integer({ min: 1, max: 9 }) }),
        { minLength: 1 },
      ),
    },
    { requiredKeys: ['path'] },
  );
  const document = fc.record({
    tree,
    sources: fc.uniqueArray(fc.record({ name: word, map: fc.array(rule, { minLength: 1, maxLength: 3 }) }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ name }) => name,
    }),
    roles: fc.array(
      fc.oneof(
        fc.constant('everyone'),
        fc.uniqueArray(
          word.filter((role) => role !== 'everyone'),
          { minLength: 1 },
        ),
      ),
      { maxLength: 4 },
    ),
  });

  test('every valid configuration resolves, in whichever style of YAML it is written, and offline as at run', () => {
    fc.assert(
      fc.property(document, fc.boolean(), ({ tree: fixed, sources, roles }, flow) => {
        const limits = { ...fixed['limits'], conflateAfter: '1s', stallTimeout: '2s' };
        const written = {
          ...fixed,
          limits,
          shutdown: { ...fixed['shutdown'], grace: '10m', wait: '0s' },
          auth: { jwt: { secret: { env: 'TOKEN_SECRET' }, issuer: 'i', audience: 'a' } },
          sources: sources.map(({ name, map }) => ({
            name,
            stream: { hosts: ['h'], topics: [name] },
            map: map.map((each) => ({ ...each, path: `${name}/${each.path}` })),
          })),
          entitlements: roles.map((allow, index) => ({
            [index % 2 === 0 ? 'allow' : 'deny']: allow,
            paths: ['**'],
          })),
        };
        const text = stringify(written, flow ? { collectionStyle: 'flow' } : {});
        const config = resolved(online(text));
        expect(config.sources.map(({ name }) => name)).toEqual(sources.map(({ name }) => name));
        expect(config.entitlements).toEqual(written.entitlements);
        expect(resolved(offline(text)).limits).toEqual(config.limits);
      }),
      { numRuns: 80 },
    );
  });

  test('a variable and the file mean the same when they say the same', () => {
    const [sections, places] = [
      Object.entries<Readonly<Record<string, Option<unknown>>>>(OPTIONS),
      [] as [string, string, Option<unknown>][],
    ];
    for (const [section, options] of sections)
      for (const [name, option] of open(options)) places.push([section, name, option]);
    fc.assert(
      fc.property(
        fc
          .constantFrom(...places)
          .chain(([section, name, option]) =>
            fc.tuple(fc.constant(section), fc.constant(name), valueOf(option)),
          ),
        ([section, name, value]) => {
          const orderly: Readonly<Record<string, object>> = {
            limits: { conflateAfter: '100ms', stallTimeout: '5s' },
            shutdown: { grace: '10m', wait: '0s', spread: '0s' },
          };
          const base = { ...orderly, [section]: { ...orderly[section], [name]: value } };
          const env = {
            TOKEN_SECRET: SECRET,
            [envNameOf(section, name)]: Array.isArray(value) ? value.join() : String(value),
          };
          fc.pre(!(Array.isArray(value) && value.length === 0));
          const file = online(yaml({ top: stringify(base) }));
          const both = online(yaml({ top: stringify(base) }), { env });
          expect(JSON.stringify(both.config)).toBe(JSON.stringify(file.config));
          expect(both.findings.map(({ code }) => code)).toEqual([
            ...file.findings.map(({ code }) => code),
            'env-overrides',
          ]);
        },
      ),
      { numRuns: 80 },
    );
  });
});
