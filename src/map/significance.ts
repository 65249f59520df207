// Which differences between two values of a path count: not those in ignored fields, not numbers within their deadband.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import type { Names } from './projection.js';

/** What is known of the differences at one place of a value. */
interface Tolerance {
  readonly isIgnored: boolean;
  /** A number may differ by this much; 0: not at all. */
  readonly within: number;
  readonly members: ReadonlyMap<string, Tolerance>;
}

export type Significance = Tolerance;

interface Draft {
  isIgnored: boolean;
  within: number;
  members: Map<string, Draft>;
}

export function significanceOf(
  ignore: readonly Names[],
  deadband: readonly { readonly field: Names; readonly within: number }[],
): Significance {
  const root = newDraft();
  for (const names of ignore) draftAt(root, names).isIgnored = true;
  for (const { field, within } of deadband) draftAt(root, field).within = within;
  return root;
}

/** Whether `next` differs from what was last passed on by nothing that counts. Key order does not count either. */
export function isSame(significance: Significance, passedOn: Json, next: Json): boolean {
  return isSameAt(significance, passedOn, next);
}

function isSameAt(tolerance: Tolerance | undefined, a: Json, b: Json): boolean {
  if (a === b || tolerance?.isIgnored === true) return true;
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= (tolerance?.within ?? 0);
  if (Array.isArray(a) && Array.isArray(b)) {
    return (
      a.length === b.length &&
      a.every((item: Json, index) => isSameAt(undefined, item, (b as readonly Json[])[index] ?? null))
    );
  }
  return isObject(a) && isObject(b) && areMembersSame(tolerance, a, b);
}

function areMembersSame(tolerance: Tolerance | undefined, a: JsonObject, b: JsonObject): boolean {
  for (const name of Object.keys(a)) {
    const inner = tolerance?.members.get(name);
    if (inner?.isIgnored === true) continue;
    if (!Object.hasOwn(b, name) || !isSameAt(inner, a[name] ?? null, b[name] ?? null)) return false;
  }
  return Object.keys(b).every(
    (name) => Object.hasOwn(a, name) || tolerance?.members.get(name)?.isIgnored === true,
  );
}

function draftAt(root: Draft, names: Names): Draft {
  let draft = root;
  for (const name of names) {
    let inner = draft.members.get(name);
    if (inner === undefined) draft.members.set(name, (inner = newDraft()));
    draft = inner;
  }
  return draft;
}

function newDraft(): Draft {
  return { isIgnored: false, within: 0, members: new Map() };
}
