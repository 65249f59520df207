// Applies an RFC 7396 merge patch. Shared with the client package: nothing of Node, and the given values stay as they are.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import { copyWithout, setMember } from './member.js';

/** The patched value. Copies only the objects on the way to a change; what did not change is the same object as before. */
export function applyMerge(value: Json, merge: Json): Json {
  if (!isObject(merge)) return merge;
  const base = isObject(value) ? value : {};
  const result = copyWithout(base, (key) => Object.hasOwn(merge, key) && merge[key] === null);
  for (const key in merge) {
    const change = merge[key];
    if (change === null || change === undefined) continue;
    setMember(result, key, applyMerge(memberOf(base, key), change));
  }
  return result;
}

function memberOf(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
}
