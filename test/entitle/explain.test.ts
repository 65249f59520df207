// Explain: the decision with its steps written down, for people.

import { describe, expect, it } from '@jest/globals';
import { explain, linesOf } from '../../src/entitle/explain.js';
import { compilePolicy, type Policy } from '../../src/entitle/policy.js';
import type { Principal } from '../../src/entitle/principal.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import { pathOf } from './arbitrary-policy.js';

const configs: RuleConfig[] = [
  { allow: ['trader'], paths: ['orders/**'], hide: ['/margin'] },
  { allow: ['customer'], paths: ['orders/{claims.account}/**'], claims: { region: ['EU', 'UK'] } },
  { deny: ['embargoed'], paths: ['orders/7/**'] },
];
const policy = compiled(configs);

function compiled(rules: readonly RuleConfig[]): Policy {
  const result = compilePolicy(rules, 12);
  if (!result.ok) throw new Error('bad rules');
  return result.policy;
}

const customer: Principal = { subject: 'u-1', roles: ['customer'], claims: { account: 7, region: 'EU' } };

describe('an explanation', () => {
  it('names what matched of every rule, who decided and what is seen', () => {
    expect(explain(policy, { ...customer, roles: ['customer', 'trader'] }, pathOf('orders/7/1'))).toEqual({
      effect: 'allow',
      path: 'orders/7/1',
      policyVersion: 12,
      decision: { visible: true, hide: [] },
      view: 'everything',
      decidedBy: [0, 1],
      steps: [
        { rule: 0, effect: 'allow', matches: true, because: 'role trader, path orders/**' },
        { rule: 1, effect: 'allow', matches: true, because: 'role customer, path orders/7/**' },
        { rule: 2, effect: 'deny', matches: false, because: 'none of the roles embargoed' },
      ],
      wouldChangeIf: 'out role customer and role trader',
    });
  });

  it.each<[string, Partial<Principal>, string, string, string | undefined]>([
    ['the role is lost', {}, 'orders/7/1', 'allow', 'out role customer'],
    ['a role is added', { roles: [] }, 'orders/7/1', 'deny', 'role trader'],
    [
      'a denied role is lost',
      { roles: ['customer', 'embargoed'] },
      'orders/7/1',
      'deny',
      'out role embargoed',
    ],
    ['no rule speaks of the path', {}, 'prices/1', 'deny', undefined],
  ])('says what would turn it round: %s', (_, change, path, effect, expected) => {
    const explanation = explain(policy, { ...customer, ...change }, pathOf(path));
    expect(explanation).toMatchObject({ effect });
    expect(explanation.wouldChangeIf).toBe(expected);
  });

  it('names the claims that would be needed', () => {
    const rules = compiled(configs.slice(1));
    const explanation = explain(
      rules,
      { subject: 'u', roles: ['x'], claims: { account: 9 } },
      pathOf('orders/a%2Fb/1'),
    );
    expect(explanation.wouldChangeIf).toBe('role customer and claim region = "EU" and claim account = "a/b"');
    const wrongRegion = explain(
      rules,
      { ...customer, claims: { account: 7, region: 'US' } },
      pathOf('orders/7/1'),
    );
    expect(wrongRegion.steps[0]?.because).toBe('claim region is not EU or UK');
    expect(wrongRegion.wouldChangeIf).toBe('claim region = "EU"');
  });

  it('prints as lines with the places of the rules', () => {
    const explanation = explain(
      policy,
      { ...customer, roles: ['trader', 'embargoed'] },
      pathOf('orders/7/1'),
    );
    expect(linesOf(explanation, (rule) => `tailrace.yaml:${rule * 3 + 8}`)).toEqual([
      'deny  orders/7/1  (decided by tailrace.yaml:14; policy version 12)',
      'sees nothing',
      '  tailrace.yaml:8   allow  role trader, path orders/**',
      '  tailrace.yaml:11  -      none of the roles customer',
      '  tailrace.yaml:14  deny   role embargoed, path orders/7/**',
      'would change with out role embargoed',
    ]);
    const masked = explain(policy, { ...customer, roles: ['trader'] }, pathOf('orders/8'));
    expect(linesOf(masked, String)[1]).toBe('sees everything less /margin');
  });
});
