// What a test finds out: records through the real stages, and what each principal sees of them.

import { describe, expect, test } from '@jest/globals';
import { config, JWT, staged, verdictOn } from './staged.js';

const ORDER = '{ key: { account_id: 7, id: 1 }, value: { total: 5, margin: 2, region: EU } }';
const ANN = '{ role: customer, account: 7 }';

describe('a customer never sees margin', () => {
  const expected = `- { as: ${ANN}, sees: { orders/7/1: { total: 5, region: EU } } }
    - { as: { role: customer, account: 8 }, sees: nothing }`;

  test('passes as long as the rule hides it', () => {
    expect(verdictOn(ORDER, expected)).toBe('ok');
  });

  test('fails when hide is gone, with the member, the rule and its line', () => {
    expect(verdictOn(ORDER, expected, staged(config({ hide: '' })))).toBe(`FAIL  ok
  a.test.yaml:5  { role: customer, account: 7 }
    orders/7/1  differs
      /margin  expected nothing, got 2
      visible by rule 2, tailrace.yaml:11 (role customer, path orders/7/**), which hides nothing`);
  });
});

describe('what is seen', () => {
  test('must be listed whole: a path too many fails, with the rule that lets it through', () => {
    expect(verdictOn(ORDER, '- { as: { role: trader }, sees: nothing }')).toBe(`FAIL  ok
  a.test.yaml:5  { role: trader }
    orders/7/1  expected nothing, got {"total":5,"margin":2,"region":"EU"}
      visible by rule 1, tailrace.yaml:10 (role trader, path orders/**), which hides nothing`);
  });

  test('is missing because no rule allows it: each that could is named, and what would change it', () => {
    expect(verdictOn(ORDER, '- { as: { role: customer, account: 8 }, sees: { orders/7/1: 1 } }'))
      .toBe(`FAIL  ok
  a.test.yaml:5  { role: customer, account: 8 }
    orders/7/1  expected 1, got nothing
      not visible by rule 1, tailrace.yaml:10: none of the roles trader
      not visible by rule 2, tailrace.yaml:11: role customer, but none of its paths
      would be visible with role trader`);
  });

  test('is missing because a rule denies it, nobody made it, or it was deleted again', () => {
    expect(
      verdictOn(ORDER, '- { as: { roles: [trader, suspended] }, includes: { orders/7/1: 1 } }'),
    ).toContain('denied by rule 3, tailrace.yaml:12 (role suspended, path **)');
    expect(verdictOn(ORDER, '- { as: { role: trader }, includes: { orders/7/2: 1 } }')).toContain(
      'no record made it; they made orders/7/1',
    );
    expect(
      verdictOn(
        `${ORDER}, { key: { account_id: 7, id: 1 }, value: null }`,
        '- { as: { role: trader }, includes: { orders/7/1: 1 } }',
      ),
    ).toContain('a record made it, and a later one deleted it');
  });

  test('differs member by member, in lists too, and the order of keys is no difference', () => {
    const given = '{ key: { account_id: 7, id: 1 }, value: { b: { "x/y": 1 }, legs: [{ a: 1 }, { a: 2 }] } }';
    const same =
      '- { as: { role: trader }, sees: { orders/7/1: { legs: [{ a: 1 }, { a: 2 }], b: { "x/y": 1 } } } }';
    expect(verdictOn(given, same)).toBe('ok');
    const other = same.replace('{ a: 2 }', '{ a: 3 }, 4').replace('"x/y": 1', '"x/y": two');
    expect(verdictOn(given, other)).toContain(`
    orders/7/1  differs
      /legs/1/a  expected 3, got 2
      /legs/2    expected 4, got nothing
      /b/x~1y    expected "two", got 1
`);
  });

  test('includes leaves other paths open, never shuts some', () => {
    const two = `${ORDER}, { key: { account_id: 8, id: 2 }, value: 1 }`;
    const includes = 'includes: { orders/8/2: 1 }';
    expect(verdictOn(two, `- { as: { role: trader }, ${includes}, never: [orders/9/**] }`)).toBe('ok');
    const failed = verdictOn(two, `- { as: { role: trader }, ${includes}, never: [orders/*/1] }`);
    expect(failed).toContain('orders/7/1  expected nothing, got');
    expect(failed).not.toContain('orders/8/2');
  });
});

describe('several records', () => {
  const moved = '{ key: { account_id: 7, id: 1 }, value: { account: 8 } }';
  const byValue = staged(config().replace('{key.account_id}', '{value.account}'));

  test('a record that names another path takes the old one away', () => {
    const given = `{ key: { account_id: 7, id: 1 }, value: { account: 7 } }, ${moved}`;
    const expected = `- { as: ${ANN}, sees: nothing }
      - { as: { role: customer, account: 8 }, sees: { orders/8/1: { account: 8 } } }`;
    expect(verdictOn(given, expected, byValue)).toBe('ok');
  });

  test('a tombstone deletes what its key gave, and what comes back is seen again', () => {
    const gone = '{ key: { account_id: 7, id: 1 }, value: null }';
    expect(verdictOn(`${ORDER}, ${gone}`, `- { as: ${ANN}, sees: nothing }`)).toBe('ok');
    const back = '{ key: { account_id: 7, id: 1 }, value: { total: 6 } }';
    const expected = `- { as: ${ANN}, sees: { orders/7/1: { total: 6 } } }`;
    expect(verdictOn(`${ORDER}, ${gone}, ${back}`, expected)).toBe('ok');
  });

  test('keys of two partitions are two keys', () => {
    const other = '{ partition: 1, key: { account_id: 7, id: 1 }, value: null }';
    const expected = `- { as: ${ANN}, includes: { orders/7/1: { total: 5, region: EU } } }`;
    expect(verdictOn(`${ORDER}, ${other}`, expected)).toBe('ok');
  });

  test('headers, topic and timestamp reach the rules', () => {
    const stage = staged(
      config({ map: `, when: "headers.kind == 'order' && topic == 'live' && timestamp > 5"` }),
    );
    const given =
      '{ key: { account_id: 7, id: 1 }, value: 1, headers: { kind: order }, topic: live, timestamp: 6 }';
    expect(verdictOn(given, `- { as: ${ANN}, sees: { orders/7/1: 1 } }`, stage)).toBe('ok');
    expect(verdictOn(given.replace('6', '4'), '- filtered: true', stage)).toBe('ok');
  });
});

