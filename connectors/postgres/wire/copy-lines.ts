// Lines of COPY in text format that have escapes: "COPY", "Text Format" in the manual. Lines without are read where they stand.

import { ProtocolFault } from './protocol-fault.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const CAPITAL_N = 0x4e;
const BACKSLASH = 0x5c;

/** What the server writes after a backslash. Octal and hexadecimal forms it reads, but never writes. */
const ESCAPED = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, NEWLINE],
  [0x72, 0x0d],
  [0x74, TAB],
  [0x76, 0x0b],
  [BACKSLASH, BACKSLASH],
]);

export interface UnescapedLine {
  /** The texts of all fields, one after the other. */
  readonly text: Buffer;
  /** Where the text of each field ends within `text`; -1: NULL. */
  readonly ends: readonly number[];
  /** Offset in the chunk of the byte after the newline. */
  readonly next: number;
}

/** The line of `chunk` that begins at `start`. Throws ProtocolFault. */
export function unescapedLine(chunk: Buffer, start: number): UnescapedLine {
  const lineEnd = chunk.indexOf(NEWLINE, start);
  if (lineEnd < 0) throw new ProtocolFault('a line without end', start);
  const text = Buffer.allocUnsafe(lineEnd - start);
  const ends: number[] = [];
  let length = 0;
  for (let at = start; at <= lineEnd; at++) {
    if (isNullField(chunk, at)) {
      ends.push(-1);
      at += 2;
      continue;
    }
    let byte = chunk[at] as number;
    while (byte !== TAB && byte !== NEWLINE) {
      text[length++] = byte === BACKSLASH ? unescaped(chunk, ++at) : byte;
      byte = chunk[++at] as number;
    }
    ends.push(length);
  }
  return { text: text.subarray(0, length), ends, next: lineEnd + 1 };
}

/** Whether the field that begins at `at` is `\N`: NULL, which is all of a field and is written nowhere else. */
export function isNullField(chunk: Buffer, at: number): boolean {
  if (chunk[at] !== BACKSLASH || chunk[at + 1] !== CAPITAL_N) return false;
  if (chunk[at + 2] !== TAB && chunk[at + 2] !== NEWLINE) {
    throw new ProtocolFault('a NULL that is not alone in its field', at);
  }
  return true;
}

function unescaped(chunk: Buffer, at: number): number {
  const byte = ESCAPED.get(chunk[at] as number);
  if (byte === undefined) throw new ProtocolFault('an escape that COPY does not write', at);
  return byte;
}
