// The two delta formats of the wire, applied to a JSON value. Nothing is changed in place: what did not change is shared
// with the value before, so that comparing by identity tells which parts are new.

/** RFC 7396: what `value` is after the merge patch. */
export function applyMerge(value, merge) {
  if (!isObject(merge)) return merge;
  const next = isObject(value) ? { ...value } : {};
  for (const [name, part] of Object.entries(merge)) {
    if (part === null) delete next[name];
    else next[name] = applyMerge(next[name], part);
  }
  return next;
}

/** RFC 6902, of which the server sends `add`, `remove` and `replace`: what `value` is after these operations. */
export function applyPatch(value, operations) {
  return operations.reduce((held, { op, path, value: part }) => {
    const names = path
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    return applyOperation(held, names, op, part);
  }, value);
}

function applyOperation(held, [name, ...rest], op, part) {
  if (name === undefined) return op === 'remove' ? undefined : part;
  const next = Array.isArray(held) ? [...held] : { ...held };
  const index = Array.isArray(held) && name === '-' ? held.length : name;
  if (rest.length > 0) next[index] = applyOperation(held[index], rest, op, part);
  else if (op === 'remove') Array.isArray(next) ? next.splice(Number(index), 1) : delete next[index];
  else if (op === 'add' && Array.isArray(next)) next.splice(Number(index), 0, part);
  else next[index] = part;
  return next;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
