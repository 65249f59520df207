// Foreign text and bytes as one line that a terminal takes as text: what could move its cursor, change its colours, turn the
// direction of writing, or break the line, is spelled as JSON spells it.

import { isUtf8 } from 'node:buffer';

/** Control and format characters, line and paragraph separators, lone halves of a pair. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** What no text has: valid as UTF-8, and told apart from text all the same. */
const BINARY = /[\u0000-\u0008\u000e-\u001a]/;
const BYTES_IN_HEX = 16;

/** Within a JSON document the result means the same: these characters stand in its strings only. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** Text as it is, anything else in hexadecimal; at most the first `maxBytes`. */
export function printableBytes(bytes: Buffer, maxBytes: number): string {
  const start = withoutHalfCharacter(bytes.subarray(0, maxBytes), bytes.length);
  if (isUtf8(start)) {
    const text = start.toString('utf8');
    if (!BINARY.test(text)) return `${printable(text)}${start.length < bytes.length ? '…' : ''}`;
  }
  const hex = bytes.toString('hex', 0, BYTES_IN_HEX).replace(/..(?=.)/g, '$& ');
  return `${hex}${bytes.length > BYTES_IN_HEX ? ' …' : ''}`;
}

/** Cut so that it fills at most `columns` of a terminal; an ellipsis says so. For text that is printable. */
export function shortened(text: string, columns: number): string {
  if (text.length * WIDEST <= columns) return text;
  let width = 0;
  let fitting = 0; // UTF-16 units that fit with the ellipsis behind them
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) return `${text.slice(0, fitting)}…`;
    if (width < columns) fitting += character.length;
  }
  return text;
}

/** Bytes that were cut off a longer text may end within a character, of which up to three bytes are there. */
function withoutHalfCharacter(start: Buffer, wholeLength: number): Buffer {
  if (start.length === wholeLength) return start;
  for (let cut = 0; cut <= 3; cut++) {
    const shorter = start.subarray(0, start.length - cut);
    if (isUtf8(shorter)) return shorter;
  }
  return start;
}

function escaped(character: string): string {
  let text = '';
  for (let at = 0; at < character.length; at++)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return text;
}

const WIDEST = 2;
const FIRST_WIDE = 0x1100;

/** Counts some narrow characters as wide: a line may be shorter than it could be, and never longer. */
function columnsOf(character: string): number {
  return (character.codePointAt(0) ?? 0) < FIRST_WIDE ? 1 : WIDEST;
}
