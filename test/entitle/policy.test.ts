// Checking a policy: every mistake at once, each with its place.

import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../src/entitle/policy.js';
import type { RuleConfig } from '../../src/entitle/rule.js';

function errorsOf(...rules: RuleConfig[]): string[] {
  const compiled = compilePolicy(rules, 1);
  return compiled.ok ? [] : compiled.errors.map(({ rule, at, message }) => `${rule}${at} ${message}`);
}

const good: RuleConfig = { allow: 'everyone', paths: ['a/**'] };

describe('a policy', () => {
  it('reports every mistake of every rule at once', () => {
    expect(
      errorsOf(
        good,
        {
          allow: [],
          paths: ['a//b', 'a/**/b', 'x-{claims.a}', '{key.a}', 'ok/{claims.a}'],
          hide: ['a', '', '/l/0'],
        },
        { deny: ['r'], paths: [], hide: ['/a'], claims: { region: [] } },
        { paths: ['a'] },
        { allow: ['everyone'], deny: ['x'], paths: ['a'] },
      ),
    ).toEqual([
      '1/allow Give a list of at least one role, or the word everyone.',
      '1/paths/0 The path "a//b" has an empty segment.',
      '1/paths/1 The path "a/**/b" has "**" before the last segment.',
      '1/paths/2 The path "x-{claims.a}" has braces that are not a whole segment of the form {claims.name}.',
      '1/paths/3 The path "{key.a}" has braces that are not a whole segment of the form {claims.name}.',
      '1/hide/0 The pointer "a" does not start with "/".',
      '1/hide/1 The pointer "" is the whole value; leave the path out of allow, or deny it.',
      '1/hide/2 The pointer "/l/0" names an element of a list; hide a member of all elements (without the index) or the whole list.',
      '2/hide A deny takes the whole path away; hide belongs to an allow.',
      '2/claims/region Give at least one value; with none the rule never applies.',
      '2/paths Give at least one path; with none the rule never applies.',
      '3 A rule has exactly one of allow and deny.',
      '4 A rule has exactly one of allow and deny.',
    ]);
  });

  it('refuses everyone as an element of a list', () => {
    expect(errorsOf({ allow: ['everyone'], paths: ['a'] })[0]).toContain('0/allow As a list, everyone');
  });

  it('is immutable, and may be empty', () => {
    const compiled = compilePolicy([good], 3);
    if (!compiled.ok) throw new Error('bad rules');
    expect(compiled.policy.version).toBe(3);
    expect(Object.isFrozen(compiled.policy)).toBe(true);
    expect(Object.isFrozen(compiled.policy.rules[0])).toBe(true);
    expect(compilePolicy([], 1).ok).toBe(true);
  });
});
