import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileCondition, type ExpressionSetting } from '../../src/expression/cel.js';
import { StepBudget } from '../../src/expression/steps.js';
import { isLong } from '../support/long.js';

const VARIABLES = ['key', 'value', 'partition', 'item', 'index'];

function settingOf(runs: ExpressionSetting['runs'] = 'per record'): ExpressionSetting {
  return { variables: VARIABLES, steps: new StepBudget(), runs };
}

function evaluate(
  text: string,
  variables: Record<string, unknown>,
  runs: ExpressionSetting['runs'] = 'per record',
) {
  const result = compileCondition(text, settingOf(runs));
  if (!result.ok) throw new Error(result.fault.message);
  return result.compiled.evaluate(variables);
}

function fault(text: string) {
  const result = compileCondition(text, settingOf());
  return result.ok ? undefined : result.fault;
}

const says = (message: string) => ({ message: expect.stringContaining(message) });

describe('a condition', () => {
  test('is true or false of the record it is given', () => {
    expect(evaluate('value.price > 5 && key == "a"', { value: { price: 6 }, key: 'a' })).toBe(true);
    expect(evaluate('value.price > 5', { value: { price: 5 } })).toBe(false);
    expect(evaluate('value.tags.exists(tag, tag == "x")', { value: { tags: ['y', 'x'] } })).toBe(true);
    expect(evaluate('partition % 2 == 0', { partition: 4n })).toBe(true);
  });

  test('that reads what is not there, or mixes types, is an error and not false', () => {
    expect(evaluate('value.missing == 1', { value: {} })).toBe('error');
    expect(evaluate('value.a + value.b == "x1"', { value: { a: 'x', b: 1 } })).toBe('error');
    expect(evaluate('value.a', { value: { a: 'yes' } })).toBe('error');
    expect(evaluate('has(value.a)', { value: {} })).toBe(false);
    expect(evaluate('value.missing == 1 || true', { value: {} })).toBe(true);
  });

  test('cannot reach the prototype of a value (F9)', () => {
    expect(evaluate('value.constructor == 1', { value: {} })).toBe('error');
    expect(evaluate('has(value.__proto__)', { value: {} })).not.toBe(true);
  });

  test('says which variables it reads', () => {
    const result = compileCondition('value.a == key', settingOf());
    expect(result.ok && [...result.compiled.reads].sort()).toEqual(['key', 'value']);
  });
});

describe('what has a cost without bound is refused when it is compiled', () => {
  test('matches(), as a method and as a function', () => {
    expect(fault('value.name.matches("^(a+)+$")')).toMatchObject(says('matches()'));
    expect(fault('matches(value.name, "a")')).toMatchObject(says('matches()'));
  });

  test('a comprehension within a comprehension, but not one after another', () => {
    expect(fault('value.l.all(x, value.l.exists(y, y == x))')).toMatchObject(says('exists()'));
    expect(fault('value.l.filter(x, x > 1.0).all(x, x < 5.0)')).toBeUndefined();
  });

  test('what data can make slow or huge: duration() and the separator of join() are literals, json() is none', () => {
    expect(fault('duration(value.s) > duration("1s")')).toMatchObject({ ...says('duration()'), column: 1 });
    expect(fault('value.l.join(value.s) == ""')).toMatchObject(says('separator'));
    expect(fault('bytes(value.s).json() == value')).toMatchObject(says('json()'));
    expect(
      fault('value.l.join(", ") == "" || value.l.join() == "" || duration("1s") > duration("2s")'),
    ).toBeUndefined();
  });

  test('cel.bind, more than 300 nodes, deeper than 20, more than 32 sums', () => {
    expect(fault('cel.bind(x, "aa", x + x == "aaaa")')).toMatchObject(says('bind'));
    expect(fault(Array.from({ length: 200 }, () => 'value.a').join(' && '))).toBeDefined();
    expect(fault(`${'('.repeat(30)}true${')'.repeat(30)}`)).toBeDefined();
    const sumOf = (parts: number) => `${Array(parts).fill('"a"').join(' + ')} == "b"`;
    expect(fault(`${sumOf(12)} || ${sumOf(12)}`)).toBeUndefined();
    expect(fault(`${sumOf(12)} || ${sumOf(12)} || ${sumOf(12)}`)).toMatchObject(says('more than 32 "+"'));
  });
});

