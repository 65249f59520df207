import { describe, expect, test } from '@jest/globals';
import { compileExpression } from '../../src/expression/cel.js';
import type { BigIntegers } from '../../src/expression/result.js';
import { StepBudget } from '../../src/expression/steps.js';

function compile(text: string, bigIntegers: BigIntegers = 'string') {
  const variables = ['value', 'headers'];
  return compileExpression(text, { variables, steps: new StepBudget(), runs: 'per record', bigIntegers });
}

function evaluate(text: string, value: unknown = {}, bigIntegers: BigIntegers = 'string') {
  const result = compile(text, bigIntegers);
  if (!result.ok) throw new Error(result.fault.message);
  return result.compiled.evaluate({ value, headers: new Map([['k', 'v']]) });
}

function fault(text: string) {
  const result = compile(text);
  return result.ok ? undefined : result.fault.message;
}

describe('what an expression gives is published as JSON', () => {
  test('text, numbers, true and false, null, lists, maps, and parts of the value', () => {
    const value = { bid: 1.5, ask: 2.5, name: 'é', list: [1, { a: null }], flag: true };
    expect(evaluate('(value.bid + value.ask) / 2.0', value)).toBe(2);
    expect(evaluate('value.name + "-" + string(value.bid)', value)).toBe('é-1.5');
    expect(evaluate('value.flag ? value.list : null', value)).toEqual([1, { a: null }]);
    expect(evaluate('{"n": size(value.list), "l": [value.flag, null]}', value)).toEqual({
      n: 2,
      l: [true, null],
    });
    expect(evaluate('value.list.map(x, x == 1.0)', value)).toEqual([true, false]);
    expect(evaluate('headers')).toEqual({ k: 'v' });
  });

  test('an integer is a number as long as a double holds it, then exact text, or nothing where the source rejects it', () => {
    expect(evaluate('9007199254740991')).toBe(9007199254740991);
    expect(evaluate('-9007199254740991')).toBe(-9007199254740991);
    expect(evaluate('9007199254740992')).toBe('9007199254740992');
    expect(evaluate('[-9007199254740993]')).toEqual(['-9007199254740993']);
    expect(evaluate('9007199254740991', {}, 'reject')).toBe(9007199254740991);
    expect(evaluate('9007199254740992', {}, 'reject')).toBeUndefined();
  });

  test('a time is its ISO text', () => {
    expect(evaluate('timestamp(int(value.at))', { at: 1_700_000_000 })).toBe('2023-11-14T22:13:20.000Z');
  });

  test('what JSON has no form for is refused when it is compiled, and nothing when it shows later', () => {
    expect(fault('uint(1)')).toContain('write int(...)');
    expect(fault('b"ab"')).toContain('base64');
    expect(fault('duration("1s")')).toContain('getSeconds()');
    expect(fault('type(value)')).toContain('only values');
    expect(fault('{value.name: 1}')).toContain('names are not written in quotes');
    expect(fault('{"constructor": 1}')).toContain('constructor');
    for (const text of [
      '1.0 / 0.0',
      '0.0 / 0.0',
      '[uint(1)]',
      '{"a": [b"x"]}',
      'dyn(duration("1s"))',
      'google',
    ])
      expect(evaluate(text)).toBeUndefined();
    expect(evaluate('value.missing')).toBeUndefined();
  });

  test('a result that is too large is none', () => {
    const long = 'x'.repeat(1_000_000);
    expect(evaluate('value.s + value.s', { s: long })).toHaveLength(2_000_000);
    expect(fault(Array(34).fill('value.s').join(' + '))).toBeDefined();
    expect(evaluate('[value.l, value.l]', { l: Array(500_000).fill(1) })).toBeDefined();
    expect(evaluate('[value.l, value.l, value.l, value.l]', { l: Array(500_000).fill(1) })).toBeUndefined();
    expect(evaluate('value.l.map(x, value.s + x)', { s: long, l: Array(100).fill('a') })).toBeUndefined();
  });
});
