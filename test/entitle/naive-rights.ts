// What a principal sees, worked out the slow and obvious way from the rules' text: shares no code with src/entitle.

import type { Principal } from '../../src/entitle/principal.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import type { Json } from '../../src/topic/json.js';

/** undefined = invisible; else for each matching allow the pointers that it hides. */
export function naiveRights(
  rules: readonly RuleConfig[],
  principal: Principal,
  path: string,
): (readonly string[])[] | undefined {
  const matching = rules.filter(
    (rule) => concerns(rule, principal) && rule.paths.some((p) => reaches(p, principal, path)),
  );
  if (matching.some((rule) => rule.deny !== undefined)) return undefined;
  return matching.length === 0 ? undefined : matching.map((rule) => rule.hide ?? []);
}

/** The value less every node that all of the lists hide. A list in the value is looked through. */
export function naiveProjection(
  hides: readonly (readonly string[])[],
  value: Json,
  at = '',
): Json | undefined {
  const isHidden = hides.every((hide) =>
    hide.some((pointer) => at === pointer || at.startsWith(`${pointer}/`)),
  );
  if (isHidden) return undefined;
  if (Array.isArray(value))
    return (value as Json[]).map((element) => naiveProjection(hides, element, at) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    naiveProjection(hides, member, `${at}/${name}`),
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined)) as Json;
}

function concerns(rule: RuleConfig, principal: Principal): boolean {
  const roles = rule.allow ?? rule.deny ?? [];
  if (roles !== 'everyone' && !roles.some((role) => principal.roles.includes(role))) return false;
  return Object.entries(rule.claims ?? {}).every(([name, wanted]) => {
    const has = [principal.claims[name]].flat();
    return [wanted].flat().some((value) => has.includes(value));
  });
}

/** Each path segment is decoded and compared as data: nothing that a claim holds can be read as a pattern. */
function reaches(template: string, principal: Principal, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/').map(decodeURIComponent);
  const bound: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    if (segment === '**') return true;
    const name = /^\{claims\.(.*)\}$/.exec(segment)?.[1];
    const text = given[i];
    if (text === undefined) return false;
    if (name === undefined) {
      if (segment !== '*' && segment !== text) return false;
    } else {
      const values = [principal.claims[name]]
        .flat()
        .filter((v) => typeof v === 'string' || isExact(v))
        .map(String);
      if (!values.includes(text) || (bound[name] ?? text) !== text) return false;
      bound[name] = text;
    }
  }
  return wanted.length === given.length;
}

function isExact(value: unknown): boolean {
  return typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
