// The policy: all rules, checked at once and immutable. A new configuration is a new policy with a new version.

import { parseTemplate, type PathTemplate } from './path-template.js';
import { namesOf, parsePointer, type Pointer } from '../topic/pointer.js';
import { minimal } from './pointer-set.js';
import { Interner } from './interner.js';
import type { ClaimCondition, ClaimValue, Rule, RuleConfig } from './rule.js';
import type { Grants } from './grants.js';

export interface Policy {
  /** Grows with every policy of a process; memoised decisions and audiences carry it. */
  readonly version: number;
  readonly rules: readonly Rule[];
  /** Where equal grants of this policy are one object. Dies with the policy. */
  readonly interned: Interner<Grants>;
}

export type CompiledPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

export interface PolicyError {
  /** Index of the rule. */
  readonly rule: number;
  /** The place within the rule as a JSON pointer, for the line in the file: `/paths/0`. */
  readonly at: string;
  /** A sentence for the operator, without the place. */
  readonly message: string;
}

/** Checks all rules; every mistake at once. No rules are fine: then nobody sees anything. */
export function compilePolicy(rules: readonly RuleConfig[], version: number): CompiledPolicy {
  const errors: PolicyError[] = [];
  const compiled = rules.map((config, index) => {
    return compileRule(config, index, (at, message) => errors.push({ rule: index, at, message }));
  });
  if (errors.length > 0) return { ok: false, errors };
  const policy = { version, rules: Object.freeze(compiled), interned: new Interner<Grants>() };
  return { ok: true, policy: Object.freeze(policy) };
}

type Report = (at: string, message: string) => void;

function compileRule(config: RuleConfig, index: number, report: Report): Rule {
  const effect = config.deny === undefined ? 'allow' : 'deny';
  if ((config.allow === undefined) === (config.deny === undefined)) {
    report('', 'A rule has exactly one of allow and deny.');
  }
  if (effect === 'deny' && config.hide !== undefined) {
    report('/hide', 'A deny takes the whole path away; hide belongs to an allow.');
  }
  return Object.freeze({
    index,
    effect,
    roles: rolesOf(config[effect] ?? 'everyone', `/${effect}`, report),
    claims: conditionsOf(config.claims ?? {}, report),
    paths: templatesOf(config.paths, report),
    hide: minimal(pointersOf(config.hide ?? [], report)),
  });
}

function rolesOf(
  roles: readonly string[] | 'everyone',
  at: string,
  report: Report,
): readonly string[] | 'everyone' {
  if (roles === 'everyone') return roles;
  if (!Array.isArray(roles) || roles.length === 0) {
    report(at, 'Give a list of at least one role, or the word everyone.');
  } else if (roles.includes('everyone')) {
    report(
      at,
      'As a list, everyone would be the name of a role; write it without the list to mean everybody.',
    );
  }
  return roles;
}

function conditionsOf(claims: NonNullable<RuleConfig['claims']>, report: Report): readonly ClaimCondition[] {
  return Object.entries(claims).map(([name, wanted]) => {
    const oneOf: readonly ClaimValue[] = typeof wanted === 'object' ? wanted : [wanted];
    if (oneOf.length === 0)
      report(`/claims/${name}`, 'Give at least one value; with none the rule never applies.');
    return { name, oneOf };
  });
}

function templatesOf(paths: readonly string[], report: Report): readonly PathTemplate[] {
  if (paths.length === 0) report('/paths', 'Give at least one path; with none the rule never applies.');
  return paths.flatMap((text, i) => {
    const parsed = parseTemplate(text);
    if (!parsed.ok) report(`/paths/${i}`, `The path "${text}" ${parsed.fault}.`);
    return parsed.ok ? [parsed.template] : [];
  });
}

function pointersOf(hide: readonly string[], report: Report): readonly Pointer[] {
  return hide.flatMap((text, i) => {
    const parsed = parsePointer(text);
    const fault = parsed.ok ? hideFaultOf(parsed.pointer) : parsed.fault;
    if (fault !== undefined) report(`/hide/${i}`, `The pointer "${text}" ${fault}.`);
    return parsed.ok && fault === undefined ? [parsed.pointer] : [];
  });
}

/** Elements of lists have no lasting place, so hiding one by its index would sooner or later hide another. */
function hideFaultOf(pointer: Pointer): string | undefined {
  if (pointer === '') return 'is the whole value; leave the path out of allow, or deny it';
  if (namesOf(pointer).some((name) => name === '-' || /^[0-9]+$/.test(name))) {
    return 'names an element of a list; hide a member of all elements (without the index) or the whole list';
  }
  return undefined;
}
