// Looks for a small change of a principal that turns a decision round: the last line of an explanation. Every candidate is
// tried with the decision itself, so what is said is true.

import type { Json, JsonObject } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';
import { decide } from './decide.js';
import { grantsOf } from './grants.js';
import { claimsToReach } from './path-template.js';
import type { Policy } from './policy.js';
import { claimOf, type Principal } from './principal.js';
import type { Rule } from './rule.js';

/** In words, like "role trader and claim account = 7", or "out role trader"; undefined = nothing that was tried turns it round. */
export function changeThatFlips(policy: Policy, principal: Principal, path: TopicPath): string | undefined {
  const isVisible = sees(policy, principal, path);
  const changes = isVisible ? losses(policy, principal) : gains(policy, principal, path);
  return changes.find((change) => sees(policy, change.principal, path) !== isVisible)?.words;
}

interface Change {
  readonly principal: Principal;
  readonly words: string;
}

function sees(policy: Policy, principal: Principal, path: TopicPath): boolean {
  return decide(grantsOf(policy, principal), path).visible;
}

/** What could make a path visible: the roles of denies gone, what an allow asks for given, or both. */
function gains(policy: Policy, principal: Principal, path: TopicPath): Change[] {
  const freed = withoutRoles(principal, rolesNamed(policy, principal, 'deny'));
  const bases = [{ principal, words: '' }, freed];
  return bases.flatMap((base) => [
    ...(base.words === '' ? [] : [base]),
    ...policy.rules.filter((rule) => rule.effect === 'allow').flatMap((rule) => qualified(base, rule, path)),
  ]);
}

/** What could take a path away: one role gone, all roles that rules name gone, or one claim. */
function losses(policy: Policy, principal: Principal): Change[] {
  const roles = rolesNamed(policy, principal, 'allow');
  return [
    ...roles.map((role) => withoutRoles(principal, [role])),
    withoutRoles(principal, roles),
    ...Object.keys(principal.claims).map((name) => ({
      principal: { ...principal, claims: withClaims(principal.claims, new Map([[name, undefined]])) },
      words: `out claim ${name}`,
    })),
  ];
}

function rolesNamed(policy: Policy, principal: Principal, effect: Rule['effect']): string[] {
  const rules = policy.rules.filter((rule) => rule.effect === effect);
  return principal.roles.filter((role) =>
    rules.some((rule) => rule.roles !== 'everyone' && rule.roles.includes(role)),
  );
}

function withoutRoles(principal: Principal, gone: readonly string[]): Change {
  const roles = principal.roles.filter((role) => !gone.includes(role));
  return { principal: { ...principal, roles }, words: `out role ${gone.join(' and role ')}` };
}

/** The base with all that the rule asks of a principal who reaches the path; one change for each path that can be reached. */
function qualified(base: Change, rule: Rule, path: TopicPath): Change[] {
  const { principal } = base;
  const role = rule.roles === 'everyone' ? undefined : rule.roles[0];
  const needsRole = role !== undefined && !principal.roles.some((held) => rule.roles.includes(held));
  return rule.paths.flatMap((template) => {
    const reach = claimsToReach(template, path);
    if (reach === undefined) return [];
    const conditions = rule.claims.map(({ name, oneOf }): [string, Json] => [name, oneOf[0] ?? null]);
    const claims = new Map([...conditions, ...reach].filter(([name, value]) => !has(principal, name, value)));
    const words = [
      ...(base.words === '' ? [] : [base.words]),
      ...(needsRole ? [`role ${role}`] : []),
      ...[...claims].map(([name, value]) => `claim ${name} = ${JSON.stringify(value)}`),
    ];
    const roles = needsRole ? [...principal.roles, role] : principal.roles;
    const changed = { ...principal, roles, claims: withClaims(principal.claims, claims) };
    return [{ principal: changed, words: words.join(' and ') }];
  });
}

/** Whether the claim reads as the value already, alone or in a list: then it stays as it is. */
function has(principal: Principal, name: string, value: Json): boolean {
  const claim = claimOf(principal, name);
  const held: readonly (Json | undefined)[] = Array.isArray(claim) ? claim : [claim];
  return held.some((element) => element === value || (typeof element === 'number' && `${element}` === value));
}

function withClaims(claims: JsonObject, changes: ReadonlyMap<string, Json | undefined>): JsonObject {
  const kept = Object.entries(claims).filter(([name]) => !changes.has(name));
  const set = [...changes].flatMap(([name, value]): [string, Json][] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries([...kept, ...set]);
}
