// Applies an RFC 6902 JSON patch, all six operations. Shared with the client package: nothing of Node, and the given values
// stay as they are. A patch is applied whole or not at all.

import { isObject, type Json, type JsonObject } from '../topic/json.js';
import { equal } from './equal.js';
import { copyWithout, setMember, type OpenObject } from './member.js';

/** Why a patch does not fit its value. */
export type PatchFault =
  | 'not a list of operations'
  | 'unknown operation'
  | 'missing member'
  | 'not a pointer'
  | 'no such location'
  | 'test failed'
  | 'move into itself';

/** Thrown by {@link applyPatch}. To a client it means that it does not hold what the sender believes: ask for the value again. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  constructor(
    readonly fault: PatchFault,
    /** Index of the operation. */
    readonly index: number,
  ) {
    super(`Operation ${index} of the patch: ${fault}`);
  }
}

/**
 * The patched value. Copies only what lies on the way to a change, once per patch, so that many operations on one array
 * cost one copy. Throws {@link PatchError}.
 */
export function applyPatch(value: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw new PatchError('not a list of operations', 0);
  const draft: Draft = { root: value, own: new Set(), index: 0 };
  for (const operation of operations as readonly Json[]) {
    applyOperation(draft, operation);
    draft.index++;
  }
  return draft.root;
}

interface Draft {
  root: Json;
  /** Containers that this patch has made, and so may write to. */
  readonly own: Set<object>;
  index: number;
}

type OpenArray = Json[];

function applyOperation(draft: Draft, operation: Json): void {
  const path = tokensAt(draft, operation, 'path');
  switch (textAt(draft, operation, 'op')) {
    case 'add':
      return put(draft, path, valueAt(draft, operation), 'add');
    case 'replace':
      return put(draft, path, valueAt(draft, operation), 'replace');
    case 'remove':
      return remove(draft, path);
    case 'copy':
      return put(draft, path, shared(draft, read(draft, tokensAt(draft, operation, 'from'))), 'add');
    case 'move':
      return move(draft, tokensAt(draft, operation, 'from'), path);
    case 'test':
      if (!equal(read(draft, path), valueAt(draft, operation)))
        throw new PatchError('test failed', draft.index);
      return;
    default:
      throw new PatchError('unknown operation', draft.index);
  }
}

function move(draft: Draft, from: readonly string[], to: readonly string[]): void {
  const moved = read(draft, from);
  const isInside = from.every((token, i) => token === to[i]);
  if (isInside && from.length === to.length) return;
  if (isInside) throw new PatchError('move into itself', draft.index);
  remove(draft, from);
  put(draft, to, moved, 'add');
}

/** After a copy two places hold one object, so neither may be written to in place. */
function shared(draft: Draft, value: Json): Json {
  draft.own.clear();
  return value;
}

function put(draft: Draft, path: readonly string[], value: Json, how: 'add' | 'replace'): void {
  const last = path.at(-1);
  if (last === undefined) {
    draft.root = value;
    return;
  }
  const parent = openParent(draft, path);
  if (Array.isArray(parent)) {
    const index = how === 'add' && last === '-' ? parent.length : indexOf(draft, last);
    if (index > parent.length - (how === 'add' ? 0 : 1))
      throw new PatchError('no such location', draft.index);
    parent.splice(index, how === 'add' ? 0 : 1, value);
    return;
  }
  if (how === 'replace' && !Object.hasOwn(parent, last))
    throw new PatchError('no such location', draft.index);
  setMember(parent, last, value);
}

function remove(draft: Draft, path: readonly string[]): void {
  const last = path.at(-1);
  if (last === undefined) {
    draft.root = null;
    return;
  }
  const parent = openParent(draft, path);
  if (Array.isArray(parent)) {
    if (indexOf(draft, last) >= parent.length) throw new PatchError('no such location', draft.index);
    parent.splice(indexOf(draft, last), 1);
    return;
  }
  if (!Object.hasOwn(parent, last)) throw new PatchError('no such location', draft.index);
  delete parent[last];
}

/** The container that holds the path's last token, writable: it and all above it are copies of this patch's own. */
function openParent(draft: Draft, path: readonly string[]): OpenObject | OpenArray {
  let container = open(draft, draft.root);
  draft.root = container;
  for (const token of path.slice(0, -1)) {
    const child = open(draft, childOf(draft, container, token));
    if (Array.isArray(container)) container[indexOf(draft, token)] = child;
    else setMember(container, token, child);
    container = child;
  }
  return container;
}

function open(draft: Draft, value: Json): OpenObject | OpenArray {
  if (typeof value !== 'object' || value === null) throw new PatchError('no such location', draft.index);
  if (draft.own.has(value)) return value as OpenObject | OpenArray;
  const copy = isObject(value) ? copyWithout(value, () => false) : [...value];
  draft.own.add(copy);
  return copy;
}

function read(draft: Draft, path: readonly string[]): Json {
  return path.reduce((value, token) => childOf(draft, value, token), draft.root);
}

function childOf(draft: Draft, value: Json, token: string): Json {
  let child: Json | undefined;
  if (Array.isArray(value)) child = (value as readonly Json[])[indexOf(draft, token)];
  else if (isObject(value) && Object.hasOwn(value, token)) child = value[token];
  if (child === undefined) throw new PatchError('no such location', draft.index);
  return child;
}

/** RFC 6901 section 4: digits without a leading zero. */
function indexOf(draft: Draft, token: string): number {
  if (!/^(0|[1-9][0-9]*)$/.test(token)) throw new PatchError('no such location', draft.index);
  return Number(token);
}

function tokensAt(draft: Draft, operation: Json, name: 'path' | 'from'): string[] {
  const pointer = textAt(draft, operation, name);
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer))
    throw new PatchError('not a pointer', draft.index);
  return pointer.slice(1).split('/').map(unescapeToken);
}

function unescapeToken(token: string): string {
  return token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token;
}

function textAt(draft: Draft, operation: Json, name: string): string {
  const text = isObject(operation) ? ownMember(operation, name) : undefined;
  if (typeof text !== 'string') throw new PatchError('missing member', draft.index);
  return text;
}

function valueAt(draft: Draft, operation: Json): Json {
  const value = isObject(operation) ? ownMember(operation, 'value') : undefined;
  if (value === undefined) throw new PatchError('missing member', draft.index);
  return value;
}

function ownMember(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
