// Why a principal sees a path, or does not: the decision itself with its steps written down. It calls the same grantsOf and
// decide as delivery does and reads its answer from them; it judges nothing by itself.

import type { TopicPath } from '../topic/path.js';
import { decide, type Decision } from './decide.js';
import { grantOf, grantsOf, keyOf } from './grants.js';
import type { Policy } from './policy.js';
import type { Principal } from './principal.js';
import { applicationOf, type Effect, type Rule } from './rule.js';
import { changeThatFlips } from './would-change.js';

export interface Explanation {
  readonly effect: Effect;
  readonly path: TopicPath;
  readonly policyVersion: number;
  readonly decision: Decision;
  /** What is seen, in words. */
  readonly view: string;
  /** Indexes of the rules that made the decision: every deny that matched, else every allow. Empty: no rule matched. */
  readonly decidedBy: readonly number[];
  /** One per rule, in the order of the configuration. */
  readonly steps: readonly ExplainedRule[];
  /** A change of the principal that was tried and gives the other effect; undefined = none was found. */
  readonly wouldChangeIf: string | undefined;
}

export interface ExplainedRule {
  readonly rule: number;
  readonly effect: Effect;
  readonly matches: boolean;
  /** A clause: "role customer, path orders/7/**" or "none of the roles trader". */
  readonly because: string;
}

/** For operators and administrators: it names rules, roles and claims. It never says whether the path exists. */
export function explain(policy: Policy, principal: Principal, path: TopicPath): Explanation {
  const matching = new Set<string>();
  const decision = decide(grantsOf(policy, principal), path, (grant) => matching.add(keyOf(grant)));
  const steps = policy.rules.map((rule) => explainedRule(rule, principal, matching));
  const denies = steps.filter((step) => step.matches && step.effect === 'deny');
  const deciding = denies.length > 0 ? denies : steps.filter((step) => step.matches);
  return {
    effect: decision.visible ? 'allow' : 'deny',
    path,
    policyVersion: policy.version,
    decision,
    view: viewInWords(decision),
    decidedBy: deciding.map((step) => step.rule),
    steps,
    wouldChangeIf: changeThatFlips(policy, principal, path),
  };
}

/** An explanation as the command line prints it. `nameOf` gives a rule's place in the configuration, like "tailrace.yaml:31". */
export function linesOf(explanation: Explanation, nameOf: (rule: number) => string): string[] {
  const { effect, path, view, decidedBy, steps, wouldChangeIf } = explanation;
  const width = Math.max(0, ...steps.map((step) => nameOf(step.rule).length));
  const rules = steps.map((step) => {
    const mark = step.matches ? step.effect.padEnd(5) : '-    ';
    return `  ${nameOf(step.rule).padEnd(width)}  ${mark}  ${step.because}`;
  });
  const because =
    decidedBy.length === 0 ? 'no rule matches' : `decided by ${decidedBy.map(nameOf).join(', ')}`;
  return [
    `${effect}  ${path}  (${because}; policy version ${explanation.policyVersion})`,
    `sees ${view}`,
    ...rules,
    ...(wouldChangeIf === undefined ? [] : [`would change with ${wouldChangeIf}`]),
  ];
}

function explainedRule(rule: Rule, principal: Principal, matching: ReadonlySet<string>): ExplainedRule {
  const { index, effect } = rule;
  const { applies, because, filters } = applicationOf(rule, principal);
  if (!applies) return { rule: index, effect, matches: false, because };
  const filter = filters.find((candidate) => matching.has(keyOf(grantOf(rule, candidate))));
  return filter === undefined
    ? { rule: index, effect, matches: false, because: `${because}, but none of its paths` }
    : { rule: index, effect, matches: true, because: `${because}, path ${filter}` };
}

function viewInWords(decision: Decision): string {
  if (!decision.visible) return 'nothing';
  return decision.hide.length === 0 ? 'everything' : `everything less ${decision.hide.join(', ')}`;
}
