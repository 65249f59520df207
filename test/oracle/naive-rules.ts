// Who may see what of a value, said plainly: no deny names the path, some allow does, and a part is hidden when every
// allow that applies hides it. What the client asked to see narrows what is left.

import { isRecord, tokensOf, type Value } from './naive-json.js';
import { names, segmentOf } from './naive-paths.js';

export interface Rule {
  readonly allow?: readonly string[] | 'everyone';
  readonly deny?: readonly string[] | 'everyone';
  readonly paths: readonly string[];
  readonly hide?: readonly string[];
  readonly claims?: Readonly<Record<string, Value>>;
}

export interface Person {
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, Value>>;
}

/** What the person sees of the value, less what was not asked for; undefined = the path does not exist for them. */
export function seen(
  rules: readonly Rule[],
  person: Person,
  path: string,
  value: Value,
  fields?: readonly string[],
) {
  const applying = rules.filter(
    (rule) => isMeant(rule, person) && rule.paths.some((p) => reaches(p, person, path)),
  );
  const allows = applying.filter((rule) => rule.allow !== undefined);
  if (allows.length === 0 || applying.some((rule) => rule.deny !== undefined)) return undefined;
  const hidden = allows.map((rule) => (rule.hide ?? []).map(tokensOf));
  const visible = without(value, hidden, []);
  return fields === undefined ? visible : only(visible, fields.map(tokensOf), []);
}

function isMeant(rule: Rule, person: Person): boolean {
  const roles = rule.allow ?? rule.deny ?? [];
  const isNamed = roles === 'everyone' || roles.some((role) => person.roles.includes(role));
  return (
    isNamed && Object.entries(rule.claims ?? {}).every(([name, wanted]) => holds(person.claims[name], wanted))
  );
}

function holds(claim: Value | undefined, wanted: Value): boolean {
  const accepted = Array.isArray(wanted) ? wanted : [wanted];
  const given = Array.isArray(claim) ? claim : [claim];
  return given.some((value) => accepted.includes(value));
}

/** Whether the rule's filter, with each `{claims.x}` filled in, names the path. A list fills it in once for each element, the same wherever it stands. */
function reaches(template: string, person: Person, path: string): boolean {
  const hole = /\{claims\.([^}]+)\}/.exec(template);
  if (hole === null) return names(template, path);
  const claim = person.claims[hole[1]!];
  const given: readonly (Value | undefined)[] = Array.isArray(claim) ? claim : [claim];
  const fillings = given.map((one) => (typeof one === 'boolean' ? undefined : segmentOf(one)));
  return fillings.some(
    (filling) =>
      filling !== undefined &&
      reaches(
        template.replaceAll(hole[0], () => filling),
        person,
        path,
      ),
  );
}

/** The value less each part that every one of the allows hides; a way through a list leads into each of its elements. */
function without(value: Value, hiddenByEach: string[][][], at: string[]): Value {
  if (Array.isArray(value)) return value.map((element: Value) => without(element, hiddenByEach, at));
  if (!isRecord(value)) return value;
  const isHidden = (key: string) =>
    hiddenByEach.every((hidden) => hidden.some((part) => isWithin([...at, key], part)));
  const kept = Object.entries(value).filter(([key]) => !isHidden(key));
  return Object.fromEntries(kept.map(([key, member]) => [key, without(member, hiddenByEach, [...at, key])]));
}

/** The object less each part that was not asked for; undefined where there is no object. What is left empty is left out. */
function only(value: Value, wanted: string[][], at: string[]): Value | undefined {
  if (!isRecord(value)) return undefined;
  const kept = Object.entries(value).flatMap(([key, member]): [string, Value][] => {
    const here = [...at, key];
    if (wanted.some((part) => isWithin(here, part))) return [[key, member]];
    const inner = wanted.some((part) => isWithin(part, here)) ? only(member, wanted, here) : undefined;
    return isRecord(inner) && Object.keys(inner).length > 0 ? [[key, inner]] : [];
  });
  return Object.fromEntries(kept);
}

function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.length <= inner.length && outer.every((token, i) => token === inner[i]);
}
