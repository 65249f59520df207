// What an expression gives, as JSON. What JSON has no form for is refused rather than guessed: bytes, durations, types,
// numbers that are none, unsigned integers.

import type { Json } from '../topic/json.js';
import type { StepBudget } from './steps.js';

/** What becomes of integers that a double cannot hold: their exact text, or nothing. As `numbers` of a source says. */
export type BigIntegers = 'string' | 'reject';

/** Deeper results are refused: a record is at most as deep as its limit, and an expression adds no more than its own depth. */
const MAX_DEPTH = 600;

/** undefined: it is no JSON. Throws TooManySteps for a result that is too large. */
export function jsonOfResult(result: unknown, steps: StepBudget, big: BigIntegers): Json | undefined {
  steps.chargeValue(result);
  return jsonOf(result, big, 0);
}

function jsonOf(result: unknown, big: BigIntegers, depth: number): Json | undefined {
  switch (typeof result) {
    case 'string':
    case 'boolean':
      return result;
    case 'number':
      return Number.isFinite(result) ? result : undefined;
    case 'bigint':
      return jsonOfInteger(result, big);
    case 'object':
      if (result === null) return null;
      return depth < MAX_DEPTH ? jsonOfObject(result, big, depth + 1) : undefined;
    default:
      return undefined;
  }
}

function jsonOfInteger(integer: bigint, big: BigIntegers): Json | undefined {
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  return big === 'string' ? String(integer) : undefined;
}

function jsonOfObject(result: object, big: BigIntegers, depth: number): Json | undefined {
  if (Array.isArray(result)) return jsonOfList(result, big, depth);
  if (result instanceof Date) return Number.isNaN(result.getTime()) ? undefined : result.toISOString();
  if (result instanceof Map) return jsonOfMembers([...(result as ReadonlyMap<unknown, unknown>)], big, depth);
  return Object.getPrototypeOf(result) === Object.prototype
    ? jsonOfMembers(Object.entries(result), big, depth)
    : undefined;
}

function jsonOfList(list: readonly unknown[], big: BigIntegers, depth: number): Json | undefined {
  const items: Json[] = [];
  for (const each of list) {
    const item = jsonOf(each, big, depth);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function jsonOfMembers(
  members: readonly (readonly [unknown, unknown])[],
  big: BigIntegers,
  depth: number,
): Json | undefined {
  const kept: [string, Json][] = [];
  for (const [name, value] of members) {
    const member = jsonOf(value, big, depth);
    if (typeof name !== 'string' || name === '__proto__' || member === undefined) return undefined;
    kept.push([name, member]);
  }
  return Object.fromEntries(kept);
}
