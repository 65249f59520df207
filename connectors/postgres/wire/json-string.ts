// JSON strings from UTF-8 bytes. Writes what JSON.stringify writes.

import type { ByteScratch } from './byte-scratch.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const ZERO = 0x30;
const HEX_DIGITS = Buffer.from('0123456789abcdef');
/** Longest form of one byte: \u001f. */
const LONGEST_ESCAPE = 6;
/** Text is written in parts, so that room for the longest form is asked for a part only. */
const PART_BYTES = 4096;

/** 0: the byte stands for itself; `u`: by its number; else the letter after the backslash. */
const ESCAPES = new Uint8Array(256).map((_, byte) => {
  if (byte === QUOTE || byte === BACKSLASH) return byte;
  if (byte >= 0x20) return 0;
  const short = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r' }[byte];
  return short === undefined ? LETTER_U : short.charCodeAt(0);
});

/** The text `[start, end)` of `from` in quotes. */
export function writeString(out: ByteScratch, from: Buffer, start: number, end: number): void {
  out.push(QUOTE);
  for (let at = start; at < end; at += PART_BYTES) writePart(out, from, at, Math.min(at + PART_BYTES, end));
  out.push(QUOTE);
}

function writePart(out: ByteScratch, from: Buffer, start: number, end: number): void {
  out.reserve((end - start) * LONGEST_ESCAPE);
  const bytes = out.bytes;
  let at = out.length;
  for (let i = start; i < end; i++) {
    const byte = from[i] as number;
    const escape = ESCAPES[byte] as number;
    if (escape === 0) {
      bytes[at++] = byte;
      continue;
    }
    bytes[at++] = BACKSLASH;
    bytes[at++] = escape;
    if (escape === LETTER_U) at = writeNumber(bytes, at, byte);
  }
  out.length = at;
}

/** The four digits of a control character. */
function writeNumber(bytes: Buffer, at: number, byte: number): number {
  bytes[at] = ZERO;
  bytes[at + 1] = ZERO;
  bytes[at + 2] = HEX_DIGITS[byte >> 4] as number;
  bytes[at + 3] = HEX_DIGITS[byte & 15] as number;
  return at + 4;
}