describe('what costs too much for one record is an error (F9)', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `n${i}`);
  const long = 'x'.repeat(1_000_000);

  test.each([
    ['a list that is looked through for each item of another', 'value.many.all(x, x in value.many)'],
    ['a text that is searched for each item of a list', 'value.many.exists(x, value.long.contains(x))'],
    ['a map that is compared for each item of a list', 'value.many.exists(x, value == value.many)'],
    [
      'lists that are joined for each item of a list',
      'value.many.exists(x, size(value.many + value.many) < 0)',
    ],
    ['the same below a number', 'value.many.exists(x, size(value.many + value.many) + 1 < 0)'],
    ['texts that are joined for each item of a list', 'value.many.exists(x, value.long + x == value.long)'],
  ])('%s', (_, text) => {
    const value = { many, long };
    const start = process.cpuUsage();
    expect(evaluate(text, { value })).toBe('error');
    const { user } = process.cpuUsage(start);
    expect(user / 1_000).toBeLessThan(4_000); // ms; without the budget ten seconds and more
    expect(evaluate(text, { value: { many: many.slice(0, 20), long: 'x' } })).not.toBe('error');
  });

  test('the same, when it is the whole expression that runs for each element of an array', () => {
    const result = compileCondition('value.long.contains(item.name)', settingOf('per element'));
    if (!result.ok) throw new Error(result.fault.message);
    const answers = many.map((name) => result.compiled.evaluate({ value: { long }, item: { name } }));
    expect(answers[0]).toBe(false);
    expect(answers.at(-1)).toBe('error');
  });

  test('and the next record begins anew', () => {
    const setting = settingOf('per element');
    const result = compileCondition('value.long.contains(item)', setting);
    if (!result.ok) throw new Error(result.fault.message);
    const variables = { value: { long }, item: 'a' };
    for (let i = 0; i < 100; i++) {
      setting.steps.begin();
      expect(result.compiled.evaluate(variables)).toBe(false);
    }
  });
});

describe('counting steps changes no answer', () => {
  const texts = [
    'value.a - (value.b - 1.0) == 3.0',
    '!(value.a > value.b) && !has(value.c.d)',
    'value.l.map(x, x * 2.0) == [2.0, 4.0] || value.l.size() > 2',
    'value.l.filter(x, x > value.a).exists_one(y, y == value.b || y in value.l)',
    'value.s.split(",").map(p, p + "!").join("") == value.s',
    '{"a": value.a, "b": [value.b, -value.a]} == {"b": [2.0, -1.0], "a": 1.0}',
    'value.s.startsWith("a") ? value.b >= 2.0 : value.l[0] < 3.0',
    'string(value.a) + "\\n\\"é" == "1\\n\\"é"',
    'int(value.a) % 2 == index && -5 < 3 && 1.5e3 > 2.0',
    'value["a"] == 1.0 && value.m.exists(k, value.m[k] == value.b)',
    'type(value.a) == double && b"ab" != bytes(value.s)',
    'timestamp("2024-01-01T00:00:00Z") > timestamp(int(value.a)) && 3u > 2u',
  ];
  const json = fc.oneof(fc.constantFrom(1, 2, 0, -1, 'a', 'a,b', '', true, null), fc.double({ noNaN: true }));
  const value = fc.record(
    {
      a: json,
      b: json,
      c: fc.dictionary(fc.constantFrom('d', 'e'), json),
      l: fc.array(json),
      s: json,
      m: fc.dictionary(fc.string(), json),
    },
    { requiredKeys: [] },
  );

  test.each(texts)('%s', (text) => {
    fc.assert(
      fc.property(value, (record) => {
        const variables = { value: record, index: 1n, item: record.l };
        expect(evaluate(text, variables, 'per element')).toBe(evaluate(text, variables));
      }),
      { numRuns: isLong ? 1_000 : 30 },
    );
  });

  test('each of them can be true', () => {
    const record = { a: 1, b: 2, c: {}, l: [1, 2], s: 'a', m: { k: 2 } };
    const given = { value: record, index: 1n };
    expect(texts.map((text) => evaluate(text, given, 'per element'))).toEqual(
      texts.map((text) => evaluate(text, given)),
    );
    expect(texts.filter((text) => evaluate(text, given) === true).length).toBeGreaterThan(8);
  });
});

describe('a mistake is told with its column', () => {
  test('of syntax, of names, of types', () => {
    expect(fault('value.a >')).toMatchObject({ message: expect.any(String), column: 10 });
    expect(fault('true && valu.a == 1')).toEqual({
      message: 'Unknown variable: valu',
      column: 9,
      unknown: 'valu',
    });
    expect(fault('"text"')).toEqual({
      message: 'is of type string, but a condition must be true or false',
      column: 1,
    });
  });

  test('of integers among the doubles of a value, which could never work', () => {
    expect(fault('true || value.a * 2 > 1.0')).toMatchObject({ ...says('write 2.0 for 2'), column: 9 });
    expect(fault('1 + item.list[0] == 2')).toMatchObject(says('write 2.0 for 2'));
    expect(fault('value.a % 2 == 0')).toMatchObject(says('int(value.x) % 2'));
    expect(fault('index * 2.0 > 1.0')).toMatchObject(says('double(x)'));
    expect(fault('value.a / value.b > 2')).toBeUndefined();
    expect(fault('int(value.a) * 2 == index + 1')).toBeUndefined();
    expect(fault('[1, 2].map(item, item * 2) == [2, 4]')).toBeUndefined();
    expect(evaluate('[1, 2].map(item, item * 2) == [2, 4]', {})).toBe(true);
  });
});
