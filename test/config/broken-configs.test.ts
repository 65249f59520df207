// Every kind of mistake, each in a configuration that is fine otherwise: the one finding has this code and this line.

import { describe, expect, test } from '@jest/globals';
import { offline, online, SECRET, summary, yaml } from './loading.js';

const JWT = 'issuer: https://idp.example, audience: tailrace';
const STREAM = 'stream: { hosts: [a:1], topics: [t] }';
const source = (lines: string) => yaml({ sources: `sources:\n  - name: quotes\n    ${lines}` });
const auth = (text: string) => yaml({ auth: text });
const rule = (text: string) => yaml({ entitlements: `entitlements:\n  - ${text}` });
/** In `yaml()` line 1 is `top`, 2 is `auth`, the sources begin at 3, the entitlements at 7. */
const top = (text: string) => yaml({ top: text });

const SHORT_RSA = `-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMyMvBJ8XNSTRlwJN+35tXLxYC0aXIPV
NTVwjgrzzOdkmPCNU2H0CFOxkBNHBzxGF4/pBFcdqwDnjPo7mPoRLj8CAwEAAQ==
-----END PUBLIC KEY-----`;

const BROKEN: readonly (readonly [what: string, text: string, expected: string])[] = [
  ['a bracket that is not closed', top('listen: { port: 1'), 'bad-yaml 2'],
  ['a tab as indentation', top('listen:\n\tport: 1'), 'bad-yaml 2'],
  ['an anchor that is not there', top('listen: *there'), 'bad-yaml 1'],
  ['a key twice', top('log: { level: info, level: warn }'), 'duplicate-key 1'],
  ['a section twice', top('log: { level: info }\nlog: { level: warn }'), 'duplicate-key 2'],
  ['a list instead of the mapping', '- listen\n', 'wrong-type 1'],
  ['text instead of the mapping', 'listen\n', 'wrong-type 1'],
  ['a section that is not there', top('listne: { port: 1 }'), 'unknown-key 1'],
  ['an option that is not there', top('listen: { prot: 1 }'), 'unknown-key 1'],
  ['an option of another section', top('admin: { origins: [] }'), 'unknown-key 1'],
  ['text where a section belongs', top('listen: here'), 'wrong-type 1'],
  ['a list where a section belongs', top('limits: []'), 'wrong-type 1'],
  ['a port beyond the last', top('listen: { port: 65536 }'), 'out-of-range 1'],
  ['a negative port', top('listen: { port: -1 }'), 'out-of-range 1'],
  ['a port with a fraction', top('listen: { port: 80.5 }'), 'wrong-type 1'],
  ['a port in words', top('listen: { port: http }'), 'wrong-type 1'],
  ['an option without a value', top('listen: { port: }'), 'wrong-type 1'],
  ['a host with a port', top('listen: { host: "localhost:80" }'), 'bad-value 1'],
  ['an origin with a path', top('listen:\n  origins:\n    - https://a.example/\n'), 'bad-value 3'],
  ['an origin without a scheme', top('listen: { origins: [a.example] }'), 'bad-value 1'],
  ['all origins', top("listen: { origins: ['*'] }"), 'bad-value 1'],
  ['a duration without a unit', top('limits: { authTimeout: 10 }'), 'bad-value 1'],
  ['a duration with a strange unit', top('limits: { beat: 25 sec }'), 'bad-value 1'],
  ['a duration that is too long', top('fanout: { flushWindow: 2s }'), 'out-of-range 1'],
  ['a duration that is negative', top('fanout: { flushWindow: -1ms }'), 'bad-value 1'],
  ['a size with a strange unit', top('limits: { maxValueBytes: 1Mb }'), 'bad-value 1'],
  ['a size that is too small', top('limits: { maxMessageBytes: 10B }'), 'out-of-range 1'],
  ['a limit of nothing', top('limits: { sessions: 0 }'), 'out-of-range 1'],
  ['limits that contradict', top('limits:\n  conflateAfter: 30s\n  stallTimeout: 10s'), 'limits-order 3'],
  ['a level that is not there', top('log: { level: inof }'), 'bad-value 1'],
  ['no auth', auth(''), 'auth-missing 0'],
  ['another word as auth', auth('auth: everybody'), 'bad-value 2'],
  ['no auth while others can reach it', auth('auth: none'), 'auth-none-exposed 2'],
  ['no key', auth(`auth: { jwt: { ${JWT} } }`), 'key-choice 2'],
  [
    'two keys',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, jwksUrl: https://a, ${JWT} } }`),
    'key-choice 2',
  ],
  ['a secret in the file', auth(`auth: { jwt: { secret: ${'x'.repeat(40)}, ${JWT} } }`), 'secret-inline 2'],
  [
    'no issuer',
    auth('auth: { jwt: { secret: { env: TOKEN_SECRET }, audience: tailrace } }'),
    'missing-key 2',
  ],
  [
    'no audience',
    auth('auth: { jwt: { secret: { env: TOKEN_SECRET }, issuer: https://a } }'),
    'missing-key 2',
  ],
  [
    'an algorithm that is not there',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, algorithms: [none], ${JWT} } }`),
    'bad-value 2',
  ],
  [
    'public-key algorithms with a secret',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, algorithms: [HS256, RS256], ${JWT} } }`),
    'algorithm-family 2',
  ],
  [
    'HMAC with public keys',
    auth(`auth: { jwt: { jwksUrl: https://a, algorithms: [HS256], ${JWT} } }`),
    'algorithm-family 2',
  ],
  ['a URL that is none', auth(`auth: { jwt: { jwksUrl: idp.example, ${JWT} } }`), 'bad-value 2'],
  ['a key that is none', auth(`auth: { jwt: { publicKey: rsa, ${JWT} } }`), 'bad-key 2'],
  [
    'a leeway without a unit',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, leeway: 5, ${JWT} } }`),
    'bad-value 2',
  ],
  [
    'anonymous without roles',
    auth(`auth: { jwt: { secret: { env: TOKEN_SECRET }, ${JWT} }, anonymous: { roles: [] } }`),
    'bad-value 2',
  ],
  ['anonymous alone', auth('auth: { anonymous: { roles: [guest] } }'), 'missing-key 2'],
  ['no sources', yaml({ sources: '' }), 'missing-key 0'],
  ['an empty list of sources', yaml({ sources: 'sources: []' }), 'missing-key 3'],
  ['sources as a mapping', yaml({ sources: 'sources: { quotes: {} }' }), 'wrong-type 3'],
  ['a source that is text', yaml({ sources: 'sources: [quotes]' }), 'wrong-type 3'],
  ['a source without a connector', source('map: [{ path: prices }]'), 'no-connector 4'],
  [
    'a source with two connectors',
    source(`${STREAM}\n    table: { url: u }\n    map: [{ path: prices }]`),
    'two-connectors 6',
  ],
  ['a misspelt connector', source('steram: {}\n    map: [{ path: prices }]'), 'unknown-key 5'],
  [
    'an option that the connector does not have',
    source('stream: { hosts: [a:1], topics: [t], topcis: [t] }\n    map: [{ path: prices }]'),
    'unknown-key 5',
  ],
  [
    'a connector without what it needs',
    source('stream: { topics: [t] }\n    map: [{ path: prices }]'),
    'missing-key 5',
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
  [
    'a number out of the range of the connector',
    source('stream: { hosts: [a:1], topics: [t], batch: 0 }\n    map: [{ path: prices }]'),
    'out-of-range 5',
  ],
  [
    'a password in the file',
    source(
      'stream: { hosts: [a:1], topics: [t], login: { user: u, password: hunter2 } }\n    map: [{ path: prices }]',
    ),
    'secret-inline 5',
  ],
  [
    'a name with a blank',
    yaml({ sources: `sources:\n  - name: my quotes\n    ${STREAM}\n    map: [{ path: prices }]` }),
    'bad-value 4',
  ],
  [
    'two sources of one name',
    yaml({
      sources: `sources:\n  - { name: a, ${STREAM}, map: [{ path: prices/a }] }\n  - { name: a, ${STREAM}, map: [{ path: prices/b }] }`,
    }),
    'duplicate-name 5',
  ],
  [
    'two sources on one path',
    yaml({
      sources: `sources:\n  - { name: a, ${STREAM}, map: [{ path: "prices/{key}" }] }\n  - { name: b, ${STREAM}, map: [{ path: "{topic}/{key}" }] }`,
    }),
    'overlap 5',
  ],
  [
    'a format that is not there',
    source(`${STREAM}\n    format: { value: avro }\n    map: [{ path: prices }]`),
    'bad-value 6',
  ],
  [
    'numbers in a way that there is not',
    source(`${STREAM}\n    numbers: round\n    map: [{ path: prices }]`),
    'bad-value 6',
  ],
  [
    'contended in a way that there is not',
    source(`${STREAM}\n    contended: first\n    map: [{ path: prices }]`),
    'bad-value 6',
  ],
  ['no map', source(STREAM), 'missing-key 4'],
  ['an empty map', source(`${STREAM}\n    map: []`), 'bad-value 6'],
  ['a rule without a path', source(`${STREAM}\n    map: [{ when: "true" }]`), 'missing-key 6'],
  [
    'a rule with a strange key',
    source(`${STREAM}\n    map:\n      - path: prices\n        wehn: value.a`),
    'unknown-key 8',
  ],
  ['a path with an empty segment', source(`${STREAM}\n    map: [{ path: prices//spot }]`), 'bad-rule 6'],
  [
    'a path over what no record has',
    source(`${STREAM}\n    map: [{ path: "prices/{valeu.symbol}" }]`),
    'bad-rule 6',
  ],
  [
    'a placeholder that is not closed',
    source(`${STREAM}\n    map: [{ path: "prices/{value.symbol" }]`),
    'bad-rule 6',
  ],
  [
    'a condition that ends early',
    source(`${STREAM}\n    map:\n      - path: prices\n        when: value.a ==`),
    'bad-rule 8',
  ],
  [
    'a condition over what no record has',
    source(`${STREAM}\n    map:\n      - path: prices\n        deleteWhen: record.a == 1`),
    'bad-rule 8',
  ],
  [
    'a pointer without a slash',
    source(`${STREAM}\n    map:\n      - path: prices\n        ignore: [measuredAt]`),
    'bad-value 8',
  ],
  [
    'a deadband of nothing',
    source(`${STREAM}\n    map:\n      - path: prices\n        deadband: [{ field: /a, within: 0 }]`),
    'out-of-range 8',
  ],
  ['entitlements as a mapping', yaml({ entitlements: 'entitlements: { allow: [a] }' }), 'wrong-type 7'],
  ['a rule with neither allow nor deny', rule('paths: [prices/**]'), 'bad-rule 8'],
  ['a rule with both', rule('allow: [a]\n    deny: [b]\n    paths: [prices/**]'), 'bad-rule 8'],
  ['roles that are no list', rule('allow: trader\n    paths: [prices/**]'), 'bad-value 8'],
  ['no paths', rule('allow: [a]'), 'missing-key 8'],
  [
    'a filter with ** in the middle',
    rule('allow: [a]\n    paths: [prices/**, "prices/**/spot"]'),
    'bad-rule 9',
  ],
  ['a deny that hides', rule('deny: [a]\n    paths: [prices/**]\n    hide: [/margin]'), 'bad-rule 10'],
  [
    'a rule that asks for CEL, which is not there yet',
    rule('allow: [a]\n    paths: [prices/**]\n    where: value.a == 1'),
    'unknown-key 10',
  ],
  [
    'a claim that is a mapping',
    rule('allow: [a]\n    paths: [prices/**]\n    claims: { region: { is: EU } }'),
    'wrong-type 10',
  ],
];

describe('D9 a broken configuration', () => {
  test.each(BROKEN)('with %s has just that finding, on its line', (_what, text, expected) => {
    const loaded = offline(text);
    expect(summary(loaded).join()).toBe(expected);
    expect(loaded.config).toBeUndefined();
  });

  test.each(BROKEN)('with %s is rejected in the same way when it is run', (_what, text, expected) => {
    expect(summary(online(text)).join()).toBe(expected);
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
