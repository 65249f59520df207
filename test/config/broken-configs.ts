// Configurations with one mistake each, for everything that must refuse them: check, a start, a reload. They name the
// variable TOKEN_SECRET, which is to hold 32 bytes or more, and are fine otherwise.

import { yaml as yamlOf } from './loading.js';

export interface BrokenConfig {
  /** What is wrong, as the rest of a sentence that begins with "a configuration with". */
  readonly name: string;
  readonly text: string;
  /** Of its one finding. */
  readonly code: string;
  /** Of that finding; absent: it is about something that is not in the file. */
  readonly line?: number;
}

const JWT = 'issuer: https://idp.example, audience: tailrace';
const KAFKA = 'kafka: { brokers: [a:1], topics: [t] }';
const SOURCES = `sources:
  - name: quotes
    kafka: { brokers: [a:1], topics: [fx.quotes] }
    map: [{ path: "prices/{value.symbol}/spot" }]`;
const source = (lines: string) => yaml({ sources: `sources:\n  - name: quotes\n    ${lines}` });
const auth = (text: string) => yaml({ auth: text });
const rule = (text: string) => yaml({ entitlements: `entitlements:\n  - ${text}` });
/** In `yaml()` line 1 is `top`, 2 is `auth`, the sources begin at 3, the entitlements at 7. */
const top = (text: string) => yaml({ top: text });

/** Ten to the tenth values in ten lines of a kilobyte. */
const LAUGHS = `log: { level: &a [x] }${[...'bcdefghijk']
  .map((name, index) => `\n${name}: &${name} [${`*${'abcdefghij'[index]}, `.repeat(10)}]`)
  .join('')}`;

