// The merge patch between two texts of the same shape, without parsing either. Most changes of a stream are of this kind: the
// same members in the same order, some scalars different. Walking the texts side by side costs a fifth of parsing the new
// value, comparing and writing the patch (bench row `wide`). What is of another kind is left to delta.ts.

import type { JsonText } from '../topic/utf8.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_N = 0x6e;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** An RFC 7396 patch from one text to the other; or they mean the same; or this way cannot tell. */
export type TextMerge =
  | { readonly kind: 'merge'; readonly text: JsonText }
  | { readonly kind: 'equal' }
  | { readonly kind: 'unknown' };

const EQUAL: TextMerge = { kind: 'equal' };
const UNKNOWN: TextMerge = { kind: 'unknown' };

/** Longer texts are left to the parser: a patch of theirs is worth the parsing. */
const LONGEST = 64 * 1024;
/** The bytes of the two texts while they are compared: an index into a Buffer is three times as fast as `charCodeAt`. */
const before = Buffer.alloc(LONGEST + 1);
const after = Buffer.alloc(LONGEST + 1);

/**
 * What turns `previous` into `next`, both compact and valid. Never wrong: what only a parser can judge (other names, an escape, a change
 * within an object or array, null) is unknown.
 */
export function mergeOfTexts(previous: JsonText, next: JsonText): TextMerge {
  if (previous.length > LONGEST || next.length > LONGEST) return UNKNOWN;
  before.write(previous, 0, 'latin1');
  after.write(next, 0, 'latin1');
  if (before[0] !== OPEN_OBJECT || after[0] !== OPEN_OBJECT) return UNKNOWN;
  let members = '';
  let i = 1;
  let j = 1;
  for (;;) {
    const nameLength = lengthOfSameName(i, j);
    if (nameLength < 0) return UNKNOWN;
    const nameAt = j;
    i += nameLength;
    j += nameLength;
    const valueLength = lengthOfSameValue(i, j);
    if (valueLength >= 0) {
      i += valueLength;
      j += valueLength;
    } else {
      const iEnd = endOfScalar(before, i);
      const jEnd = endOfScalar(after, j);
      const change = scalarChange(previous.slice(i, iEnd), next.slice(j, jEnd));
      if (change === 'unknown') return UNKNOWN;
      if (change === 'other') members += `${members === '' ? '' : ','}${next.slice(nameAt, jEnd)}`;
      i = iEnd;
      j = jEnd;
    }
    const separator = after[j++];
    if (separator !== before[i++]) return UNKNOWN;
    if (separator === COMMA) continue;
    if (separator !== CLOSE_OBJECT) return UNKNOWN;
    return members === '' ? EQUAL : { kind: 'merge', text: `{${members}}` as JsonText };
  }
}

/** Length of the name at both places with its colon, or -1: not the same, or not told by bytes alone. */
function lengthOfSameName(i: number, j: number): number {
  if (after[j] !== QUOTE) return -1;
  for (let k = 0; ; k++) {
    const byte = after[j + k];
    if (byte !== before[i + k] || byte === BACKSLASH) return -1;
    if (byte !== QUOTE || k === 0) continue;
    return after[j + k + 1] === COLON && before[i + k + 1] === COLON ? k + 2 : -1;
  }
}

/** Length of the value at both places, or -1: not the same. */
function lengthOfSameValue(i: number, j: number): number {
  const first = before[i];
  if (first !== after[j]) return -1;
  if (first === QUOTE) return lengthOfSameText(i, j);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return lengthOfSameContainer(i, j);
  for (let k = 1; ; k++) {
    const byte = before[i + k];
    if (byte !== after[j + k]) return -1;
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) return k;
  }
}

function lengthOfSameText(i: number, j: number): number {
  for (let k = 1; ; k++) {
    const byte = before[i + k];
    if (byte !== after[j + k]) return -1;
    if (byte === QUOTE) return k + 1;
    if (byte === BACKSLASH && before[i + ++k] !== after[j + k]) return -1;
  }
}

function lengthOfSameContainer(i: number, j: number): number {
  let depth = 0;
  for (let k = 0; ; k++) {
    const byte = before[i + k];
    if (byte !== after[j + k]) return -1;
    if (byte === QUOTE) {
      const length = lengthOfSameText(i + k, j + k);
      if (length < 0) return -1;
      k += length - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return k + 1;
  }
}

/** Index behind the scalar that begins at `at`; of anything else, or of a text with an escape, somewhere in it. */
function endOfScalar(bytes: Buffer, at: number): number {
  let end = at;
  if (bytes[at] === QUOTE) {
    do end++;
    while (bytes[end] !== QUOTE);
    return end + 1;
  }
  while (bytes[end] !== COMMA && bytes[end] !== CLOSE_OBJECT) end++;
  return end;
}

/** What a member's change from one text to another is: the same value written otherwise, another one, or not to be told here. */
function scalarChange(was: string, is: string): 'same' | 'other' | 'unknown' {
  if (!isPlainScalar(was) || !isPlainScalar(is)) return 'unknown';
  if (is.charCodeAt(0) === QUOTE || was.charCodeAt(0) === QUOTE) return 'other'; // the texts differ, and have no escapes
  return Number(was) === Number(is) ? 'same' : 'other'; // true and false are NaN
}

/** Neither null, which means removal in a patch, nor nested, nor with an escape, which may spell the same text in two ways. */
function isPlainScalar(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first === LOWER_N || first === OPEN_OBJECT || first === OPEN_ARRAY) return false;
  return first !== QUOTE || !text.includes('\\');
}
