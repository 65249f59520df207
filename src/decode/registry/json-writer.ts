// JSON as it is written byte by byte from a document of another format: no object is built, and text is copied as the UTF-8
// that it is. Whether it is UTF-8, and the rules on names and numbers, are the scanner's, which reads the result.

import type { JsonLimits } from '../../json/json-scanner.js';
import type { Whole } from './input.js';
import { Unreadable } from './unreadable.js';

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const LEAST_BYTES = 4096;
const SHORT_DOCUMENT = 1024;
/** Above it one native copy is cheaper than a loop. */
const SHORT = 48;
const MILLION = 1_000_000;
const BILLION = 1_000_000_000;
const HEX = Buffer.from('0123456789abcdef', 'latin1');

/** Invariant: what was written since `begin` are the first `length` bytes of `#bytes`, never more than the limit plus a little. */
export class JsonWriter {
  /** Bytes so far; {@link cutTo} takes back what follows. */
  length = 0;
  readonly #maxBytes: number;
  readonly #maxDepth: number;
  #bytes = Buffer.allocUnsafe(LEAST_BYTES);
  /** Of `#bytes`, by length. */
  readonly #views: (Buffer | undefined)[] = new Array<undefined>(SHORT_DOCUMENT).fill(undefined);
  #depth = 0;

  constructor({ maxBytes, maxDepth }: Pick<JsonLimits, 'maxBytes' | 'maxDepth'>) {
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
  }

  begin(): void {
    this.length = 0;
    this.#depth = 0;
  }

