// One entitlement rule: as the configuration has it, as it is compiled, and whether it applies to a principal.

import type { Json } from '../topic/json.js';
import type { Filter } from '../topic/filter.js';
import { substitute, widest, type PathTemplate } from './path-template.js';
import type { Pointer } from '../topic/pointer.js';
import { claimOf, type Principal } from './principal.js';

/**
 * A rule as written. It has exactly one of `allow` and `deny`. No rule: nothing is visible. A deny beats every allow, and
 * the order of rules never matters.
 *
 *     - allow: [customer]                  # one of these roles, or `everyone`
 *       claims: { region: [EU, UK] }       # and each of these claims is, or as a list contains, one of these values
 *       paths: ["orders/{claims.account}/**"]
 *       hide: [/margin]                    # less these members; a member that every matching allow hides stays hidden
 */
export interface RuleConfig {
  readonly allow?: readonly string[] | 'everyone';
  readonly deny?: readonly string[] | 'everyone';
  readonly claims?: { readonly [name: string]: ClaimValue | readonly ClaimValue[] };
  readonly paths: readonly string[];
  /** JSON pointers to members of objects. Where the way leads through a list, every element of it loses the member. */
  readonly hide?: readonly string[];
}

export type ClaimValue = string | number | boolean;

export type Effect = 'allow' | 'deny';

/** A checked rule. Immutable. */
export interface Rule {
  /** Position in the configuration, from 0. */
  readonly index: number;
  readonly effect: Effect;
  readonly roles: readonly string[] | 'everyone';
  readonly claims: readonly ClaimCondition[];
  readonly paths: readonly PathTemplate[];
  readonly hide: readonly Pointer[];
}

export interface ClaimCondition {
  readonly name: string;
  readonly oneOf: readonly ClaimValue[];
}

/** What a rule means for one principal. `because` is a clause for people: "role customer", "claim region is not EU or UK". */
export interface Application {
  readonly applies: boolean;
  readonly because: string;
  /** Empty unless it applies. */
  readonly filters: readonly Filter[];
}

export function applicationOf(rule: Rule, principal: Principal): Application {
  const role = roleOf(rule, principal);
  if (role === undefined) return refused(`none of the roles ${list(rule.roles)}`);
  for (const condition of rule.claims) {
    if (!holds(condition, principal))
      return refused(`claim ${condition.name} is not ${list(condition.oneOf)}`);
  }
  const { filters, missing } = filtersOf(rule, principal);
  if (filters.length === 0) return refused(missing ?? 'no path is left after its claims are filled in');
  return { applies: true, because: role, filters };
}

function refused(because: string): Application {
  return { applies: false, because, filters: [] };
}

function roleOf(rule: Rule, principal: Principal): string | undefined {
  if (rule.roles === 'everyone') return 'everyone';
  const role = rule.roles.find((wanted) => principal.roles.includes(wanted));
  return role === undefined ? undefined : `role ${role}`;
}

function holds(condition: ClaimCondition, principal: Principal): boolean {
  const claim = claimOf(principal, condition.name);
  if (claim === undefined) return false;
  const values: readonly Json[] = Array.isArray(claim) ? claim : [claim];
  return values.some((value) => condition.oneOf.some((wanted) => wanted === value));
}

function filtersOf(
  rule: Rule,
  principal: Principal,
): { filters: readonly Filter[]; missing: string | undefined } {
  const filters = new Set<Filter>();
  let missing: string | undefined;
  for (const template of rule.paths) {
    const result = substitute(template, principal);
    switch (result.kind) {
      case 'filters':
        for (const filter of result.filters) filters.add(filter);
        break;
      case 'unusable-claim':
        missing ??= `claim ${result.claim} is missing, or is not text, a number or a list of them`;
        break;
      case 'too-many':
        // A deny that cannot be spelled out must not be lost: it widens. An allow must not: it goes.
        if (rule.effect === 'deny') for (const filter of widest(template)) filters.add(filter);
        else missing ??= 'its claims make more paths than are matched for one principal';
        break;
    }
  }
  return { filters: [...filters], missing };
}

function list(values: readonly ClaimValue[] | 'everyone'): string {
  return values === 'everyone' ? values : values.join(' or ');
}
