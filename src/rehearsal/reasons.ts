// Why somebody sees a path or does not, in sentences that name the rules and their lines: the explanation that `tailrace explain`
// gives, shortened to what helps beside a failed expectation.

import { explain, type Explanation } from '../entitle/explain.js';
import { claimsToReach } from '../entitle/path-template.js';
import type { TopicPath } from '../topic/path.js';
import { nearest } from '../config/suggestion.js';
import type { Rehearsed } from './rehearsal.js';
import type { Stage } from './stage.js';
import type { Viewer } from './test-case.js';

/** Rules and paths that are listed at most. */
const MOST = 5;

export interface ReasonContext {
  readonly rehearsed: Pick<Rehearsed, 'made' | 'exists'>;
  readonly stage: Stage;
}

export function reasonsFor(viewer: Viewer, path: TopicPath, { rehearsed, stage }: ReasonContext): string[] {
  if (!rehearsed.exists(path)) return [whyAbsent(path, rehearsed)];
  if (viewer.principal === undefined)
    return ['sessions without a token are refused: auth.anonymous is absent'];
  const explanation = explain(stage.policy, viewer.principal, path);
  if (explanation.effect === 'allow')
    return explanation.decidedBy.map((rule) => `visible by ${ruleText(rule, explanation, stage)}`);
  if (explanation.decidedBy.length > 0)
    return explanation.decidedBy.map((rule) => `denied by ${ruleText(rule, explanation, stage)}`);
  return whyNotAllowed(explanation, stage);
}

function whyAbsent(path: TopicPath, { made, exists }: ReasonContext['rehearsed']): string {
  if (made.has(path)) return 'a record made it, and a later one deleted it';
  const there = [...made].filter(exists);
  if (there.length === 0) return 'no record made it, or any other path that is left';
  const near = nearest(path, there);
  const others = near === undefined ? there : [near, ...there.filter((other) => other !== near)];
  const rest = others.length > MOST ? ` and ${others.length - MOST} more` : '';
  return `no record made it; they made ${others.slice(0, MOST).join(', ')}${rest}`;
}

function whyNotAllowed({ path, steps, wouldChangeIf }: Explanation, { policy, placeOf }: Stage): string[] {
  const about = steps.filter(({ rule, effect }) => {
    const paths = policy.rules[rule]?.paths ?? [];
    return effect === 'allow' && paths.some((template) => claimsToReach(template, path) !== undefined);
  });
  if (about.length === 0) return ['no allow is about this path'];
  const lines = about.slice(0, MOST).map(({ rule, because }) => {
    return `not visible by rule ${rule + 1}, ${placeOf(['entitlements', rule])}: ${because}`;
  });
  return wouldChangeIf === undefined ? lines : [...lines, `would be visible with ${wouldChangeIf}`];
}

/** `rule 2, tailrace.yaml:31 (role customer, path orders/7/**), which hides /margin` */
function ruleText(index: number, { steps }: Explanation, { policy, placeOf }: Stage): string {
  const rule = policy.rules[index];
  const because = steps.find((step) => step.rule === index)?.because ?? '';
  const hides =
    rule?.effect === 'deny' || rule === undefined ? '' : `, which hides ${rule.hide.join(', ') || 'nothing'}`;
  return `rule ${index + 1}, ${placeOf(['entitlements', index])} (${because})${hides}`;
}
