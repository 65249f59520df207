// Takes hidden members out of a value and picks the fields that a client asked for. Values are never written to; what stays
// whole stays the same object.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import { namesOf, type Pointer } from '../topic/pointer.js';

/** A set of pointers as a tree of names; an empty node is the end of a pointer. */
export type PointerTree = ReadonlyMap<string, PointerTree>;

export function treeOf(pointers: readonly Pointer[]): PointerTree {
  const root: GrowingTree = new Map();
  for (const pointer of pointers) {
    let node = root;
    for (const name of namesOf(pointer)) {
      const child = node.get(name) ?? new Map<string, GrowingTree>();
      node.set(name, child);
      node = child;
    }
  }
  return root;
}

type GrowingTree = Map<string, GrowingTree>;

/**
 * The value without the nodes of the tree. Where the way leads through a list it goes on in every element: a rule that was
 * written for an object must not stop hiding because the source now sends several.
 */
export function without(hidden: PointerTree, value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((element) => without(hidden, element));
  if (!isObject(value) || !mentions(hidden, value)) return value;
  const rest: OpenObject = {};
  for (const key in value) {
    const member = value[key];
    const below = hidden.get(key);
    if (member === undefined || below?.size === 0) continue;
    setMember(rest, key, below === undefined ? member : without(below, member));
  }
  return rest;
}

function mentions(tree: PointerTree, value: JsonObject): boolean {
  for (const key of tree.keys()) if (Object.hasOwn(value, key)) return true;
  return false;
}

/**
 * The object with only the fields of the tree, as far as they exist; perhaps `{}`. Undefined where there is no object.
 * Lists are taken or left whole: a field is never looked for inside one.
 */
export function pick(fields: PointerTree, value: Json): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const picked: OpenObject = {};
  for (const key in value) {
    const member = value[key];
    const below = fields.get(key);
    if (member === undefined || below === undefined) continue;
    const chosen = below.size === 0 ? member : pick(below, member);
    const isEmpty =
      below.size > 0 && (chosen === undefined || Object.keys(chosen as JsonObject).length === 0);
    if (chosen !== undefined && !isEmpty) setMember(picked, key, chosen);
  }
  return picked;
}

type OpenObject = Record<string, Json>;

/** Safe for every name: assigning to `__proto__` would change the prototype instead. */
function setMember(object: OpenObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
