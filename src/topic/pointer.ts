// JSON pointers (RFC 6901) to members of objects: one parser for mapping rules, rights and what clients ask for.

declare const pointer: unique symbol;

/** A valid pointer, made only by {@link parsePointer}. '' is the whole value. */
export type Pointer = string & { readonly [pointer]: true };

export type ParsedPointer =
  { readonly ok: true; readonly pointer: Pointer } | { readonly ok: false; readonly fault: PointerFault };

export type PointerFault =
  'does not start with "/"' | 'has a "~" that is followed by neither 0 nor 1' | 'has a lone surrogate';

export function parsePointer(text: string): ParsedPointer {
  if (text !== '' && !text.startsWith('/')) return { ok: false, fault: 'does not start with "/"' };
  if (/~(?![01])/.test(text)) return { ok: false, fault: 'has a "~" that is followed by neither 0 nor 1' };
  if (!text.isWellFormed()) return { ok: false, fault: 'has a lone surrogate' };
  return { ok: true, pointer: text as Pointer };
}

/** The names of the members on the way to the node, unescaped. */
export function namesOf(pointer: Pointer): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}
