// What is wrong with a test file: said at once, with place and suggestion, like mistakes in a configuration.

import { describe, expect, test } from '@jest/globals';
import { findingText } from '../../src/config/finding.js';
import { readTestFile } from '../../src/rehearsal/test-file.js';
import { config, findingsOf, run, staged } from './staged.js';

const GIVEN = '{ key: { account_id: 7, id: 1 }, value: 1 }';
const one = (expectation: string, given = GIVEN) =>
  `tests:\n  - name: a\n    given: ${given}\n    expect: [${expectation}]\n`;

test('an unknown key gets its line, a caret and a suggestion, as in a configuration', () => {
  const text = one('{ as: { role: trader }, seees: nothing }');
  const { findings } = readTestFile({ name: 'a.test.yaml', text }, staged(config()));
  expect(findings.map(findingText)).toEqual([
    `a.test.yaml:4:38  error  unknown-key   tests[0].expect[0] has no "seees"; did you mean "sees"?
   4 |     expect: [{ as: { role: trader }, seees: nothing }]
     |                                      ^^^^^   docs/testing.md#expect`,
  ]);
});

test.each([
  [
    'a key at the top',
    'test: 1\ntests: []\n',
    ['unknown-key 1:1 a test file has no "test" (tests)', 'wrong-type 2:8'],
  ],
  ['no tests', 'principals: {}\n', ['missing-key 0:0 tests must be a list']],
  ['a list', '- 1\n', ['wrong-type 1:1 a test file must be a mapping with tests']],
  ['no YAML', 'tests: [\n', ['bad-yaml']],
  [
    'a record',
    one('{ filtered: true }', '{ valeu: 1 }'),
    ['missing-key 3:5', 'unknown-key 3:14 tests[0].given has no "valeu" (value)'],
  ],
  [
    'a source',
    one('{ filtered: true }', '{ source: order, value: 1 }'),
    ['unknown-name 3:22 there is no source "order"; there are orders (orders)'],
  ],
  [
    'a principal',
    one('{ as: anonymos, sees: nothing }'),
    ['unknown-name 4:20 there is no principal "anonymos"; there are anonymous (anonymous)'],
  ],
  [
    'a path',
    one('{ as: {}, sees: { orders//1: 1 } }'),
    ['bad-value 4:32 the path "orders//1" has an empty segment'],
  ],
  [
    'a path with a wildcard',
    one('{ as: {}, sees: { orders/*: 1 } }'),
    ['bad-value 4:32 the path "orders/*" has a character'],
  ],
  ['a filter', one('{ as: {}, never: ["a*"] }'), ['bad-value 4:32 the filter "a*" mixes a wildcard']],
  [
    'a code',
    one('{ rejected: field-mising }'),
    ['bad-value 4:26 tests[0].expect[0].rejected must be one of'],
  ],
  [
    'a record that is not there',
    one('{ filtered: true, record: 2 }'),
    ['unknown-name 4:40 there is no record 2; given has 1'],
  ],
  [
    'what sees should be',
    one('{ as: {}, sees: everything }'),
    ['bad-value 4:30 tests[0].expect[0].sees must be the word nothing'],
  ],
  ['nobody', one('{ sees: nothing }'), ['missing-key 4:14 it needs as, or rejected, or filtered']],
  ['nothing that is seen', one('{ as: {} }'), ['missing-key 4:14 it needs sees, includes or never']],
  [
    'two in one',
    one('{ as: {}, sees: nothing, filtered: true }'),
    ['bad-value 4:39 filtered beside as: make it two items'],
  ],
  [
    'never beside sees',
    one('{ as: {}, sees: nothing, never: [orders/**] }'),
    ['bad-value 4:39 sees lists all that is seen'],
  ],
  [
    'a number that JSON has not',
    one('{ filtered: true }', '{ value: { a: [1e999] } }'),
    ['bad-value 3:21 value has a number that no double holds'],
  ],
  [
    'a name twice',
    `${one('{ filtered: true }')}  - { name: a, given: ${GIVEN}, expect: [{ filtered: true }] }\n`,
    ['duplicate-name 5:13'],
  ],
  [
    'the name anonymous',
    `principals: { anonymous: {} }\n${one('{ filtered: true }')}`,
    ['bad-value 1:15 anonymous is what everybody'],
  ],
  [
    'roles that are no text',
    one('{ as: { roles: [7] }, sees: nothing }'),
    ['wrong-type 4:30 tests[0].expect[0].as.roles[0] must be text'],
  ],
])('%s: a mistake with its place', (_what, text, expected) => {
  const found = findingsOf(text);
  expect(found).toEqual(expected.map((start) => expect.stringContaining(start)));
});

describe('what would make a test true for a wrong reason gets a warning', () => {
  test('a claim that no rule reads, a role that no rule names', () => {
    expect(findingsOf(one('{ as: { role: custmer, acount: 8, sub: ann }, sees: nothing }'))).toEqual([
      'unread-claim 4:28 no rule names the role "custmer" (customer)',
      'unread-claim 4:37 no rule reads the claim "acount" (account)',
    ]);
  });

  test('a path or a filter that no source makes', () => {
    expect(findingsOf(one('{ as: {}, never: [order/**] }'))).toEqual([
      'matches-nothing 4:32 no source makes such a path; they make orders/*/*',
    ]);
    expect(findingsOf(one('{ as: {}, never: ["**"] }'))).toEqual([]);
  });
});

test('a source must be named where there are several', () => {
  const text = config().replace(
    'entitlements:',
    '  - { name: quotes, kafka: { brokers: [k:1], topics: [q] }, map: [{ path: "prices/{key}" }] }\nentitlements:',
  );
  expect(findingsOf(one('{ filtered: true }'), staged(text))).toEqual([
    'missing-key 3:12 the configuration has several sources, so a record says its source: orders, quotes',
  ]);
});

test('with auth: none nobody has claims', () => {
  const stage = staged(`listen: { host: 127.0.0.1 }\n${config({ auth: 'none' })}`);
  expect(findingsOf(one('{ as: { role: trader }, sees: nothing }'), stage)).toEqual([
    expect.stringContaining('bad-value 4:20 with auth: none nobody has claims or roles'),
  ]);
  expect(findingsOf(one('{ as: anonymous, sees: nothing }'), stage)).toEqual([]);
});

test('YAML’s anchors and merge keys stand for what they name', () => {
  const text = `principals:
  ann: &ann { role: customer, account: 7 }
  bob: { <<: *ann, account: 8 }
tests:
  - name: ok
    given:
      - &order { key: { account_id: 7, id: 1 }, value: 1 }
      - { <<: *order, value: 2 }
    expect: &expected
      - { as: ann, sees: { orders/7/1: 2 } }
      - { as: bob, sees: nothing }
  - { name: again, given: [*order, { <<: *order, value: 2 }], expect: *expected }
`;
  expect(run(text)).toEqual(['ok', 'again']);
});
