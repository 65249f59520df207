// Writes a scanned document anew where it cannot be stored as it came: numbers replaced, whitespace taken out.

import type { JsonText } from '../topic/utf8.js';

/** `text` stands for the bytes `[start, end)`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface RewrittenPart {
  readonly start: number;
  readonly end: number;
  /** `compact` when there were line breaks, as the wire has none in a line. */
  readonly spacing: 'kept' | 'compact';
}

/** The value at [start, end) with `edits` (ascending, outside of strings) made; those before and after it do not count. */
export function rewriteJson(
  bytes: Buffer,
  edits: readonly Edit[],
  { start, end, spacing }: RewrittenPart,
): JsonText {
  const copy = spacing === 'kept' ? copyAsIs : copyCompact;
  let text = '';
  let from = start;
  for (const edit of edits) {
    if (edit.start < start || edit.end > end) continue;
    text += copy(bytes, from, edit.start) + edit.text;
    from = edit.end;
  }
  return (text + copy(bytes, from, end)) as JsonText;
}

function copyAsIs(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

function copyCompact(bytes: Buffer, start: number, end: number): string {
  const copy = Buffer.allocUnsafe(end - start);
  let length = 0;
  let isInString = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) isInString = !isInString;
    else if (!isInString && byte <= 0x20) continue;
    copy[length++] = byte;
    if (byte === 0x5c && at + 1 < end) copy[length++] = bytes[++at] ?? 0;
  }
  return copy.toString('latin1', 0, length);
}
