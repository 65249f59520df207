// Writes the difference of two values as RFC 6902 text with add, remove and replace only. Arrays are compared position by
// position after their equal ends are cut off and a small shift is undone, so the work stays linear: no edit distance.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import type { Budget } from './budget.js';
import { shiftOf, trim } from './array-alignment.js';
import { memberCount } from './member.js';
import { isAtLeast, quote, textOf } from './value-text.js';

/** The operations as a JSON array; `[]` = no difference. Look at the budget first: once it is spent this means nothing. */
export function patchText(budget: Budget, previous: Json, next: Json): string {
  return `[${differenceOps(budget, previous, next, '')}]`;
}

/** Operations joined by commas; empty = equal. `pointer` is ready for use inside quotation marks. */
function differenceOps(budget: Budget, before: Json, after: Json, pointer: string): string {
  if (before === after || --budget.nodesLeft < 0) return '';
  if (isObject(before) && isObject(after)) {
    return shorter(objectOps(budget, before, after, pointer), after, pointer);
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return shorter(arrayOps(budget, before, after, pointer), after, pointer);
  }
  return replaceOp(pointer, textOf(after));
}

/** One replacement where it is shorter than many small operations; the root's replacement is the full value, which is not ours. */
function shorter(ops: string, after: Json, pointer: string): string {
  const room = ops.length - replaceOp(pointer, '').length;
  if (room <= 0 || pointer === '' || isAtLeast(room, after)) return ops;
  const whole = replaceOp(pointer, textOf(after));
  return whole.length < ops.length ? whole : ops;
}

function objectOps(budget: Budget, previous: JsonObject, next: JsonObject, pointer: string): string {
  let ops = '';
  let surplus = memberCount(previous);
  for (const key in next) {
    const before = previous[key];
    const after = next[key];
    surplus--;
    if (--budget.nodesLeft < 0) return '';
    if (before === after || after === undefined) continue;
    // An inherited name (`constructor`, `__proto__`) reads as something, but is not a member.
    const isNew = before === undefined || !Object.hasOwn(previous, key);
    if (isNew) surplus++;
    const member = `${pointer}/${pointerToken(key)}`;
    ops = join(ops, isNew ? addOp(member, textOf(after)) : differenceOps(budget, before, after, member));
  }
  return surplus === 0 ? ops : join(ops, removals(previous, next, pointer));
}

function removals(previous: JsonObject, next: JsonObject, pointer: string): string {
  let ops = '';
  for (const key in previous) {
    if (!Object.hasOwn(next, key)) ops = join(ops, removeOp(`${pointer}/${pointerToken(key)}`));
  }
  return ops;
}

function arrayOps(budget: Budget, before: readonly Json[], after: readonly Json[], pointer: string): string {
  const { start, previous, next } = trim(budget, before, after);
  const shift = shiftOf(budget, previous, next);
  const inserted = Math.max(shift, 0);
  const dropped = Math.max(-shift, 0);
  const shared = Math.min(previous.length - dropped, next.length - inserted);
  let ops = '';
  for (let i = 0; i < dropped; i++) ops = join(ops, removeOp(`${pointer}/${start}`));
  for (const [i, value] of next.entries()) {
    const element = `${pointer}/${start + i}`;
    const old = i < inserted || i >= inserted + shared ? undefined : previous[i - inserted + dropped];
    ops = join(
      ops,
      old === undefined ? addOp(element, textOf(value)) : differenceOps(budget, old, value, element),
    );
    if (budget.nodesLeft < 0) return '';
  }
  const end = removeOp(`${pointer}/${start + next.length}`);
  for (let i = dropped + shared; i < previous.length; i++) ops = join(ops, end);
  return ops;
}

function join(ops: string, more: string): string {
  if (ops === '') return more;
  return more === '' ? ops : `${ops},${more}`;
}

function addOp(pointer: string, value: string): string {
  return `{"op":"add","path":"${pointer}","value":${value}}`;
}

function removeOp(pointer: string): string {
  return `{"op":"remove","path":"${pointer}"}`;
}

function replaceOp(pointer: string, value: string): string {
  return `{"op":"replace","path":"${pointer}","value":${value}}`;
}

/** One reference token of RFC 6901, escaped for JSON too. */
function pointerToken(key: string): string {
  const token = /[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
  return quote(token).slice(1, -1);
}
