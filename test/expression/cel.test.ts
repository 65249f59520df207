import { describe, expect, test } from '@jest/globals';
import { compileCondition } from '../../src/expression/cel.js';

const VARIABLES = ['key', 'value', 'partition'];

function evaluate(text: string, variables: Record<string, unknown>) {
  const compiled = compileCondition(text, VARIABLES);
  if (!compiled.ok) throw new Error(compiled.fault.message);
  return compiled.condition.evaluate(variables);
}

function fault(text: string) {
  const compiled = compileCondition(text, VARIABLES);
  return compiled.ok ? undefined : compiled.fault;
}

describe('a condition', () => {
  test('is true or false of the record it is given', () => {
    expect(evaluate('value.price > 5 && key == "a"', { value: { price: 6 }, key: 'a' })).toBe(true);
    expect(evaluate('value.price > 5', { value: { price: 5 } })).toBe(false);
    expect(evaluate('value.tags.exists(tag, tag == "x")', { value: { tags: ['y', 'x'] } })).toBe(true);
    expect(evaluate('partition % 2 == 0', { partition: 4n })).toBe(true);
  });

  test('that reads what is not there, or mixes types, is an error and not false', () => {
    expect(evaluate('value.missing == 1', { value: {} })).toBe('error');
    expect(evaluate('value.a + 1 == 2', { value: { a: 1 } })).toBe('error');
    expect(evaluate('value.a', { value: { a: 'yes' } })).toBe('error');
    expect(evaluate('has(value.a)', { value: {} })).toBe(false);
    expect(evaluate('value.missing == 1 || true', { value: {} })).toBe(true);
  });

  test('cannot reach the prototype of a value (F9)', () => {
    expect(evaluate('value.constructor == 1', { value: {} })).toBe('error');
    expect(evaluate('has(value.__proto__)', { value: {} })).not.toBe(true);
  });

  test('says which variables it reads', () => {
    const compiled = compileCondition('value.a == key', VARIABLES);
    expect(compiled.ok && [...compiled.condition.reads].sort()).toEqual(['key', 'value']);
  });
});

describe('a condition whose cost has no bound is refused when it is compiled', () => {
  test('matches(), as a method and as a function', () => {
    expect(fault('value.name.matches("^(a+)+$")')).toMatchObject({
      message: expect.stringContaining('matches()'),
    });
    expect(fault('matches(value.name, "a")')).toMatchObject({
      message: expect.stringContaining('matches()'),
    });
  });

  test('a comprehension within a comprehension, but not one after another', () => {
    expect(fault('value.l.all(x, value.l.exists(y, y == x))')).toMatchObject({
      message: expect.stringContaining('exists()'),
    });
    expect(fault('value.l.filter(x, x > 1.0).all(x, x < 5.0)')).toBeUndefined();
  });

  test('cel.bind, more than 300 nodes, deeper than 20', () => {
    expect(fault('cel.bind(x, "aa", x + x == "aaaa")')).toMatchObject({
      message: expect.stringContaining('bind'),
    });
    expect(fault(Array.from({ length: 200 }, () => 'value.a').join(' && '))).toBeDefined();
    expect(fault(`${'('.repeat(30)}true${')'.repeat(30)}`)).toBeDefined();
  });
});

test('a mistake is told with its column', () => {
  expect(fault('value.a >')).toEqual({ message: expect.any(String), column: 10 });
  expect(fault('true && valu.a == 1')).toEqual({ message: 'Unknown variable: valu', column: 9 });
  expect(fault('"text"')).toEqual({
    message: 'is of type string, but a condition must be true or false',
    column: 1,
  });
});
