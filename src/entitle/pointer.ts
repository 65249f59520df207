// JSON pointers (RFC 6901) to members of objects, and sets of them. A set here means "these nodes and all below them", so
// every set has one canonical form: sorted, without pointers below another one.

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

/** The canonical form of a set. */
export function minimal(pointers: readonly Pointer[]): readonly Pointer[] {
  const sorted = [...new Set(pointers)].sort();
  return sorted.filter((inner) => !sorted.some((outer) => outer !== inner && covers(outer, inner)));
}

/** The nodes that both sets cover, in canonical form. */
export function intersection(a: readonly Pointer[], b: readonly Pointer[]): readonly Pointer[] {
  const common: Pointer[] = [];
  for (const left of a) {
    for (const right of b) {
      if (covers(left, right)) common.push(right);
      else if (covers(right, left)) common.push(left);
    }
  }
  return minimal(common);
}

function covers(outer: Pointer, inner: Pointer): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}
