// JSON pointers in mapping rules: they name members of objects, never the whole value; arrays are taken whole.

import { namesOf, parsePointer } from '../topic/pointer.js';

export type MemberPointer =
  { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly message: string };

/** The names that a pointer follows. The whole document, and names that a decoded value cannot have, are refused. */
export function parseMemberPointer(text: string): MemberPointer {
  if (text === '') return { ok: false, message: 'names the whole value; name a field of it, like /price' };
  const parsed = parsePointer(text);
  if (!parsed.ok) return { ok: false, message: `"${text}" is no JSON pointer: it ${parsed.fault}` };
  const names = namesOf(parsed.pointer);
  if (names.includes('__proto__')) {
    return { ok: false, message: `"${text}" names __proto__, which no value may have` };
  }
  return { ok: true, names };
}
