// Sets of pointers that mean "these nodes and all below them", so that every set has one canonical form: sorted, without
// pointers below another one.

import type { Pointer } from '../topic/pointer.js';

/** The canonical form of a set. */
export function minimal(pointers: readonly Pointer[]): readonly Pointer[] {
  const sorted = [...new Set(pointers)].sort();
  return sorted.filter((inner) => !sorted.some((outer) => outer !== inner && covers(outer, inner)));
}

/** The nodes that both sets cover, in canonical form. */
export function intersection(a: readonly Pointer[], b: readonly Pointer[]): readonly Pointer[] {
  const common: Pointer[] = [];
  for (const left of a) {
    for (const right of b) {
      if (covers(left, right)) common.push(right);
      else if (covers(right, left)) common.push(left);
    }
  }
  return minimal(common);
}

function covers(outer: Pointer, inner: Pointer): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}