  /** What has been written; valid until the next `begin`. Short ones are kept by length: making one takes 0.1 us. */
  get written(): Buffer {
    const { length } = this;
    if (length >= SHORT_DOCUMENT) return this.#bytes.subarray(0, length);
    return (this.#views[length] ??= this.#bytes.subarray(0, length));
  }

  /** Forgets what was written from there on. */
  cutTo(length: number): void {
    this.length = length;
  }

  /** Every array and object goes down and up once, or recursion would have no end. Throws Unreadable. */
  down(): void {
    if (++this.#depth > this.#maxDepth) throw new Unreadable('depth', 0);
  }

  up(): void {
    this.#depth--;
  }

  byte(byte: number): void {
    if (this.length === this.#bytes.length) this.#makeRoom(1);
    this.#bytes[this.length++] = byte;
  }

  /** Bytes that are JSON already. */
  raw(json: Buffer): void {
    const { length } = json;
    if (this.length + length > this.#bytes.length) this.#makeRoom(length);
    const bytes = this.#bytes;
    let at = this.length;
    if (length > SHORT) bytes.set(json, at);
    else for (let i = 0; i < length; i++) bytes[at++] = json[i] as number;
    this.length += length;
  }

  /** ASCII that is JSON already: digits, `true`. */
  ascii(json: string): void {
    const { length } = json;
    if (this.length + length > this.#bytes.length) this.#makeRoom(length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < length; i++) bytes[at++] = json.charCodeAt(i);
    this.length = at;
  }

  /** ASCII without quotes, backslashes and controls, as a string. */
  quoted(text: string): void {
    this.byte(QUOTE);
    this.ascii(text);
    this.byte(QUOTE);
  }

  /** Any text, which is rare: most is copied by {@link string}. */
  text(text: string): void {
    this.raw(Buffer.from(JSON.stringify(text)));
  }

  /** UTF-8 at `[start, end)` of `source`, as a string. */
  string(source: Buffer, start: number, end: number): void {
    if (this.length + 2 + end - start > this.#bytes.length) this.#makeRoom(2 + end - start);
    const bytes = this.#bytes;
    let to = this.length;
    bytes[to++] = QUOTE;
    for (let at = start; at < end; at++) {
      const byte = source[at] as number;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) {
        this.length = to;
        this.#escaped(source, at, end);
        return;
      }
      bytes[to++] = byte;
    }
    bytes[to++] = QUOTE;
    this.length = to;
  }

  base64(source: Buffer, start: number, end: number): void {
    const length = 4 * Math.ceil((end - start) / 3);
    if (this.length + length + 2 > this.#bytes.length) this.#makeRoom(length + 2);
    this.quoted(source.toString('base64', start, end));
  }

  /** Exact, whatever its size. */
  whole(value: Whole): void {
    if (typeof value === 'bigint') return this.ascii(String(value));
    if (value < 0) this.byte(MINUS);
    const size = Math.abs(value);
    if (size < BILLION) return this.#digits(size, digitsOf(size));
    const high = Math.floor(size / BILLION);
    this.#digits(high, digitsOf(high));
    this.#digits(size - high * BILLION, 9);
  }

  /**
   * A double as JSON writes it, and never like an integer that is too large; what JSON does not have is `"NaN"`, `"Infinity"` or
   * `"-Infinity"`.
   */
  double(value: number): void {
    const size = Math.abs(value);
    const whole = Math.floor(size);
    const millionths = Math.floor((size - whole) * MILLION + 0.5);
    // At most 15 digits tell all doubles apart that they stand for, so no other text is shorter; a third of what String() takes
    if (size < BILLION && millionths < MILLION && (whole * MILLION + millionths) / MILLION === size) {
      if (value < 0) this.byte(MINUS);
      this.#digits(whole, digitsOf(whole));
      if (millionths > 0) this.#fraction(millionths);
    } else if (!Number.isFinite(value)) this.quoted(String(value));
    else if (whole === size && !Number.isSafeInteger(value)) this.ascii(value.toExponential());
    else this.ascii(String(value));
  }

  /** A float with the digits that tell it from other floats, 0.1 and not 0.10000000149011612. */
  float(value: number): void {
    this.double(Number.isInteger(value) || !Number.isFinite(value) ? value : shortestOf(value));
  }

  /** The last `count` digits of an integer from 0 to 2^31. */
  #digits(value: number, count: number): void {
    if (this.length + count > this.#bytes.length) this.#makeRoom(count);
    const bytes = this.#bytes;
    const start = this.length;
    for (let at = start + count - 1; at >= start; at--) {
      const rest = (value / 10) | 0;
      bytes[at] = ZERO + value - 10 * rest;
      value = rest;
    }
    this.length = start + count;
  }

  /** Without zeros at its end. */
  #fraction(millionths: number): void {
    let digits = 6;
    while (millionths % 10 === 0) {
      millionths = (millionths / 10) | 0;
      digits--;
    }
    this.byte(DOT);
    this.#digits(millionths, digits);
  }

  #escaped(source: Buffer, start: number, end: number): void {
    const longest = 6 * (end - start) + 1;
    if (this.length + longest > this.#bytes.length) this.#makeRoom(longest);
    const bytes = this.#bytes;
    let to = this.length;
    for (let at = start; at < end; at++) {
      const byte = source[at] as number;
      if (byte < 0x20) {
        to = escapeControl(bytes, to, byte);
        continue;
      }
      if (byte === QUOTE || byte === BACKSLASH) bytes[to++] = BACKSLASH;
      bytes[to++] = byte;
    }
    bytes[to++] = QUOTE;
    this.length = to;
  }

  #makeRoom(more: number): void {
    if (this.length > this.#maxBytes) throw new Unreadable('size', this.#maxBytes);
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.length + more));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#views.fill(undefined);
  }
}

/** As JSON.stringify writes it. */
function escapeControl(bytes: Buffer, at: number, control: number): number {
  const short = 'btn\0fr'.charCodeAt(control - 8);
  bytes[at++] = BACKSLASH;
  if (short > 0) {
    bytes[at++] = short;
    return at;
  }
  at += bytes.write('u00', at, 'latin1');
  bytes[at++] = HEX[control >> 4] as number;
  bytes[at++] = HEX[control & 15] as number;
  return at;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}

function shortestOf(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
