// The decision: what a principal sees of a path.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, type Decision } from '../../src/entitle/decide.js';
import { explain, linesOf } from '../../src/entitle/explain.js';
import { grantsOf, reduceGrants } from '../../src/entitle/grants.js';
import { compilePolicy, type Policy } from '../../src/entitle/policy.js';
import type { Principal } from '../../src/entitle/principal.js';
import { rightsOn } from '../../src/entitle/rights.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import { IntentTable, viewOf } from '../../src/entitle/view.js';
import { matches, parseFilter, type Filter } from '../../src/topic/filter.js';
import type { Json, JsonObject } from '../../src/topic/json.js';
import { path, pathOf, principal, rules, value } from './arbitrary-policy.js';
import { naiveProjection, naiveRights } from './naive-rights.js';

const intents = new IntentTable();

function policyOf(configs: readonly RuleConfig[]): Policy {
  const compiled = compilePolicy(configs, 1);
  if (!compiled.ok) throw new Error(compiled.errors.map((error) => error.message).join(' '));
  return compiled.policy;
}

function filterOf(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.filter;
}

function somebody(roles: readonly string[], claims: JsonObject = {}): Principal {
  return { subject: 'u-1', roles, claims };
}

function decision(configs: readonly RuleConfig[], who: Principal, where: string): Decision {
  return decide(grantsOf(policyOf(configs), who), pathOf(where));
}

