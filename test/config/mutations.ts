// Configurations for properties: complete ones that are right, and what becomes of them when something happens to them. Most
// of what comes out is wrong in one or two places; some of it is odd and still right.

import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

/** Configurations without a finding, in which every option and every form of it occurs somewhere. */
export const SEED_CONFIGS: readonly string[] = [
  readFileSync('examples/tailrace.yaml', 'utf8'),
  readFileSync('examples/demo.yaml', 'utf8'),
  `# all that there is
outbound: { allow: [private, 10.20.0.0/16, { env: RANGE }, "::1"] }
listen: { host: "::1", port: "0", origins: "https://a.example, https://b.example:8443" }
admin: { host: localhost, port: { env: ADMIN_PORT }, token: { env: ADMIN_TOKEN } }
auth:
  jwt: { publicKey: { file: key.pem }, algorithms: [ES256], issuer: i, audience: a, roles: r, leeway: 0, maxAge: 1.5 h }
  anonymous: { roles: [guest, { env: ROLE }] }
sources:
  - name: a
    kafka: &kafka
      brokers: ["kafka:9092", { env: BROKER }]
      topics: [a.*]
      start: 2026-01-31T08:00:00Z
      clientId: me
      tls: { ca: { file: key.pem }, cert: { file: key.pem }, key: { env: SECRET_KEY }, servername: kafka }
      sasl: { mechanism: scram-sha-256, username: { env: USER_NAME }, password: { env: PASSWORD } }
      fetchWindow: 5ms
      maxBytesPerPartition: { env: BATCH }
      clientRack: r
      interruptedAfter: 3s
      requestTimeout: 5s
    format: { key: json, value: json }
    numbers: reject
    contended: newest
    map:
      - path: 'a/{key.id}'
        when: value.kind == 'x'
        deleteWhen: value.gone == true
        value: { pick: [/a, /b], omit: [/b/c], rename: { /a: /z, env: x } }
        ignore: [/at]
        deadband: [{ field: /n, within: 0.5 }]
  - name: b
    kafka: *kafka
    map: [{ path: 'b/{value.x}', when: { env: CONDITION } }]
  - name: c
    kafka:
      brokers: { env: BROKER }
      topics: [c]
      tls: true
      sasl: { mechanism: oauthbearer, tokenUrl: https://idp.example/token, clientId: c, clientSecret: { env: PASSWORD }, scope: s, parameters: { a: b }, extensions: { logicalCluster: l } }
    map: [{ path: 'c/{key}' }]
  - name: d
    kafka:
      brokers: "kafka:9092, [::1]:9092"
      topics: [d]
      sasl: { mechanism: aws-msk-iam, region: eu-central-1, roleArn: 'arn:aws:iam::123456789012:role/reader' }
    map: [{ path: 'd/{key}' }]
entitlements:
  - { allow: everyone, paths: ['a/{claims.id}', { env: RULE_PATH }], hide: [/a], claims: { env: prod, n: [1, true, { env: ROLE }] } }
  - { deny: [x], paths: ['**'] }
limits: { maxMessageBytes: 70000, authTimeout: 1s, sessions: "5", conflateAfter: 100ms, stallTimeout: { env: STALL } }
fanout: { flushWindow: 0 }
log: { level: { env: LEVEL } }
reload: { watch: { env: WATCH } }
shutdown: { grace: 10s, wait: 0, spread: 2 s }
`.replace(', env: x }', ' }'),
  `listen: { host: 127.0.0.1, port: 0 }
auth: none
sources:
  - { name: s, kafka: { brokers: [127.0.0.1:1], topics: [t], tls: false, start: 15m }, map: [{ path: 's/{key}' }] }
entitlements: [{ allow: [a], paths: [s/*] }]
limits:
`,
];

