// JSON string literals inside a document's bytes. For the rare cases only: names with escapes, and exact comparison.

/** The text of a valid string literal whose content is `[start, end)`, without the quotes. */
export function textOfLiteral(bytes: Buffer, start: number, end: number): string {
  const content = bytes.toString('utf8', start, end);
  return content.includes('\\') ? (JSON.parse(`"${content}"`) as string) : content;
}

/** FNV-1a, 32 bits: the hash of member names. The scanner has it unrolled into its loop over a name's bytes. */
export const HASH_START = 0x811c9dc5 | 0;
export const HASH_PRIME = 0x01000193;

/** Hash of a name by its decoded text, equal to what the scanner computes for the name spelled without escapes. */
export function hashOfText(text: string): number {
  let hash = HASH_START;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, HASH_PRIME);
  return hash;
}