describe('a decision', () => {
  it('F2 F6 is what the rules say when they are read one by one, for any rules, principal, path and value', () => {
    fc.assert(
      fc.property(rules, principal, path, value, (configs, who, where, shown) => {
        const view = viewOf(decision(configs, who, where), intents.whole);
        const expected = naiveRights(configs, who, where);
        expect(view === undefined).toBe(expected === undefined);
        if (expected !== undefined) expect(view?.project(shown)).toEqual(naiveProjection(expected, shown));
      }),
      { numRuns: 6_000 },
    );
  });

  it('does not depend on the order of the rules', () => {
    const shuffled = rules.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, principal, path, ([list, other], who, where) => {
        expect(decision(other, who, where)).toEqual(decision(list, who, where));
        expect(grantsOf(policyOf(other), who).canonical).toBe(grantsOf(policyOf(list), who).canonical);
      }),
      { numRuns: 1_000 },
    );
  });

  it('F19 is what explain says, with the rules that made it', () => {
    fc.assert(
      fc.property(rules, principal, path, (configs, who, where) => {
        const policy = policyOf(configs);
        const explanation = explain(policy, who, where);
        const decided = decide(grantsOf(policy, who), where);
        expect(explanation.decision).toEqual(decided);
        expect(explanation.effect).toBe(decided.visible ? 'allow' : 'deny');
        expect(explanation.decidedBy.every((rule) => explanation.steps[rule]?.matches)).toBe(true);
        expect(explanation.decidedBy.length > 0).toBe(explanation.steps.some((step) => step.matches));
        expect(linesOf(explanation, String)[0]).toContain(`${explanation.effect}  ${where}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is nothing without a rule, and a deny beats every allow', () => {
    expect(decision([], somebody(['trader']), 'a')).toEqual({ visible: false });
    const allow: RuleConfig = { allow: 'everyone', paths: ['**'] };
    const deny: RuleConfig = { deny: ['customer'], paths: ['a/secret/**'] };
    expect(decision([allow, deny], somebody(['customer']), 'a/secret')).toEqual({ visible: false });
    expect(decision([allow, deny], somebody(['customer', 'trader']), 'a/secret/1')).toEqual({
      visible: false,
    });
    expect(decision([allow, deny], somebody(['trader']), 'a/secret/1')).toEqual({ visible: true, hide: [] });
  });

  it.each<[string, string[][], string[]]>([
    ['one rule hides', [['/b', '/a', '/a/x']], ['/a', '/b']],
    ['another shows everything', [['/a'], []], []],
    [
      'both hide the same',
      [
        ['/a', '/b'],
        ['/b', '/c'],
      ],
      ['/b'],
    ],
    ['one hides more of a member than the other', [['/a'], ['/a/x']], ['/a/x']],
    ['names only begin alike', [['/a'], ['/ab']], []],
    [
      'three rules leave one node',
      [
        ['/a', '/b/c'],
        ['/b', '/a/x'],
        ['/a', '/b/c/d'],
      ],
      ['/a/x', '/b/c/d'],
    ],
  ])('hides what every matching allow hides: %s', (_, hides, expected) => {
    const configs = hides.map((hide): RuleConfig => ({ allow: 'everyone', paths: ['a'], hide }));
    expect(decision(configs, somebody([]), 'a')).toEqual({ visible: true, hide: expected });
  });

  it('is the same for all grants and for those that a subscription can reach, for every path it matches', () => {
    const filter = fc.constantFrom('**', '*', 'a/**', 'a/*', '*/b', 'a/b/c').map(filterOf);
    fc.assert(
      fc.property(rules, principal, filter, path, (configs, who, wanted, where) => {
        const grants = grantsOf(policyOf(configs), who);
        const reduced = reduceGrants(grants, wanted);
        if (!matches(wanted, where)) return;
        expect(decide(reduced, where)).toEqual(decide(grants, where));
        expect(rightsOn(reduced, wanted)).toBe(rightsOn(grants, wanted));
        if (decide(grants, where).visible) expect(rightsOn(grants, wanted)).toBe('some');
      }),
      { numRuns: 2_000 },
    );
  });

  it('makes rights on a single path exactly its visibility', () => {
    fc.assert(
      fc.property(rules, principal, path, (configs, who, where) => {
        const grants = grantsOf(policyOf(configs), who);
        expect(rightsOn(grants, filterOf(where)) === 'some').toBe(decide(grants, where).visible);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a claim in a path', () => {
  const own: RuleConfig = { allow: ['customer'], paths: ['orders/{claims.account}/**'] };

  it.each<[string, Json, string, boolean]>([
    ['text is one segment', 'acme', 'orders/acme/1', true],
    ['a number is one segment', 7, 'orders/7/1', true],
    ['a slash makes no second segment', 'a/b', 'orders/a/b', false],
    ['a slash is escaped', 'a/b', 'orders/a%2Fb/1', true],
    ['a star is no wildcard', '*', 'orders/acme/1', false],
    ['a star is a literal', '*', 'orders/%2A/1', true],
    ['two stars are no wildcard', '**', 'orders/acme/1', false],
    ['dots do not climb', '..', 'orders/%2E%2E/1', true],
    ['braces are not filled in again', '{claims.sub}', 'orders/u-1/1', false],
    ['a list is one rule for each element', ['x', 8], 'orders/8/1', true],
    ['a list is no more than its elements', ['x', 8], 'orders/9/1', false],
    ['an empty list is nothing', [], 'orders/x', false],
    ['empty text is nothing', '', 'orders/x', false],
    ['a boolean is nothing', true, 'orders/true', false],
    ['null is nothing', null, 'orders/null', false],
    ['an object is nothing', { x: 1 }, 'orders/[object Object]', false],
    ['a list in a list is nothing', [['x']], 'orders/x', false],
    ['an integer that may have been rounded is nothing', 2 ** 53, 'orders/9007199254740992', false],
    ['text of any length stays within a path', 'x'.repeat(300), 'orders/x', false],
  ])('%s', (_, account, where, isVisible) => {
    expect(decision([own], somebody(['customer'], { account, sub: 'u-1' }), where).visible).toBe(isVisible);
  });

  it('that is missing matches nothing, and inherited names are no claims', () => {
    expect(decision([own], somebody(['customer']), 'orders/undefined')).toEqual({ visible: false });
    const inherited = Object.create({ account: 'acme' }) as JsonObject;
    expect(decision([own], somebody(['customer'], inherited), 'orders/acme')).toEqual({ visible: false });
  });

  it('means the same element in both places of one path', () => {
    const configs: RuleConfig[] = [{ allow: 'everyone', paths: ['{claims.t}/{claims.t}'] }];
    expect(decision(configs, somebody([], { t: ['a', 'b'] }), 'a/a').visible).toBe(true);
    expect(decision(configs, somebody([], { t: ['a', 'b'] }), 'a/b').visible).toBe(false);
  });

  it('with more combinations than 1,000 gives an allow nothing and a deny everything of that form', () => {
    const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `id${i}`);
    const allow: RuleConfig = { allow: 'everyone', paths: ['own/{claims.a}/{claims.b}'] };
    const deny: RuleConfig = { deny: 'everyone', paths: ['own/{claims.a}/{claims.b}'] };
    const open: RuleConfig = { allow: 'everyone', paths: ['**'] };
    const atLimit = somebody([], { a: ids(100), b: ids(10) });
    const past = somebody([], { a: ids(91), b: ids(11) });
    expect(decision([allow], atLimit, 'own/id99/id9').visible).toBe(true);
    expect(decision([allow], past, 'own/id0/id0').visible).toBe(false);
    expect(decision([open, deny], atLimit, 'own/other/id0').visible).toBe(true);
    expect(decision([open, deny], past, 'own/other/id0').visible).toBe(false);
    expect(explain(policyOf([allow]), past, pathOf('own/id0/id0')).steps[0]?.because).toContain('more paths');
  });
});

describe('a claim condition', () => {
  const rule: RuleConfig = { allow: 'everyone', claims: { region: ['EU', 'UK'], desk: 3 }, paths: ['a'] };

  it.each<[JsonObject, boolean]>([
    [{ region: 'EU', desk: 3 }, true],
    [{ region: ['US', 'UK'], desk: [3] }, true],
    [{ region: 'EU', desk: '3' }, false],
    [{ region: 'EU' }, false],
    [{ region: [], desk: 3 }, false],
    [{ region: { EU: true }, desk: 3 }, false],
  ])(
    'holds for a claim that is, or as a list contains, one of its values, and all must hold: %j',
    (claims, isVisible) => {
      expect(decision([rule], somebody([], claims), 'a').visible).toBe(isVisible);
    },
  );
});

describe('grants', () => {
  const configs: RuleConfig[] = [
    { allow: ['trader', 'auditor'], paths: ['prices/**'], hide: ['/b', '/a'] },
    { allow: ['auditor'], paths: ['prices/**'], hide: ['/a', '/b', '/a/x'] },
    { allow: ['customer'], paths: ['orders/{claims.account}/**'] },
  ];

  it('that are equal are the same object, whatever rules they come from', () => {
    const policy = policyOf(configs);
    const trader = grantsOf(policy, somebody(['trader']));
    expect(grantsOf(policy, { subject: 'u-2', roles: ['auditor', 'x'], claims: { account: 7 } })).toBe(
      trader,
    );
    expect(grantsOf(policy, somebody(['customer'], { account: 7 }))).toBe(
      grantsOf(policy, somebody(['customer'], { account: '7' })),
    );
    expect(grantsOf(policy, somebody(['customer'], { account: 8 }))).not.toBe(
      grantsOf(policy, somebody(['customer'], { account: 7 })),
    );
  });

  it('are the same object for a subscription that cannot tell them apart', () => {
    const policy = policyOf(configs);
    const one = grantsOf(policy, somebody(['trader', 'customer'], { account: 1 }));
    const two = grantsOf(policy, somebody(['trader', 'customer'], { account: 2 }));
    expect(one).not.toBe(two);
    expect(reduceGrants(one, filterOf('prices/*/spot'))).toBe(reduceGrants(two, filterOf('prices/*/spot')));
    expect(reduceGrants(one, filterOf('orders/**'))).not.toBe(reduceGrants(two, filterOf('orders/**')));
  });
});

describe('rights on a filter', () => {
  it.each<[string, RuleConfig[], 'some' | 'none']>([
    ['nothing is allowed', [], 'none'],
    ['an allow meets it', [{ allow: 'everyone', paths: ['a/*/c'] }], 'some'],
    ['an allow does not meet it', [{ allow: 'everyone', paths: ['x/**'] }], 'none'],
    [
      'a deny takes all of it',
      [
        { allow: 'everyone', paths: ['**'] },
        { deny: 'everyone', paths: ['a/**'] },
      ],
      'none',
    ],
    [
      'a deny takes all that is allowed',
      [
        { allow: 'everyone', paths: ['a/b/*'] },
        { deny: 'everyone', paths: ['*/b/**'] },
      ],
      'none',
    ],
    [
      'a deny takes a part',
      [
        { allow: 'everyone', paths: ['**'] },
        { deny: 'everyone', paths: ['a/b'] },
      ],
      'some',
    ],
  ])('are known from grants and filter alone: %s', (_, configs, expected) => {
    expect(rightsOn(grantsOf(policyOf(configs), somebody([])), filterOf('a/**'))).toBe(expected);
  });
});
