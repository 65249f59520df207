// What a policy gives to one principal, with the claims filled in: plain data, equal for all principals with equal rights.

import { intersects, type Filter } from '../topic/filter.js';
import type { Pointer } from '../topic/pointer.js';
import type { Policy } from './policy.js';
import type { Principal } from './principal.js';
import { applicationOf, type Effect, type Rule } from './rule.js';

export interface Grant {
  readonly effect: Effect;
  readonly filter: Filter;
  /** Canonical; always empty for a deny. */
  readonly hide: readonly Pointer[];
}

/**
 * A set of grants in canonical order, without duplicates and without a trace of the rules they come from. Interned: equal
 * grants of one policy are the same object, for as long as somebody holds it.
 */
export interface Grants {
  readonly policy: Policy;
  readonly canonical: string;
  readonly list: readonly Grant[];
}

/** All that the policy gives to a principal. Called once per session, and again for a new token or a new policy. */
export function grantsOf(policy: Policy, principal: Principal): Grants {
  const grants = new Map<string, Grant>();
  for (const rule of policy.rules) {
    for (const filter of applicationOf(rule, principal).filters) {
      const grant = grantOf(rule, filter);
      grants.set(keyOf(grant), grant);
    }
  }
  return interned(policy, grants);
}

/**
 * Only the grants that can matter to a subscription: sessions whose other rights differ become one audience. For every path
 * that the filter matches, the decision is the same as with all grants.
 */
export function reduceGrants(grants: Grants, filter: Filter): Grants {
  const kept = grants.list.filter((grant) => intersects(grant.filter, filter));
  if (kept.length === grants.list.length) return grants;
  return interned(grants.policy, new Map(kept.map((grant) => [keyOf(grant), grant])));
}

/** The grant that a rule becomes for one of its filters. */
export function grantOf(rule: Rule, filter: Filter): Grant {
  return { effect: rule.effect, filter, hide: rule.hide };
}

/** Equal for equal grants only. */
export function keyOf(grant: Grant): string {
  return JSON.stringify([grant.effect, grant.filter, ...grant.hide]);
}

function interned(policy: Policy, grants: ReadonlyMap<string, Grant>): Grants {
  const keys = [...grants.keys()].sort();
  const canonical = `[${keys.join()}]`;
  return policy.interned.intern(canonical, () => {
    const list = keys.flatMap((key) => grants.get(key) ?? []);
    return Object.freeze({ policy, canonical, list: Object.freeze(list) });
  });
}
