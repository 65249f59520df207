// Whether a header field of the configuration can be sent as it is.

/** They say how a request is carried, which is ours to say. */
const OURS = new Set(
  'connection content-length expect keep-alive te trailer transfer-encoding upgrade'.split(' '),
);

/** Half a sentence about what is wrong, without the value, which may be secret; undefined: nothing. */
export function headerFault(name: string, value: string): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return `${JSON.stringify(name)} is no name of a header`;
  if (OURS.has(name.toLowerCase())) return 'is set by Tailrace itself';
  return valueFault(value);
}

/** As {@link headerFault}, of a value alone. */
export function valueFault(value: string): string | undefined {
  if (/[\r\n]/.test(value)) return 'has a line break; is there one at the end of the file or the variable?';
  if (value !== value.trim()) return 'begins or ends with a blank';
  const at = [...value].findIndex((character) => !/[\t\x20-\x7e\x80-\xff]/.test(character));
  return at < 0 ? undefined : `has a character at ${at + 1} that a header cannot hold`;
}
