// Paths, filters and escapes said again, as plainly as possible, for the oracle. Nothing of src/ is imported here:
// a model that shares code with the product shares its mistakes.

/** Whether a filter (`*` = one segment, `**` at the end = any number of them) names the path. */
export function names(filter: string, path: string): boolean {
  return namesSegments(filter.split('/'), path.split('/'));
}

function namesSegments([wanted, ...wantedRest]: string[], [given, ...givenRest]: string[]): boolean {
  if (wanted === '**') return true;
  if (wanted === undefined || given === undefined) return wanted === given;
  return (wanted === '*' || wanted === given) && namesSegments(wantedRest, givenRest);
}

/** One data value as one segment; undefined where it cannot be one. */
export function segmentOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  const text = String(value);
  if (text === '') return undefined;
  if (text === '.' || text === '..') return text.replaceAll('.', '%2E');
  return Array.from(text, (character) => (isReserved(character) ? escapeOf(character) : character)).join('');
}

function isReserved(character: string): boolean {
  const code = character.codePointAt(0)!;
  return '/*%{}'.includes(character) || code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

function escapeOf(character: string): string {
  const hex = [...Buffer.from(character)].map((byte) => '%' + byte.toString(16).padStart(2, '0'));
  return hex.join('').toUpperCase();
}
