// The difference between two values of one path as the wire carries it: the smallest of merge patch, JSON patch and full
// value that is right. Applying a delta is apply-merge.ts and apply-patch.ts, which clients share.

import { isObject, stringifyJson, type Json } from '../topic/json.js';
import { utf8FromText, type JsonText } from '../topic/utf8.js';
import { DIFF_NODES, type Budget } from './budget.js';
import { equal } from './equal.js';
import { mergeText } from './merge-text.js';
import { patchText } from './patch-text.js';
import { mergeOfTexts } from './text-merge.js';
import { isAtLeast } from './value-text.js';

/** `merge`: RFC 7396 text. `patch`: RFC 6902 text with add, remove and replace. `full`: the next value. All compact. */
export interface Delta {
  readonly form: 'merge' | 'patch' | 'full';
  readonly text: JsonText;
}

/**
 * What turns `previous` into `next`; undefined = they mean the same, decided exactly whatever the budget, because a delta
 * for an unchanged masked value would tell of the hidden change.
 *
 * `nextText` is the text of `next` where the caller has it, compact and without line breaks: its length decides, and it
 * is the text of a full delta. Never longer than the full value. Called once per change and view; 1 us for 20 fields.
 */
export function diff(
  previous: Json,
  next: Json,
  nextText: JsonText | undefined,
  nodes = DIFF_NODES,
): Delta | undefined {
  if (previous === next) return undefined;
  const budget: Budget = { nodesLeft: nodes };
  if (isObject(previous) && isObject(next)) {
    const merge = mergeText(budget, previous, next);
    if (budget.nodesLeft < 0) return fullUnlessEqual(previous, next, nextText);
    if (merge.kind === 'equal') return undefined;
    if (merge.kind === 'inexpressible') return orFull(patched(budget, previous, next), next, nextText);
    const merged = deltaOf('merge', merge.text);
    if (merged.text.length <= merge.patchFloor) return orFull(merged, next, nextText);
    return orFull(smaller(merged, patched(budget, previous, next)), next, nextText);
  }
  if (Array.isArray(previous) && Array.isArray(next)) {
    const patch = patched(budget, previous, next);
    if (patch === undefined) return fullUnlessEqual(previous, next, nextText);
    return patch.text === '[]' ? undefined : orFull(patch, next, nextText);
  }
  return orFull(undefined, next, nextText);
}

/**
 * The same for two texts, as long as they can be told apart without parsing them: `unknown` asks for {@link diff} of the values.
 * For views that show values as they are. Called once per change of a watched path.
 */
export function diffTexts(previous: JsonText, next: JsonText): Delta | undefined | 'unknown' {
  const merge = mergeOfTexts(previous, next);
  switch (merge.kind) {
    case 'equal':
      return undefined;
    case 'unknown':
      return 'unknown';
    case 'merge':
      return merge.text.length < next.length
        ? { form: 'merge', text: merge.text }
        : { form: 'full', text: next };
  }
}

/** Undefined = the budget ran out on the way. */
function patched(budget: Budget, previous: Json, next: Json): Delta | undefined {
  const text = patchText(budget, previous, next);
  return budget.nodesLeft < 0 ? undefined : deltaOf('patch', text);
}

function deltaOf(form: 'merge' | 'patch', text: string): Delta {
  return { form, text: utf8FromText(text) as JsonText };
}

function smaller(a: Delta | undefined, b: Delta | undefined): Delta | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.text.length < a.text.length ? b : a;
}

/** A tie goes to the full value: it needs no base. */
function orFull(delta: Delta | undefined, next: Json, nextText: JsonText | undefined): Delta {
  if (delta !== undefined) {
    const isSmaller =
      nextText === undefined ? isAtLeast(delta.text.length + 1, next) : delta.text.length < nextText.length;
    if (isSmaller) return delta;
  }
  const text = nextText ?? stringifyJson(next);
  return delta !== undefined && delta.text.length < text.length ? delta : { form: 'full', text };
}

function fullUnlessEqual(previous: Json, next: Json, nextText: JsonText | undefined): Delta | undefined {
  return equal(previous, next) ? undefined : orFull(undefined, next, nextText);
}