const TABLE: readonly (readonly [name: string, text: string, code: string, line?: number])[] = [
  ['a bracket that is not closed', top('listen: { port: 1'), 'bad-yaml', 2],
  ['a tab as indentation', top('listen:\n\tport: 1'), 'bad-yaml', 2],
  ['an anchor that is not there', top('listen: *there'), 'bad-yaml', 1],
  ['an alias within what it stands for', top('log: &log { level: *log }'), 'bad-yaml', 1],
  ['aliases that multiply without end', top(LAUGHS), 'bad-yaml', 1],
  ['brackets within brackets', top(`log: ${'['.repeat(5000)}`), 'bad-yaml', 1],
  ['a tag that makes no sense', top('log: !!js/function { level: info }'), 'bad-yaml', 1],
  ['a second document', top('log: { level: info }\n---'), 'bad-yaml', 2],
  ['keys that are meant to be merged', top('log: { <<: { level: info } }'), 'unknown-key', 1],
  ['a key of every object', top('__proto__: { port: 1 }'), 'unknown-key', 1],
  ['a whole section from a variable', top('listen: { env: LISTEN }'), 'unknown-key', 1],
  ['a token in the file', top(`admin: { token: ${'x'.repeat(20)} }`), 'secret-inline', 1],
  ['a key twice', top('log: { level: info, level: warn }'), 'duplicate-key', 1],
  ['a section twice', top('log: { level: info }\nlog: { level: warn }'), 'duplicate-key', 2],
  ['a list instead of the mapping', '- listen\n', 'wrong-type', 1],
  ['text instead of the mapping', 'listen\n', 'wrong-type', 1],
  ['a section that is not there', top('listne: { port: 1 }'), 'unknown-key', 1],
  ['an option that is not there', top('listen: { prot: 1 }'), 'unknown-key', 1],
  ['an option of another section', top('admin: { origins: [] }'), 'unknown-key', 1],
  ['text where a section belongs', top('listen: here'), 'wrong-type', 1],
  ['a list where a section belongs', top('limits: []'), 'wrong-type', 1],
  ['a port beyond the last', top('listen: { port: 65536 }'), 'out-of-range', 1],
  ['a negative port', top('listen: { port: -1 }'), 'out-of-range', 1],
  ['a port with a fraction', top('listen: { port: 80.5 }'), 'wrong-type', 1],
  ['a port in words', top('listen: { port: http }'), 'wrong-type', 1],
  ['an option without a value', top('listen: { port: }'), 'wrong-type', 1],
  ['a host with a port', top('listen: { host: "localhost:80" }'), 'bad-value', 1],
  ['an origin with a path', top('listen:\n  origins:\n    - https://a.example/\n'), 'bad-value', 3],
  ['an origin without a scheme', top('listen: { origins: [a.example] }'), 'bad-value', 1],
  ['all origins', top("listen: { origins: ['*'] }"), 'bad-value', 1],
  ['a range that is none', top('outbound:\n  allow: [private, intranet]'), 'bad-value', 2],
  ['a range that is a number', top('outbound: { allow: [10] }'), 'bad-value', 1],
  ['one range instead of a list', top('outbound: { allow: { range: 10.0.0.0/8 } }'), 'wrong-type', 1],
  [
    'signing keys at an address that is not allowed',
    auth(`auth: { jwt: { jwksUrl: https://169.254.169.254/k, ${JWT} } }`),
    'outbound-refused',
    2,
  ],
  ['a duration without a unit', top('limits: { authTimeout: 10 }'), 'bad-value', 1],
  ['a duration with a strange unit', top('limits: { beat: 25 sec }'), 'bad-value', 1],
  ['a duration that is too long', top('fanout: { flushWindow: 2s }'), 'out-of-range', 1],
  ['a duration that is negative', top('fanout: { flushWindow: -1ms }'), 'bad-value', 1],
  ['a size with a strange unit', top('limits: { maxValueBytes: 1Mb }'), 'bad-value', 1],
  ['a size that is too small', top('limits: { maxMessageBytes: 10B }'), 'out-of-range', 1],
  ['a limit of nothing', top('limits: { sessions: 0 }'), 'out-of-range', 1],
  [
    'a stop whose parts are longer than the whole',
    top('shutdown:\n  spread: 8s\n  grace: 9s'),
    'shutdown-order',
    3,
  ],
  ['limits that contradict', top('limits:\n  conflateAfter: 30s\n  stallTimeout: 10s'), 'limits-order', 3],
  ['a level that is not there', top('log: { level: inof }'), 'bad-value', 1],
  ['no auth', auth(''), 'auth-missing'],
  ['another word as auth', auth('auth: everybody'), 'bad-value', 2],
  ['no auth while others can reach it', auth('auth: none'), 'auth-none-exposed', 2],
  ['no key', auth(`auth: { jwt: { ${JWT} } }`), 'key-choice', 2],
  [
    'two keys',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, jwksUrl: https://a, ${JWT} } }`),
    'key-choice',
    2,
  ],
  ['a secret in the file', auth(`auth: { jwt: { secret: ${'x'.repeat(40)}, ${JWT} } }`), 'secret-inline', 2],
  [
    'no issuer',
    auth('auth: { jwt: { secret: { env: TOKEN_SECRET }, audience: tailrace } }'),
    'missing-key',
    2,
  ],
  [
    'no audience',
    auth('auth: { jwt: { secret: { env: TOKEN_SECRET }, issuer: https://a } }'),
    'missing-key',
    2,
  ],
  [
    'an algorithm that is not there',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, algorithms: [none], ${JWT} } }`),
    'bad-value',
    2,
  ],
  [
    'public-key algorithms with a secret',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, algorithms: [HS256, RS256], ${JWT} } }`),
    'algorithm-family',
    2,
  ],
  [
    'HMAC with public keys',
    auth(`auth: { jwt: { jwksUrl: https://a, algorithms: [HS256], ${JWT} } }`),
    'algorithm-family',
    2,
  ],
  ['a URL that is none', auth(`auth: { jwt: { jwksUrl: idp.example, ${JWT} } }`), 'bad-value', 2],
  ['a key that is none', auth(`auth: { jwt: { publicKey: rsa, ${JWT} } }`), 'bad-key', 2],
  [
    'a leeway without a unit',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, leeway: 5, ${JWT} } }`),
    'bad-value',
    2,
  ],
  [
    'anonymous without roles',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, ${JWT} }, anonymous: { roles: [] } }`),
    'bad-value',
    2,
  ],
  ['anonymous alone', auth('auth: { anonymous: { roles: [guest] } }'), 'missing-key', 2],
  ['no sources', yaml({ sources: '' }), 'missing-key'],
  ['an empty list of sources', yaml({ sources: 'sources: []' }), 'missing-key', 3],
  ['sources as a mapping', yaml({ sources: 'sources: { quotes: {} }' }), 'wrong-type', 3],
  ['a source that is text', yaml({ sources: 'sources: [quotes]' }), 'wrong-type', 3],
  ['a source without a connector', source('map: [{ path: prices }]'), 'no-connector', 4],
  ['a misspelt connector', source('kafak: {}\n    map: [{ path: prices }]'), 'unknown-key', 5],
  [
    'an option that the connector does not have',
    source('kafka: { brokers: [a:1], topics: [t], topcis: [t] }\n    map: [{ path: prices }]'),
    'unknown-key',
    5,
  ],
  [
    'a connector without what it needs',
    source('kafka: { topics: [t] }\n    map: [{ path: prices }]'),
    'missing-key',
    5,
  ],
  [
    'a day that no month has',
    source('kafka: { brokers: [a:1], topics: [t], start: 2026-01-32 }\n    map: [{ path: prices }]'),
    'bad-value',
    5,
  ],
  [
    'a number out of the range of the connector',
    source('kafka: { brokers: [a:1], topics: [t], maxBytesPerPartition: 0 }\n    map: [{ path: prices }]'),
    'out-of-range',
    5,
  ],
  [
    'a password in the file',
    source(
      'kafka: { brokers: [a:1], topics: [t], sasl: { mechanism: plain, username: u, password: hunter2 } }\n    map: [{ path: prices }]',
    ),
    'secret-inline',
    5,
  ],
  [
    'a password in the URL of a database',
    source('postgres: { url: "postgres://u:hunter2@db-1:5432,db-2/d" }\n    map: [{ path: prices }]'),
    'secret-inline',
    5,
  ],
  [
    'a password with signs of a URL in it',
    source('postgres: { url: "postgres://u:hunter/2?@db/d" }\n    map: [{ path: prices }]'),
    'secret-inline',
    5,
  ],
  [
    'a password among the parameters of a URL',
    source(
      'postgres: { url: "postgres://u@db/d?sslmode=require&password=hunter2" }\n    map: [{ path: prices }]',
    ),
    'secret-inline',
    5,
  ],
  [
    'a name with a blank',
    yaml({ sources: `sources:\n  - name: my quotes\n    ${KAFKA}\n    map: [{ path: prices }]` }),
    'bad-value',
    4,
  ],
  [
    'two sources of one name',
    yaml({
      sources: `sources:\n  - { name: a, ${KAFKA}, map: [{ path: prices/a }] }\n  - { name: a, ${KAFKA}, map: [{ path: prices/b }] }`,
    }),
    'duplicate-name',
    5,
  ],
  [
    'two sources on one path',
    yaml({
      sources: `sources:\n  - { name: a, ${KAFKA}, map: [{ path: "prices/{key}" }] }\n  - { name: b, ${KAFKA}, map: [{ path: "{topic}/{key}" }] }`,
    }),
    'overlap',
    5,
  ],
  [
    'a format with schemas and no registry of them',
    source(`${KAFKA}\n    format: { value: avro }\n    map: [{ path: prices }]`),
    'schema-registry',
    6,
  ],
  ...[
    ['the password of a registry in the file', 'username: u, password: hunter2', 'secret-inline'],
    ['a user of a registry without a password', 'username: u', 'missing-key'],
    ['a reader’s schema for JSON', 'readerSchema: { key: s@latest }', 'schema-registry'],
    ['a reader’s schema that is none', 'readerSchema: { value: quotes }', 'schema-registry'],
  ].map(([name = '', more = '', code = '']): [string, string, string, number] => [
    name,
    source(
      `${KAFKA}\n    format: { value: avro }\n    schemaRegistry: { url: https://a, ${more} }\n    map: [{ path: prices }]`,
    ),
    code,
    7,
  ]),
  [
    'a user in the URL of a registry',
    source(`${KAFKA}\n    schemaRegistry: { url: https://u:p@a }\n    map: [{ path: prices }]`),
    'bad-value',
    6,
  ],
  [
    'a format that is not there',
    source(`${KAFKA}\n    format: { value: xml }\n    map: [{ path: prices }]`),
    'bad-value',
    6,
  ],
  [
    'numbers in a way that there is not',
    source(`${KAFKA}\n    numbers: round\n    map: [{ path: prices }]`),
    'bad-value',
    6,
  ],
  [
    'contended in a way that there is not',
    source(`${KAFKA}\n    contended: first\n    map: [{ path: prices }]`),
    'bad-value',
    6,
  ],
  ['no map', source(KAFKA), 'missing-key', 4],
  ['an empty map', source(`${KAFKA}\n    map: []`), 'bad-value', 6],
  ['a rule without a path', source(`${KAFKA}\n    map: [{ when: "true" }]`), 'missing-key', 6],
  [
    'a rule with a strange key',
    source(`${KAFKA}\n    map:\n      - path: prices\n        wehn: value.a`),
    'unknown-key',
    8,
  ],
  ['a path with an empty segment', source(`${KAFKA}\n    map: [{ path: prices//spot }]`), 'bad-rule', 6],
  [
    'a path over what no record has',
    source(`${KAFKA}\n    map: [{ path: "prices/{valeu.symbol}" }]`),
    'bad-rule',
    6,
  ],
  [
    'a placeholder that is not closed',
    source(`${KAFKA}\n    map: [{ path: "prices/{value.symbol" }]`),
    'bad-rule',
    6,
  ],
  [
    'a condition that ends early',
    source(`${KAFKA}\n    map:\n      - path: prices\n        when: value.a ==`),
    'bad-rule',
    8,
  ],
  [
    'a condition over what no record has',
    source(`${KAFKA}\n    map:\n      - path: prices\n        deleteWhen: record.a == 1`),
    'bad-rule',
    8,
  ],
  [
    'a pointer without a slash',
    source(`${KAFKA}\n    map:\n      - path: prices\n        ignore: [measuredAt]`),
    'bad-value',
    8,
  ],
  [
    'a deadband of nothing',
    source(`${KAFKA}\n    map:\n      - path: prices\n        deadband: [{ field: /a, within: 0 }]`),
    'out-of-range',
    8,
  ],
  ['entitlements as a mapping', yaml({ entitlements: 'entitlements: { allow: [a] }' }), 'wrong-type', 7],
  ['a rule with neither allow nor deny', rule('paths: [prices/**]'), 'bad-rule', 8],
  ['a rule with both', rule('allow: [a]\n    deny: [b]\n    paths: [prices/**]'), 'bad-rule', 8],
  ['roles that are no list', rule('allow: trader\n    paths: [prices/**]'), 'bad-value', 8],
  ['no paths', rule('allow: [a]'), 'missing-key', 8],
  [
    'a filter with ** in the middle',
    rule('allow: [a]\n    paths: [prices/**, "prices/**/spot"]'),
    'bad-rule',
    9,
  ],
  ['a deny that hides', rule('deny: [a]\n    paths: [prices/**]\n    hide: [/margin]'), 'bad-rule', 10],
  [
    'a rule that asks for CEL, which is not there yet',
    rule('allow: [a]\n    paths: [prices/**]\n    where: value.a == 1'),
    'unknown-key',
    10,
  ],
  [
    'a claim that is a mapping',
    rule('allow: [a]\n    paths: [prices/**]\n    claims: { region: { is: EU } }'),
    'wrong-type',
    10,
  ],
];

export const BROKEN_CONFIGS: readonly BrokenConfig[] = TABLE.map(([name, text, code, line]) => ({
  ...{ name, text, code },
  ...(line === undefined ? {} : { line }),
}));

/** As in other tests, with the connector that there is. Line 1 is `top`, 2 is `auth`, the sources begin at 3, the entitlements at 7. */
function yaml(parts: Parameters<typeof yamlOf>[0] = {}): string {
  return yamlOf({ sources: SOURCES, ...parts });
}