describe('a record that is not taken', () => {
  const broken = `{ key: { account_id: 7, id: 1 }, value: '{"total":' }`;

  test('must be expected: else nothing would be seen for a wrong reason', () => {
    expect(verdictOn(broken, `- { as: { role: customer, account: 8 }, sees: nothing }`)).toBe(
      'FAIL  ok\n  a.test.yaml:3  record 1: expected a value, got rejected: syntax (decode value)',
    );
    expect(verdictOn(broken, '- rejected: syntax')).toBe('ok');
  });

  test('leaves the last good value', () => {
    const expected = `- rejected: syntax\n- { as: ${ANN}, sees: { orders/7/1: { total: 5, region: EU } } }`;
    expect(verdictOn(`${ORDER}, ${broken}`, expected)).toBe('ok');
  });

  test('is another one than expected, or for another reason, with the rule that rejected it', () => {
    const noId = '{ key: { account_id: 7 }, value: 1 }';
    expect(verdictOn(noId, '- rejected: field-null')).toContain(
      'record 1: expected rejected: field-null, got rejected: field-missing (map) by tailrace.yaml:8',
    );
    expect(verdictOn(`${noId}, ${ORDER}`, '- { rejected: field-missing, record: 1 }')).toBe('ok');
    expect(verdictOn(`${noId}, ${ORDER}`, '- rejected: field-missing')).toContain(
      'record 2: expected rejected: field-missing, got a value',
    );
  });

  test('is filtered when no rule holds, and then its path is gone', () => {
    const stage = staged(config({ map: ', when: "value.open == true"' }));
    const given = (open: boolean) => `{ key: { account_id: 7, id: 1 }, value: { open: ${open} } }`;
    const both = `${given(true)}, ${given(false)}`;
    expect(verdictOn(both, `- filtered: true\n- { as: ${ANN}, sees: nothing }`, stage)).toBe('ok');
    expect(verdictOn(both, `- { as: ${ANN}, sees: nothing }`, stage)).toContain(
      'record 2: expected a value, got filtered: no rule of the source holds for it',
    );
  });

  test('is contended where the source refuses a second key', () => {
    const stage = staged(config({ source: 'contended: reject' }).replace('{key.id}', 'all'));
    const second = '{ key: { account_id: 7, id: 2 }, value: 1 }';
    expect(verdictOn(`${ORDER}, ${second}`, '- rejected: contended', stage)).toBe('ok');
  });
});

describe('somebody', () => {
  test('without a token sees nothing, or what auth.anonymous may see', () => {
    expect(verdictOn(ORDER, '- { as: anonymous, sees: nothing }')).toBe('ok');
    expect(verdictOn(ORDER, '- { as: anonymous, includes: { orders/7/1: 1 } }')).toContain(
      'sessions without a token are refused: auth.anonymous is absent',
    );
    const open = staged(config({ auth: `{ ${JWT}, anonymous: { roles: [trader] } }` }));
    expect(verdictOn(ORDER, '- { as: anonymous, sees: nothing }', open)).toContain('visible by rule 1');
  });

  test('has roles under whatever claim the configuration names', () => {
    const groups = staged(config({ auth: `{ ${JWT.replace('tailrace }', 'tailrace, roles: groups }')} }` }));
    const sees = 'sees: { orders/7/1: { total: 5, margin: 2, region: EU } } }';
    for (const roles of ['role: trader', 'roles: [trader]', 'groups: [trader]', 'groups: trader'])
      expect(verdictOn(ORDER, `- { as: { ${roles} }, ${sees}`, groups)).toBe('ok');
  });

  test('with a claim that is called role has that claim, where a rule reads it', () => {
    const text = config().replace('allow: [trader]', 'allow: everyone, claims: { role: [boss] }');
    const sees = 'includes: { orders/7/1: { total: 5, margin: 2, region: EU } } }';
    expect(verdictOn(ORDER, `- { as: { role: boss }, ${sees}`, staged(text))).toBe('ok');
    expect(verdictOn(ORDER, `- { as: { roles: [boss] }, ${sees}`, staged(text))).toContain('got nothing');
  });
});

test('whole numbers that no double holds keep their digits, and are seen as the source keeps them', () => {
  const given =
    '{ key: { account_id: 7, id: 9007199254740993 }, value: { id: 9007199254740995, small: 12 } }';
  const path = 'orders/7/9007199254740993';
  for (const id of ['9007199254740995', '"9007199254740995"'])
    expect(verdictOn(given, `- { as: { role: trader }, sees: { ${path}: { id: ${id}, small: 12 } } }`)).toBe(
      'ok',
    );
  const rejecting = staged(config({ source: 'numbers: reject' }));
  expect(verdictOn(given, '- rejected: number', rejecting)).toBe('ok');
});
