// The compact JSON of a value as a JavaScript string, and a cheap lower bound of its length. Bytes are made once, by diff.

import type { Json, JsonObject } from '../topic/json.js';

/** What JSON.stringify gives, faster for the scalars that most deltas carry. */
export function textOf(value: Json): string {
  if (typeof value === 'string') return quote(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : `${value}`;
}

/** A string with its quotation marks; also the form of a member's name. */
export function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/**
 * Whether the JSON of `value` has at least `length` bytes, judged without making it and stopping as soon as that is
 * sure. False means "do not know".
 */
export function isAtLeast(length: number, value: Json): boolean {
  return shortfall(length, value) <= 0;
}

/** What is left of `length` after the least that `value` takes: 1 per scalar and separator, a unit per character. */
function shortfall(length: number, value: Json): number {
  if (typeof value === 'string') return length - value.length - 2;
  if (typeof value !== 'object' || value === null) return length - 1;
  let left = length - 1; // the separators and the other bracket: one per member, and one more when there is none
  if (Array.isArray(value)) {
    for (const element of value as readonly Json[]) {
      left = shortfall(left - 1, element);
      if (left <= 0) return left;
    }
    return left - (value.length === 0 ? 1 : 0);
  }
  const members = value as JsonObject;
  for (const key in members) {
    left = shortfall(left - key.length - 4, members[key] ?? null);
    if (left <= 0) return left;
  }
  return left;
}
