// The paths of a rule: filters in which a segment may be `{claims.name}`.

import { matches, parseFilter, type Filter } from '../topic/filter.js';
import { segmentsOf, unescapeSegment, type TopicPath } from '../topic/path.js';
import { segmentsOfClaim, type Principal } from './principal.js';

export interface PathTemplate {
  /** As written. */
  readonly text: string;
  readonly segments: readonly TemplateSegment[];
  /** Names of the claims it reads, each once. */
  readonly claims: readonly string[];
}

type TemplateSegment =
  { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'claim'; readonly name: string };

export type ParsedTemplate =
  { readonly ok: true; readonly template: PathTemplate } | { readonly ok: false; readonly fault: string };

export function parseTemplate(text: string): ParsedTemplate {
  const segments = text.split('/').map(segmentOf);
  const sample = segments.map((segment) => (segment.kind === 'literal' ? segment.text : 'claim')).join('/');
  const broken = segments.find((segment) => segment.kind === 'literal' && /[{}]/.test(segment.text));
  if (broken !== undefined) {
    return { ok: false, fault: 'has braces that are not a whole segment of the form {claims.name}' };
  }
  const filter = parseFilter(sample);
  if (!filter.ok) return filter;
  const claims = segments.flatMap((segment) => (segment.kind === 'claim' ? [segment.name] : []));
  return { ok: true, template: { text, segments, claims: [...new Set(claims)] } };
}

/** Filters that one template may become for one principal; lists of claims beyond it are not matched one by one. */
export const MAX_FILTERS_PER_PATH = 1_000;

export type Substituted =
  | { readonly kind: 'filters'; readonly filters: readonly Filter[] }
  | { readonly kind: 'unusable-claim'; readonly claim: string }
  | { readonly kind: 'too-many' };

/** The filters of a template for a principal: one per combination of its claims' segments. */
export function substitute(template: PathTemplate, principal: Principal): Substituted {
  let bindings: readonly ReadonlyMap<string, string>[] = [new Map()];
  for (const claim of template.claims) {
    const segments = segmentsOfClaim(principal, claim);
    if (segments.length === 0) return { kind: 'unusable-claim', claim };
    if (segments.length * bindings.length > MAX_FILTERS_PER_PATH) return { kind: 'too-many' };
    bindings = bindings.flatMap((bound) => segments.map((segment) => new Map(bound).set(claim, segment)));
  }
  return {
    kind: 'filters',
    filters: bindings.flatMap((bound) => filterOf(template, (name) => bound.get(name))),
  };
}

/** The template with `*` for every claim: matches at least what any principal could reach by it. */
export function widest(template: PathTemplate): readonly Filter[] {
  return filterOf(template, () => '*');
}

/** The claims with which the template would match a path; undefined = with none. */
export function claimsToReach(
  template: PathTemplate,
  path: TopicPath,
): ReadonlyMap<string, string> | undefined {
  const given = segmentsOf(path);
  const bound = new Map<string, string>();
  for (const [i, segment] of template.segments.entries()) {
    const value = given[i];
    if (segment.kind === 'claim' && value !== undefined) bound.set(segment.name, value);
  }
  const reaches = filterOf(template, (name) => bound.get(name)).some((filter) => matches(filter, path));
  return reaches ? new Map([...bound].map(([name, segment]) => [name, unescapeSegment(segment)])) : undefined;
}

/** None where the result is no filter any more: a claim's text can make a path longer than 255 bytes. */
function filterOf(
  template: PathTemplate,
  segmentOfClaim: (name: string) => string | undefined,
): readonly Filter[] {
  const segments = template.segments.map((segment) =>
    segment.kind === 'literal' ? segment.text : segmentOfClaim(segment.name),
  );
  const parsed = parseFilter(segments.join('/'));
  return parsed.ok ? [parsed.filter] : [];
}

function segmentOf(text: string): TemplateSegment {
  const name = /^\{claims\.([^{}]+)\}$/.exec(text)?.[1];
  return name === undefined ? { kind: 'literal', text } : { kind: 'claim', name };
}
