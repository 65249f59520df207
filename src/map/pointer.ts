// JSON Pointers (RFC 6901) in mapping rules: they name members of objects; arrays are taken whole.

/** Text of a JSON Pointer to a member: `/a/b`, where `~1` stands for `/` and `~0` for `~`. */
export type Pointer = string;

export type ParsedPointer =
  { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly message: string };

/** The names that a pointer follows. The whole document, and names that a decoded value cannot have, are refused. */
export function parsePointer(pointer: Pointer): ParsedPointer {
  if (pointer === '') return { ok: false, message: 'names the whole value; name a field of it, like /price' };
  if (!pointer.startsWith('/'))
    return { ok: false, message: `"${pointer}" is no JSON Pointer: begin it with "/"` };
  if (/~(?![01])/.test(pointer))
    return { ok: false, message: `"${pointer}" is no JSON Pointer: write "~" as "~0"` };
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (names.includes('__proto__'))
    return { ok: false, message: `"${pointer}" names __proto__, which no value may have` };
  return { ok: true, names };
}
