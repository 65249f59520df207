// The one codec between the text that Postgres writes of a value and JSON, for the snapshot and the stream alike: so they cannot
// differ. Counts on the settings with which we connect (ISO dates, UTC, hex bytea); text of another style is a fault, not a guess.

import { writeArray } from './array-text.js';
import type { ByteScratch } from './byte-scratch.js';
import { writeString } from './json-string.js';
import { ProtocolFault } from './protocol-fault.js';
import type { TypeKind } from './type-kinds.js';

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const SPACE = 0x20;
const CAPITAL_I = 0x49;
const CAPITAL_N = 0x4e;
const CAPITAL_C = 0x43;
const CAPITAL_T = 0x54;
const CAPITAL_Z = 0x5a;
const BACKSLASH = 0x5c;
const SMALL_E = 0x65;
const SMALL_F = 0x66;
const SMALL_T = 0x74;
const SMALL_X = 0x78;
const SMALL_Y = 0x79;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
/** Length of `2026-01-31`, and where the time within `2026-01-31 08:00:00` has its first colon. */
const DATE_LENGTH = 10;
const COLON_AT = 13;
/** Length of `2026-01-31 08:00:00`, and of `+00`. */
const SECONDS_LENGTH = 19;
const UTC_LENGTH = 3;

const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = 0x3d;
const NO_DIGIT = 0xff;
const HEX_VALUES = new Uint8Array(256).map((_, byte) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(byte));
  return value < 0 ? NO_DIGIT : value;
});

/** Writes the value whose text is `[start, end)` of `from`. Throws ProtocolFault when the text is not what such a type has. */
export function writeColumn(
  out: ByteScratch,
  kind: TypeKind,
  from: Buffer,
  start: number,
  end: number,
): void {
  switch (kind.kind) {
    case 'text':
      return writeString(out, from, start, end);
    case 'number':
      return writeNumber(out, from, start, end);
    case 'bool':
      return writeBool(out, from, start, end);
    case 'json':
      return out.append(from, start, end);
    case 'timestamp':
      return writeTimestamp(out, from, start, end);
    case 'timestamptz':
      return writeInstant(out, from, start, end);
    case 'bytea':
      return writeBase64(out, from, start, end);
    case 'array':
      return writeArray(out, kind, { from, start, end }, writeColumn);
  }
}

/** As it is written, which is JSON's form; NaN and the infinities, which JSON does not have, as text. */
function writeNumber(out: ByteScratch, from: Buffer, start: number, end: number): void {
  const first = from[start] === MINUS ? start + 1 : start;
  const byte = first < end ? from[first] : undefined;
  if (byte === CAPITAL_N || byte === CAPITAL_I) return writeString(out, from, start, end);
  let at = afterDigits(from, first, end);
  if (byte === ZERO && at > first + 1) throw new ProtocolFault('a number with a leading zero', start);
  if (at < end && from[at] === DOT) at = afterDigits(from, at + 1, end);
  if (at < end && from[at] === SMALL_E) {
    const isSigned = from[at + 1] === PLUS || from[at + 1] === MINUS;
    at = afterDigits(from, isSigned ? at + 2 : at + 1, end);
  }
  if (at !== end) throw new ProtocolFault('a number that goes on after its end', at);
  out.append(from, start, end);
}

/** Past one digit or more. */
function afterDigits(from: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(from[at] as number)) at++;
  if (at <= start) throw new ProtocolFault('a number without digits', start);
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function writeBool(out: ByteScratch, from: Buffer, start: number, end: number): void {
  if (end - start === 1) {
    if (from[start] === SMALL_T) return out.append(TRUE, 0, TRUE.length);
    if (from[start] === SMALL_F) return out.append(FALSE, 0, FALSE.length);
  }
  throw new ProtocolFault('a bool that is neither t nor f', start);
}

/** `2026-01-31 08:00:00.5` to `2026-01-31T08:00:00.5`. */
function writeTimestamp(out: ByteScratch, from: Buffer, start: number, end: number): void {
  if (isBeyondIso(from, start, end)) return writeString(out, from, start, end);
  writeDateAndTime(out, from, start, end);
  out.push(QUOTE);
}

/** `2026-01-31 08:00:00.5+00` to `2026-01-31T08:00:00.5Z`. */
function writeInstant(out: ByteScratch, from: Buffer, start: number, end: number): void {
  if (isBeyondIso(from, start, end)) return writeString(out, from, start, end);
  const zone = end - UTC_LENGTH;
  if (from[zone] !== PLUS || from[zone + 1] !== ZERO || from[zone + 2] !== ZERO) {
    throw new ProtocolFault('a time that is not in UTC', zone);
  }
  writeDateAndTime(out, from, start, zone);
  out.push(CAPITAL_Z);
  out.push(QUOTE);
}

/** Infinity, years before Christ and beyond 9999: what ISO 8601 has no plain form for stays as Postgres writes it. */
function isBeyondIso(from: Buffer, start: number, end: number): boolean {
  const last = from[end - 1];
  if (last === SMALL_Y || last === CAPITAL_C) return true;
  return end - start > SECONDS_LENGTH && isDigit(from[start + 4] as number);
}

function writeDateAndTime(out: ByteScratch, from: Buffer, start: number, end: number): void {
  const time = start + DATE_LENGTH;
  const isIso = from[start + 4] === MINUS && from[time] === SPACE && from[start + COLON_AT] === COLON;
  if (end - start < SECONDS_LENGTH || !isIso)
    throw new ProtocolFault('a date that is not in ISO style', start);
  out.push(QUOTE);
  out.append(from, start, time);
  out.push(CAPITAL_T);
  out.append(from, time + 1, end);
}

/** `\xdeadbeef` to base64, with padding. */
function writeBase64(out: ByteScratch, from: Buffer, start: number, end: number): void {
  const isHex = from[start] === BACKSLASH && from[start + 1] === SMALL_X;
  if (!isHex || (end - start) % 2 !== 0) throw new ProtocolFault('a bytea that is not in hex', start);
  const count = (end - start) / 2 - 1;
  out.reserve(4 * Math.ceil(count / 3) + 2);
  out.push(QUOTE);
  const bytes = out.bytes;
  let at = out.length;
  for (let from3 = 0; from3 < count; from3 += 3) {
    const digit = start + 2 + 2 * from3;
    const held = Math.min(3, count - from3);
    const three =
      (byteOfHex(from, digit) << 16) |
      (held > 1 ? byteOfHex(from, digit + 2) << 8 : 0) |
      (held > 2 ? byteOfHex(from, digit + 4) : 0);
    bytes[at++] = BASE64[three >> 18] as number;
    bytes[at++] = BASE64[(three >> 12) & 63] as number;
    bytes[at++] = held > 1 ? (BASE64[(three >> 6) & 63] as number) : PADDING;
    bytes[at++] = held > 2 ? (BASE64[three & 63] as number) : PADDING;
  }
  out.length = at;
  out.push(QUOTE);
}

function byteOfHex(from: Buffer, at: number): number {
  const high = HEX_VALUES[from[at] as number] as number;
  const low = HEX_VALUES[from[at + 1] as number] as number;
  if (high === NO_DIGIT || low === NO_DIGIT) throw new ProtocolFault('a bytea that is not in hex', at);
  return (high << 4) | low;
}
