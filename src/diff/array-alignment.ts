// Lines two arrays up before they are compared by position: cuts off equal ends, and finds the small shift of a list that
// gains at one end what it loses at the other (an order book with a new best price, a window of the last n). Linear.

import type { Json } from '../topic/json.js';
import type { Budget } from './budget.js';
import { equalWithin } from './equal.js';

/** What is left between the equal ends; `start` is the index of both middles in their arrays. */
export interface Middles {
  readonly start: number;
  readonly previous: readonly Json[];
  readonly next: readonly Json[];
}

export function trim(budget: Budget, previous: readonly Json[], next: readonly Json[]): Middles {
  const shared = Math.min(previous.length, next.length);
  let start = 0;
  while (start < shared && same(budget, previous[start], next[start])) start++;
  let tail = 0;
  while (tail < shared - start && same(budget, previous.at(-1 - tail), next.at(-1 - tail))) tail++;
  return {
    start,
    previous: previous.slice(start, previous.length - tail),
    next: next.slice(start, next.length - tail),
  };
}

const LARGEST_SHIFT = 4;

/** Elements to insert at the head (positive) or to drop from it (negative) before comparing by position; 0 = neither. */
export function shiftOf(budget: Budget, previous: readonly Json[], next: readonly Json[]): number {
  if (previous.length < 2 || next.length < 2) return 0;
  for (let size = 1; size <= LARGEST_SHIFT; size++) {
    for (const shift of [size, -size]) {
      const isCandidate =
        shift > 0 ? same(budget, previous[0], next[size]) : same(budget, previous[size], next[0]);
      if (isCandidate && pays(budget, previous, next, shift)) return shift;
    }
  }
  return 0;
}

/** Whether fewer elements differ with the shift than without, counting what it inserts and drops itself. */
function pays(budget: Budget, previous: readonly Json[], next: readonly Json[], shift: number): boolean {
  return (
    2 * Math.abs(shift) + differing(budget, previous, next, shift) < differing(budget, previous, next, 0)
  );
}

function differing(budget: Budget, previous: readonly Json[], next: readonly Json[], shift: number): number {
  let count = 0;
  for (const [index, element] of previous.entries()) {
    const other = next[index + shift];
    if (other !== undefined && !same(budget, element, other)) count++;
  }
  return count;
}

function same(budget: Budget, a: Json | undefined, b: Json | undefined): boolean {
  if (--budget.nodesLeft < 0 || a === undefined || b === undefined) return false;
  return equalWithin(budget, a, b);
}
