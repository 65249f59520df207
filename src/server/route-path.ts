// Paths of the operator's port: what stands in the table against what was asked for. Compared as sent, never decoded, so that
// there is one spelling of each.

/** By name, as sent. */
export type PathParameters = Readonly<Record<string, string>>;

/** `pattern` is a path in which a segment `:name` stands for any one segment. undefined: `path` is not of that form. */
export function matchPath(pattern: string, path: string): PathParameters | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const value = given[index] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== value) return undefined;
    } else if (value === '') return undefined;
    else parameters[segment.slice(1)] = value;
  }
  return parameters;
}
