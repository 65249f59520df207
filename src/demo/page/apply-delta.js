// The two delta formats of the wire, applied to a JSON value. Nothing is changed in place: what did not change is shared
// with the value before where that is cheap.

import { applyPatch as jsonPatch } from './vendor/fast-json-patch/core.mjs';

/** RFC 7396: what `value` is after the merge patch. */
export function applyMerge(value, merge) {
  if (!isObject(merge)) return merge;
  const next = isObject(value) ? { ...value } : {};
  for (const [name, part] of Object.entries(merge)) {
    if (part === null) delete next[name];
    else next[name] = applyMerge(next[name], part);
  }
  return next;
}

/** RFC 6902: any library will do, since the wire's patches are standard ones. */
export function applyPatch(value, operations) {
  return jsonPatch(value, operations, false, false).newDocument;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
