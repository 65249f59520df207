// Who would see a path: one made-up session for each role that the rules name, with the claims that the rules ask for.

import { decide } from '../entitle/decide.js';
import { grantsOf } from '../entitle/grants.js';
import { claimsToReach } from '../entitle/path-template.js';
import type { Policy } from '../entitle/policy.js';
import type { Principal } from '../entitle/principal.js';
import type { Rule } from '../entitle/rule.js';
import { IntentTable, viewOf } from '../entitle/view.js';
import type { Json, JsonObject } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';

export interface Viewer {
  /** `customer, account = "7"`, or `anybody` for a session without roles. */
  readonly who: string;
  readonly visible: boolean;
  /** Pointers to what is left out for them. */
  readonly hide: readonly string[];
  /** What they get; null when there is nothing. */
  readonly value: Json;
}

export function viewersOf(policy: Policy, path: TopicPath, value: Json): Viewer[] {
  const whole = new IntentTable().whole;
  return principalsOf(policy, path).map(({ who, principal }) => {
    const decision = decide(grantsOf(policy, principal), path);
    const view = viewOf(decision, whole);
    return {
      who,
      visible: decision.visible,
      hide: decision.visible ? decision.hide : [],
      value: view === undefined ? null : (view.project(value) ?? null),
    };
  });
}

interface Candidate {
  readonly who: string;
  readonly principal: Principal;
}

function principalsOf(policy: Policy, path: TopicPath): Candidate[] {
  const candidates = [candidate([], {}), ...policy.rules.flatMap((rule) => candidatesOf(rule, path))];
  return [...new Map(candidates.map((each) => [each.who, each])).values()];
}

function candidatesOf(rule: Rule, path: TopicPath): Candidate[] {
  const conditions = rule.claims.map(({ name, oneOf }) => [name, oneOf[0] ?? null]);
  const reached = rule.paths
    .map((template) => claimsToReach(template, path))
    .find((claims) => claims !== undefined);
  const claims = Object.fromEntries([...conditions, ...(reached ?? [])]) as JsonObject;
  if (rule.roles === 'everyone') return [candidate([], claims)];
  return rule.roles.map((role) => candidate([role], claims));
}

function candidate(roles: readonly string[], claims: JsonObject): Candidate {
  const role = roles[0] ?? 'anybody';
  const conditions = Object.entries(claims).map(([name, value]) => `, ${name} = ${JSON.stringify(value)}`);
  return { who: role + conditions.join(''), principal: { subject: 'sample', roles, claims } };
}
