// Members of objects: how many, and setting them safely for every name (`object.__proto__ = x` would change the prototype).

import type { Json, JsonObject } from '../topic/json.js';

/** An object while it is being built; a {@link JsonObject} to everybody else. */
export type OpenObject = Record<string, Json>;

export function setMember(object: OpenObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

/** A copy less some members, in the same order. Building it anew keeps its shape fast, which `delete` would not. */
export function copyWithout(object: JsonObject, isLeftOut: (key: string) => boolean): OpenObject {
  const copy: OpenObject = {};
  for (const key in object) {
    const value = object[key];
    if (value !== undefined && !isLeftOut(key)) setMember(copy, key, value);
  }
  return copy;
}

/** How many members an object has. Counted, because `Object.keys(object).length` took 0.4 us of a 0.7 us comparison. */
export function memberCount(object: JsonObject): number {
  let count = 0;
  for (const key in object) {
    void key;
    count++;
  }
  return count;
}
