// What the rules of a configuration say, put before those who will carry them out: src/map and src/entitle compile them and
// tell their mistakes, which get their places here. And what only shows when all rules are seen together.

import { parseTemplate, widest } from '../entitle/path-template.js';
import { compilePolicy } from '../entitle/policy.js';
import { compileMapping } from '../map/compile.js';
import { ELEMENT_PARTS, RECORD_PARTS } from '../map/rule.js';
import { compileTemplate } from '../map/template.js';
import { intersects, type Filter } from '../topic/filter.js';
import type { EntitlementRule } from './config.js';
import type { KeyPath } from './document.js';
import { pathText, type FindingCode, type Problem } from './finding.js';
import { isUnknown, type Interpolated } from './interpolation.js';
import { checkAgainst } from './schema-check.js';
import { ENTITLEMENT_SCHEMA } from './schemas.js';
import type { ReadSource } from './sources.js';

export interface ReadEntitlements {
  readonly rules: readonly EntitlementRule[];
  readonly problems: readonly Problem[];
}

export function readEntitlements(
  root: Readonly<Record<string, unknown>>,
  interpolated: Interpolated,
): ReadEntitlements {
  const written = root['entitlements'] ?? [];
  if (!Array.isArray(written)) {
    const message = 'entitlements must be a list: begin each rule with "- allow:" or "- deny:"';
    return { rules: [], problems: [problem('wrong-type', ['entitlements'], message)] };
  }
  const problems: Problem[] = [];
  const placed: { readonly path: KeyPath; readonly rule: EntitlementRule }[] = [];
  for (const [index, item] of written.entries()) {
    const path = ['entitlements', index];
    const checked = checkAgainst(ENTITLEMENT_SCHEMA, item, {
      path,
      where: pathText(path, root),
      interpolated,
    });
    problems.push(...checked.problems);
    if (checked.problems.length === 0) placed.push({ path, rule: checked.value as EntitlementRule });
  }
  const rules = placed.map(({ rule }) => rule);
  const known = placed.filter(({ path }) => !isUnknown(interpolated, path));
  const compiled = compilePolicy(
    known.map(({ rule }) => rule),
    0,
  );
  for (const error of compiled.ok ? [] : compiled.errors) {
    const path = [...(known[error.rule]?.path ?? []), ...stepsOf(error.at)];
    problems.push(problem('bad-rule', path, `${pathText(path, root)}: ${withoutPeriod(error.message)}`));
  }
  if (problems.length === 0 && !rules.some((rule) => rule.allow !== undefined)) {
    const message =
      'no rule allows anything, so nobody sees anything; add one such as { allow: [trader], paths: [prices/**] }';
    problems.push({ ...problem('nobody-sees', ['entitlements'], message), severity: 'warning' });
  }
  return { rules, problems };
}

/** Mistakes within the mapping rules of each source. */
export function mappingProblems(sources: readonly ReadSource[]): Problem[] {
  return sources.flatMap(({ rules }) => {
    const compiled = rules.length === 0 ? undefined : compileMapping(rules.map(({ rule }) => rule));
    if (compiled === undefined || compiled.ok) return [];
    return compiled.mistakes.map(({ rule, at, column, message }): Problem => {
      const path = [...(rules[rule]?.path ?? []), ...at];
      const where = at.filter((step) => typeof step === 'string').join('.');
      return { ...problem('bad-rule', path, `${where}: ${message}`), column };
    });
  });
}

interface PlacedPattern {
  readonly pattern: Filter;
  readonly where: string;
  readonly path: KeyPath;
}

/** Two sources whose paths could meet: neither would know of the other's deletes. */
export function overlaps(sources: readonly ReadSource[]): Problem[] {
  const patterns = patternsOf(sources);
  return patterns.flatMap((later, index) => {
    const earlier = patterns
      .slice(0, index)
      .find(({ path, pattern }) => path[1] !== later.path[1] && intersects(pattern, later.pattern));
    if (earlier === undefined) return [];
    const message = `${later.where} and ${earlier.where} could both make a path that matches ${earlier.pattern} and ${later.pattern}; give one of them a prefix of its own`;
    return [problem('overlap', [...later.path, 'path'], message)];
  });
}

/** Rules about paths that nothing makes: most often a word that differs between map and entitlements. */
export function matchesNothing(
  rules: readonly EntitlementRule[],
  sources: readonly ReadSource[],
  interpolated: Interpolated,
): Problem[] {
  if (sources.some(({ path }) => isUnknown(interpolated, [...path, 'map']))) return [];
  const patterns = patternsOf(sources);
  return rules.flatMap((rule, index) =>
    rule.paths.flatMap((text, at) => {
      if (isUnknown(interpolated, ['entitlements', index, 'paths', at])) return [];
      const parsed = parseTemplate(text);
      const filters = parsed.ok ? widest(parsed.template) : [];
      if (
        filters.length === 0 ||
        filters.some((filter) => patterns.some(({ pattern }) => intersects(filter, pattern)))
      )
        return [];
      const made = [...new Set(patterns.map(({ pattern }) => pattern))].join(', ');
      const message = `no source makes a path that ${text} matches; they make ${made}`;
      return [
        {
          ...problem('matches-nothing', ['entitlements', index, 'paths', at], message),
          severity: 'warning' as const,
        },
      ];
    }),
  );
}

function patternsOf(sources: readonly ReadSource[]): PlacedPattern[] {
  return sources.flatMap(({ rules, where }) =>
    rules.flatMap(({ rule, path }) => {
      const parts = rule.each === undefined ? RECORD_PARTS : ELEMENT_PARTS;
      const template = compileTemplate(rule.path, () => 0, parts);
      return 'pattern' in template ? [{ pattern: template.pattern, where, path }] : [];
    }),
  );
}

function stepsOf(pointer: string): (string | number)[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function withoutPeriod(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function problem(code: FindingCode, path: KeyPath, message: string): Problem {
  return { severity: 'error', code, path, message };
}