/** What the seeds take from elsewhere. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  TOKEN_SECRET: 'a secret of more than thirty-two bytes',
  DEMO_JWT_SECRET: 'another secret of more than thirty-two bytes',
  DEMO_KAFKA: '127.0.0.1:1',
  DEMO_POSTGRES: 'postgres://demo:a-password-of-the-demo@127.0.0.1:1/demo',
  DEMO_WEATHER: 'http://127.0.0.1:1/weather/stations.json',
  ADMIN_PORT: '0',
  RANGE: '10.9.0.0/16',
  ADMIN_TOKEN: 'a-token-of-sixteen-bytes',
  ROLE: 'visitor',
  BROKER: 'kafka2:9092',
  SECRET_KEY: 'pem',
  USER_NAME: 'u',
  PASSWORD: 'p',
  BATCH: '2048',
  CONDITION: 'value.y == 1',
  RULE_PATH: 'b/**',
  STALL: '10s',
  LEVEL: 'error',
  WATCH: 'false',
};

type Place = readonly (string | number)[];

const STRANGE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 0.5, 1e30, -0, 9007199254740993, '', ' ', 'x', '0', '1', 'true', '-5'],
  ...[
    '5s',
    ' 5s ',
    '5 s',
    '1.5h',
    '0.0001ms',
    '1e3',
    '64KiB',
    '1 MB',
    'none',
    'everyone',
    '**',
    '*',
    '/a',
    '/',
    '//',
    '{key}',
  ],
  ...[
    'a/{value.b}',
    'a/{value[0]}',
    '{',
    "value.a == 'x'",
    'value.a +',
    '2026-02-30',
    '15m',
    'HTTPS://A.example',
    '\ud800',
    '\u0000',
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    [{}],
    { env: 'ROLE' },
    { env: 'MISSING' },
    { file: 'key.pem' },
    { env: '' },
    { env: 'ROLE', file: 'x' },
  ],
  ...[
    { env: { env: 'ROLE' } },
    ['a', 'a'],
    { a: 1 },
    'x'.repeat(7000),
    Array.from({ length: 300 }, (_, i) => i),
  ],
];
const NAMES = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
    '',
    ' ',
    '<<',
    'env',
    'file',
    'name',
    'none',
  ],
  ...[
    'listen',
    'host',
    'port',
    'allow',
    'deny',
    'paths',
    'hide',
    'path',
    'when',
    'map',
    'kafka',
    'table',
    'secret',
    'jwksUrl',
    '0',
  ],
];

/** The text of a seed after one or two changes to its values, and none or one to its characters. */
export const mutatedConfigs: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...SEED_CONFIGS),
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(5)), { minLength: 1, maxLength: 2 }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(), fc.nat()) },
    ),
    fc.boolean(),
  )
  .map(([seed, changes, slip, flow]) => {
    let root = parse(seed) as unknown;
    for (const [at, what, how] of changes) root = changed(root, { at, what, how });
    const text = stringify(root, {
      aliasDuplicateObjects: false,
      ...(flow ? { collectionStyle: 'flow' } : {}),
    });
    return slip === null ? text : slipped(text, slip);
  });

interface Change {
  readonly at: number;
  readonly what: number;
  readonly how: number;
}

function changed(root: unknown, { at, what, how }: Change): unknown {
  const copy = structuredClone(root);
  const places = placesIn(copy, []);
  const place = places[at % places.length] ?? [];
  const last = place.at(-1);
  const parent = place.slice(0, -1).reduce<unknown>((node, step) => (node as never)[step], copy);
  if (last === undefined || typeof parent !== 'object' || parent === null) return copy;
  const holder = parent as Record<string | number, unknown>;
  const value = holder[last];
  switch (how) {
    case 0: // gone
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete holder[last];
      return copy;
    case 1: // twice
      if (Array.isArray(parent)) parent.push(structuredClone(value));
      else holder[`${String(last)}2`] = value;
      return copy;
    case 2: // under another name
      if (!Array.isArray(parent)) delete holder[last];
      define(holder, NAMES[what % NAMES.length] ?? '', value);
      return copy;
    case 3: // the value of another place
      holder[last] = structuredClone(valueAt(copy, places[what % places.length] ?? []));
      return copy;
    default:
      holder[last] = structuredClone(STRANGE[what % STRANGE.length]);
      return copy;
  }
}

function define(holder: object, name: string, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value);
  else Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

function valueAt(root: unknown, place: Place): unknown {
  return place.reduce<unknown>(
    (node, step) => (node as Record<string | number, unknown> | null)?.[step],
    root,
  );
}

function placesIn(node: unknown, path: Place): Place[] {
  if (typeof node !== 'object' || node === null) return [path];
  const below = Object.entries(node).flatMap(([key, value]) =>
    placesIn(value, [...path, Array.isArray(node) ? Number(key) : key]),
  );
  return [path, ...below];
}

/** Bits of YAML that fall into a text. */
const BITS = [
  ...[
    '\t',
    '\r\n',
    '\n',
    ' ',
    '  ',
    '#',
    ':',
    ': ',
    '- ',
    '? ',
    '&a ',
    '*a ',
    '*kafka',
    '!!str ',
    '!!set ',
    '!x ',
    '|\n',
    '>-\n',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    '\ufeff',
    '\u2028',
    '\u0000',
    '<<: ',
    '~',
    '@',
    '`',
  ],
];

function slipped(text: string, [at, what]: readonly [number, number]): string {
  const index = at % (text.length + 1);
  return (
    text.slice(0, index) + (BITS[what % BITS.length] ?? '') + text.slice(index + (what % 3 === 0 ? 1 : 0))
  );
}
