// Finds objects that name a member twice, which JSON.parse hides by taking the last: two readers of one token could then
// see two different subjects (RFC 8725 section 2.6 and RFC 7519 section 4 want such tokens refused).

/** Whether any object in a valid JSON text has two members of one name, or one named `__proto__`. */
export function hasUnsafeMembers(json: string): boolean {
  const seen: (Set<string> | undefined)[] = []; // one per open bracket; undefined: an array
  for (const match of json.matchAll(TOKENS)) {
    const token = match[0];
    if (token === '{') seen.push(new Set());
    else if (token === '[') seen.push(undefined);
    else if (token === '}' || token === ']') seen.pop();
    else if (token.endsWith(':')) {
      const name = JSON.parse(token.slice(0, -1)) as string;
      const names = seen.at(-1);
      if (name === '__proto__' || names?.has(name) === true) return true;
      names?.add(name);
    }
  }
  return false;
}

/** Brackets, member names with their colon, and other strings, so that what is inside a string is never taken for either. */
const TOKENS = /[[\]{}]|"(?:[^"\\]|\\.)*"\s*:?/g;
