// Writes the difference of two objects as RFC 7396 merge patch text, where a merge patch can express it at all: it has
// no way to set a member to null (null removes), and it replaces arrays whole.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import type { Budget } from './budget.js';
import { equalWithin } from './equal.js';
import { memberCount } from './member.js';
import { quote, textOf } from './value-text.js';

export type MergeText =
  | { readonly kind: 'equal' }
  /** `patchFloor`: the RFC 6902 text of the same difference has at least as many characters. */
  | { readonly kind: 'merge'; readonly text: string; readonly patchFloor: number }
  | { readonly kind: 'inexpressible' };

/** Look at the budget first: once it is spent the answer means nothing. */
export function mergeText(budget: Budget, previous: JsonObject, next: JsonObject): MergeText {
  const walk: Walk = { budget, patchFloor: 1, stopped: false };
  const members = membersText(walk, previous, next, 1);
  if (walk.stopped) return INEXPRESSIBLE;
  return members === '' ? EQUAL : { kind: 'merge', text: `{${members}}`, patchFloor: walk.patchFloor };
}

const EQUAL: MergeText = { kind: 'equal' };
const INEXPRESSIBLE: MergeText = { kind: 'inexpressible' };

interface Walk {
  readonly budget: Budget;
  patchFloor: number;
  /** Set by a null that cannot be written, and by a spent budget. */
  stopped: boolean;
}

/** Characters of an operation beside its pointer and value, with the comma or bracket before it. */
const REMOVE_CHARACTERS = '[{"op":"remove","path":""}'.length;
const ADD_CHARACTERS = '[{"op":"add","path":"","value":}'.length;
const REPLACE_CHARACTERS = '[{"op":"replace","path":"","value":}'.length;

/** The members of the patch for one object, without braces; empty = no difference (or stopped). */
function membersText(walk: Walk, previous: JsonObject, next: JsonObject, pointerLength: number): string {
  let text = '';
  let surplus = 0;
  for (const key in next) {
    const before = previous[key];
    const after = next[key];
    surplus--;
    walk.budget.nodesLeft--;
    if (before === after || after === undefined) continue;
    const pointer = pointerLength + key.length;
    // An inherited name (`constructor`, `__proto__`) reads as something, but is not a member.
    const isNew = before === undefined || !Object.hasOwn(previous, key);
    if (isNew) surplus++;
    const value = isNew
      ? valueText(walk, after, pointer + ADD_CHARACTERS)
      : changeText(walk, before, after, pointer);
    if (walk.stopped) return '';
    if (value !== '') text += text === '' ? `${quote(key)}:${value}` : `,${quote(key)}:${value}`;
  }
  if (surplus + memberCount(previous) > 0) text = withRemovals(walk, text, previous, next, pointerLength);
  if (walk.budget.nodesLeft < 0) walk.stopped = true;
  return text;
}

function withRemovals(
  walk: Walk,
  text: string,
  previous: JsonObject,
  next: JsonObject,
  pointerLength: number,
): string {
  let all = text;
  for (const key in previous) {
    if (Object.hasOwn(next, key)) continue;
    all += all === '' ? `${quote(key)}:null` : `,${quote(key)}:null`;
    walk.patchFloor += REMOVE_CHARACTERS + pointerLength + key.length;
  }
  // Below the root a patch may replace the whole object instead of naming each removal: then nothing is known.
  if (pointerLength > 1) walk.patchFloor = -Infinity;
  return all;
}

function changeText(walk: Walk, before: Json, after: Json, pointerLength: number): string {
  if (isObject(before) && isObject(after)) {
    const floorBefore = walk.patchFloor;
    const members = membersText(walk, before, after, pointerLength + 1);
    if (members === '') return '';
    // A patch may replace the object instead of naming each member: with at least what the merge says of it.
    const replaced = floorBefore + REPLACE_CHARACTERS + pointerLength + members.length + '{}'.length;
    if (replaced < walk.patchFloor) walk.patchFloor = replaced;
    return `{${members}}`;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    if (equalWithin(walk.budget, before, after)) return '';
    walk.patchFloor += REMOVE_CHARACTERS + pointerLength + '/0'.length;
    return textOf(after);
  }
  return valueText(walk, after, pointerLength + REPLACE_CHARACTERS);
}

function valueText(walk: Walk, value: Json, operationLength: number): string {
  if (holdsNull(value)) {
    walk.stopped = true;
    return '';
  }
  const text = textOf(value);
  walk.patchFloor += operationLength + text.length;
  return text;
}

/** Whether a merge patch would lose something of the value: a null, itself or as a member. Those in arrays are safe. */
function holdsNull(value: Json): boolean {
  if (!isObject(value)) return value === null;
  for (const key in value) {
    const member = value[key];
    if (member !== undefined && holdsNull(member)) return true;
  }
  return false;
}
