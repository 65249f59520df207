// What of a value is kept, and added: `pick`, then `omit`, then `rename`, then `set`. Works on parsed values and changes none.

import { isObject, type Json, type JsonObject } from '../topic/json.js';

/** Names from the root of the value to a member. */
export type Names = readonly string[];

export interface Projection {
  /** undefined: everything. */
  readonly pick: readonly Names[] | undefined;
  readonly omit: readonly Names[];
  readonly rename: readonly { readonly from: Names; readonly to: Names }[];
}

type Members = Map<string, Json>;

/** The projected value; undefined: a rename would write over another field, or into something that is no object. */
export function project(projection: Projection, value: Json): Json | undefined {
  if (!isObject(value)) return value;
  let kept: Json = value;
  if (projection.pick !== undefined) {
    kept = {};
    for (const names of projection.pick) {
      const picked = memberAt(value, names);
      if (picked !== undefined) kept = withMember(kept, names, picked) ?? kept;
    }
  }
  for (const names of projection.omit) kept = withoutMember(kept, names);
  return renamed(projection, kept);
}

/** All renames read the value as it was before them, so that two fields can change places. */
function renamed({ rename }: Projection, value: Json): Json | undefined {
  const moves = rename.flatMap(({ from, to }) => {
    const moved = memberAt(value, from);
    return moved === undefined ? [] : [{ from, to, moved }];
  });
  let result: Json | undefined = value;
  for (const { from } of moves) result = withoutMember(result, from);
  for (const { to, moved } of moves) {
    if (memberAt(result, to) !== undefined) return undefined;
    result = withMember(result, to, moved);
    if (result === undefined) return undefined;
  }
  return result;
}

/** The member that the names lead to; own members of objects only. */
export function memberAt(value: Json, names: Names): Json | undefined {
  let found: Json | undefined = value;
  for (const name of names) {
    if (!isObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

/** A copy with the member set, objects made on the way; undefined: something on the way, or the value itself, is no object. */
export function withMember(value: Json, names: Names, member: Json): JsonObject | undefined {
  const [name, ...deeper] = names;
  if (name === undefined || !isObject(value)) return undefined;
  if (deeper.length === 0) return { ...value, [name]: member };
  const inner = Object.hasOwn(value, name) ? (value[name] ?? null) : {};
  const changed = withMember(inner, deeper, member);
  return changed === undefined ? undefined : { ...value, [name]: changed };
}

function withoutMember(value: Json, names: Names): Json {
  const [name, ...deeper] = names;
  if (name === undefined || !isObject(value) || !Object.hasOwn(value, name)) return value;
  const members: Members = new Map(Object.entries(value));
  if (deeper.length === 0) members.delete(name);
  else members.set(name, withoutMember(value[name] ?? null, deeper));
  return Object.fromEntries(members);
}
