// JSON pointers (RFC 6901) of the options: which value of an item or a body is meant.

/** Names (indexes of lists in decimal) from a value to a part of it. Empty: the value itself. */
export type PointerPath = readonly string[];

export type ReadPointer =
  | { readonly ok: true; readonly path: PointerPath }
  /** What is wrong with it, to stand after the pointer: `must begin with "/"`. */
  | { readonly ok: false; readonly fault: string };

export function readPointer(text: string): ReadPointer {
  if (text === '') return { ok: true, path: [] };
  if (!text.startsWith('/')) return { ok: false, fault: `must begin with "/", as in "/${text}"` };
  if (/~(?![01])/.test(text)) {
    return {
      ok: false,
      fault: 'has a "~" without 0 or 1 after it: "~" is written ~0 in a pointer, and "/" in a name ~1',
    };
  }
  if (!text.isWellFormed()) return { ok: false, fault: 'has half a character (a lone surrogate)' };
  const path = text
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { ok: true, path };
}

/** The pointer that is read as this path. */
export function pointerText(path: PointerPath): string {
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Whether `inner` is `outer`, or leads to a part of what that leads to. */
export function isWithin(inner: PointerPath, outer: PointerPath): boolean {
  return inner.length >= outer.length && outer.every((name, i) => name === inner[i]);
}
