// Structural equality of JSON values: the order of an object's keys does not matter, the order of an array's elements does.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import type { Budget } from './budget.js';
import { memberCount } from './member.js';

/** Whether two values mean the same. Linear; never throws for values that a decoder has let in. */
export function equal(a: Json, b: Json): boolean {
  return equalWithin({ nodesLeft: Infinity }, a, b);
}

/** {@link equal}, but a spent budget answers false, so that the caller must look at the budget before it believes that. */
export function equalWithin(budget: Budget, a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(budget, a, b);
  return isObject(a) && isObject(b) && equalObjects(budget, a, b);
}

function equalArrays(budget: Budget, a: readonly Json[], b: readonly Json[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const element = a[index];
    const other = b[index];
    if (--budget.nodesLeft < 0) return false;
    if (element === undefined || other === undefined || !equalWithin(budget, element, other)) return false;
  }
  return true;
}

function equalObjects(budget: Budget, a: JsonObject, b: JsonObject): boolean {
  let surplus = memberCount(a);
  for (const key in b) {
    surplus--;
    if (--budget.nodesLeft < 0) return false;
    const left = a[key];
    const right = b[key];
    if (left === right) continue;
    if (left === undefined || right === undefined || !Object.hasOwn(a, key)) return false;
    if (!equalWithin(budget, left, right)) return false;
  }
  return surplus === 0;
}
