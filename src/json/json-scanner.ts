// One strict pass over the bytes of a JSON value: is it JSON (RFC 8259), within the limits, without names twice, and where are
// the fields that the mapping reads. Builds no object: 0.6 of the time that JSON.parse takes for a record of 20 fields.
// What it accepts JSON.parse accepts (tested against it), less the rules in fault.ts and number.ts. Escapes of lone surrogates
// are accepted, as in JSON.parse, because JSON.stringify writes the same escape again; names like `constructor` are plain data.

import { isUtf8 } from 'node:buffer';
import { utf8FromBytes, type JsonText, type Utf8 } from '../topic/utf8.js';
import type { ElementReader, LeftElements } from './element-reader.js';
import type { JsonFault } from './fault.js';
import { MemberNames, NAME_REFUSED, NAME_UNUSUAL } from './member-names.js';
import { fateOfNumber } from './number.js';
import { rewriteJson, type Edit } from './rewrite.js';
import { elementOf, wantFields, type FieldPath, type WantedField } from './wanted-field.js';

/** Bounds on one value, and what of it is refused or written otherwise though it is JSON. */
export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxKeys: number;
  /**
   * What becomes of a number that a double cannot hold: a string of its literal, or no value. `kept`: all numbers stand as they are
   * written, for bytes that are only looked through, and go on to a scanner that decides.
   */
  readonly numbers: 'string' | 'reject' | 'kept';
  /** Whether a member may be named `__proto__`. Default: refused. */
  readonly protoNames?: 'refused' | 'accepted';
}

export const DEFAULT_JSON_LIMITS: JsonLimits = {
  maxBytes: 1_048_576,
  maxDepth: 64,
  maxKeys: 20_000,
  numbers: 'string',
};

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** 1: a byte of a string that needs no look: ASCII, no control, no quote, no backslash. */
const PLAIN = new Uint8Array(256).map((_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** 1: may follow a backslash. `u` and its digits are checked apart. */
const ESCAPED = new Uint8Array(256).map((_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);
/** Up to this many digits, a literal without exponent is what its double writes (DBL_DIG of IEEE 754). */
const EXACT_DIGITS = 15;

/** What the pass looks for in a value: the trie below it, or nothing. */
type Wanted = WantedField | undefined;

/** Invariant: after `scan` returned true the results describe that document, until the next call; after false, `fault` says why. */
export class JsonScanner {
  /** Field i of the wanted paths lies at bytes `[ranges[2i], ranges[2i + 1])`, or `ranges[2i]` is -1. */
  readonly ranges: Int32Array;
  readonly #limits: JsonLimits;
  readonly #wanted: Wanted;
  readonly #names: MemberNames;
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  #objects = 0;
  #rewrite: { edits: Edit[]; hasLineBreak: boolean } = { edits: [], hasLineBreak: false };
  #hasHighBytes = false;
  #fault: { code: JsonFault; at: number } = { code: 'syntax', at: 0 };

  constructor(fields: readonly FieldPath[], limits: JsonLimits, left?: LeftElements) {
    this.#limits = limits;
    this.#names = new MemberNames(limits.maxKeys, limits.protoNames ?? 'refused');
    this.#wanted = fields.length === 0 ? undefined : wantFields(fields, left);
    this.ranges = new Int32Array(2 * fields.length).fill(-1);
  }

  /** Why the last document was refused, and the byte offset where that showed. */
  get fault(): { readonly code: JsonFault; readonly at: number } {
    return this.#fault;
  }

  scan(bytes: Buffer): boolean {
    if (bytes.length > this.#limits.maxBytes) return this.#refuse('size', this.#limits.maxBytes) > 0;
    this.#begin(bytes, bytes.length);
    const isAccepted = this.#document();
    this.#names.end(isAccepted);
    return isAccepted;
  }

  /**
   * The offset after the value that begins at `start`, or -1: it is not one, or goes beyond `end`. `depth` arrays and objects are
   * around it. What follows it, and whether it is UTF-8, is the caller's to check; `text` is not for these.
   */
  scanValue(bytes: Buffer, start: number, end: number, depth: number): number {
    this.#begin(bytes, end);
    const after = this.#wantedValue(start, depth, this.#wanted);
    this.#names.end(after >= 0);
    return after;
  }

  #document(): boolean {
    let at = this.#wantedValue(this.#skipSpace(0), 0, this.#wanted);
    if (at < 0) return false;
    at = this.#skipSpace(at);
    if (at < this.#end) return this.#refuse('syntax', at) > 0;
    if (this.#hasHighBytes && !isUtf8(this.#bytes)) return this.#refuse('utf8', 0) > 0;
    return true;
  }

  /**
   * The document, or the value of it at [start, end), as it is stored: `source`, which is the same bytes, where they can stand as
   * they are. A part is a string of its own, which does not keep the rest alive.
   */
  text(source: Utf8, start = 0, end = source.length): JsonText {
    const { edits, hasLineBreak } = this.#rewrite;
    if (edits.length === 0 && !hasLineBreak) {
      const isWhole = start === 0 && end === source.length;
      return (isWhole ? source : utf8FromBytes(this.#bytes, start, end)) as JsonText;
    }
    return rewriteJson(this.#bytes, edits, { start, end, spacing: hasLineBreak ? 'compact' : 'kept' });
  }

  #begin(bytes: Buffer, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#objects = 0;
    this.#hasHighBytes = false;
    this.#rewrite.hasLineBreak = false;
    if (this.#rewrite.edits.length > 0) this.#rewrite.edits = [];
    this.#names.begin(bytes);
    const ranges = this.ranges;
    for (let i = 0; i < ranges.length; i++) ranges[i] = -1;
  }

  /** Each of the methods below takes the offset where its part starts, and returns the one after it, or -1 with the fault noted. */
  #value(at: number, depth: number, wanted: Wanted): number {
    const byte = this.#byteAt(at);
    if (byte === QUOTE) return this.#string(at + 1);
    if (byte === OPEN_OBJECT) return this.#object(at, depth + 1, wanted);
    if (byte === OPEN_ARRAY) return this.#array(at, depth + 1, wanted);
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.#number(at);
    if (byte === 0x74) return this.#word(at, 'true');
    if (byte === 0x66) return this.#word(at, 'false');
    if (byte === 0x6e) return this.#word(at, 'null');
    return this.#refuse('syntax', at);
  }

  #wantedValue(start: number, depth: number, wanted: Wanted): number {
    if (wanted?.reader !== undefined) return this.#leave(wanted.reader, start, depth, -1, -1);
    const end = this.#value(start, depth, wanted);
    if (wanted !== undefined && wanted.slot >= 0) {
      this.ranges[2 * wanted.slot] = start;
      this.ranges[2 * wanted.slot + 1] = end;
    }
    return end;
  }

  #leave(reader: ElementReader, start: number, depth: number, nameStart: number, nameEnd: number): number {
    const end = reader.read(this.#bytes, start, depth, nameStart, nameEnd);
    return end < 0 ? this.#refuse(reader.fault.code, reader.fault.at) : end;
  }

  #object(start: number, depth: number, wanted: Wanted): number {
    if (depth > this.#limits.maxDepth) return this.#refuse('depth', start);
    const object = this.#objects++;
    let at = this.#skipSpace(start + 1);
    if (this.#byteAt(at) === CLOSE_OBJECT) return at + 1;
    for (;;) {
      at = this.#member(at, depth, wanted, object);
      if (at < 0) return at;
      at = this.#skipSpace(at);
      const next = this.#byteAt(at);
      if (next === CLOSE_OBJECT) return at + 1;
      if (next !== COMMA) return this.#refuse('syntax', at);
      at = this.#skipSpace(at + 1);
    }
  }

  #member(start: number, depth: number, wanted: Wanted, object: number): number {
    if (this.#byteAt(start) !== QUOTE) return this.#refuse('syntax', start);
    let end = this.#names.take(start + 1, object, wanted);
    if (end === NAME_UNUSUAL) {
      const after = this.#string(start + 1);
      if (after < 0) return after;
      end = this.#names.takeChecked(start + 1, after - 1, object, wanted);
    }
    if (end === NAME_REFUSED) return this.#refuse(this.#names.fault, start);
    const field = this.#names.field;
    let at = this.#skipSpace(end + 1);
    if (this.#byteAt(at) !== COLON) return this.#refuse('syntax', at);
    at = this.#skipSpace(at + 1);
    if (field === undefined) return this.#value(at, depth, undefined);
    if (field.reader !== undefined) return this.#leave(field.reader, at, depth, start + 1, end);
    return this.#wantedValue(at, depth, field);
  }

  #array(start: number, depth: number, wanted: Wanted): number {
    if (depth > this.#limits.maxDepth) return this.#refuse('depth', start);
    let at = this.#skipSpace(start + 1);
    if (this.#byteAt(at) === CLOSE_ARRAY) return at + 1;
    for (let index = 0; ; index++) {
      const field = wanted === undefined ? undefined : elementOf(wanted, index);
      at = field === undefined ? this.#value(at, depth, undefined) : this.#wantedValue(at, depth, field);
      if (at < 0) return at;
      at = this.#skipSpace(at);
      const next = this.#byteAt(at);
      if (next === CLOSE_ARRAY) return at + 1;
      if (next !== COMMA) return this.#refuse('syntax', at);
      at = this.#skipSpace(at + 1);
    }
  }

  #string(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      if (PLAIN[byte] === 1) at++;
      else if (byte === QUOTE) return at + 1;
      else if (byte >= 0x80) {
        this.#hasHighBytes = true;
        at++;
      } else if (byte === BACKSLASH) {
        at = this.#escape(at + 1);
        if (at < 0) return at;
      } else break;
    }
    return this.#refuse('syntax', at);
  }

  #escape(at: number): number {
    const byte = this.#byteAt(at);
    if (ESCAPED[byte] === 1) return at + 1;
    if (byte !== 0x75) return this.#refuse('syntax', at);
    for (let digit = at + 1; digit <= at + 4; digit++) {
      if (!isHexDigit(this.#byteAt(digit))) return this.#refuse('syntax', digit);
    }
    return at + 5;
  }

  #number(start: number): number {
    const isNegative = this.#byteAt(start) === MINUS;
    const whole = isNegative ? start + 1 : start;
    let at = this.#byteAt(whole) === ZERO ? whole + 1 : this.#digits(whole);
    if (at < 0) return at;
    let isExact = at - whole <= EXACT_DIGITS && !(isNegative && this.#byteAt(whole) === ZERO);
    if (this.#byteAt(at) === DOT) {
      at = this.#digits(at + 1);
      if (at < 0) return at;
      isExact &&= at - whole - 1 <= EXACT_DIGITS;
    }
    const next = this.#byteAt(at);
    if (next === 0x65 || next === 0x45) {
      const sign = this.#byteAt(at + 1);
      at = this.#digits(sign === PLUS || sign === MINUS ? at + 2 : at + 1);
      if (at < 0) return at;
      isExact = false;
    }
    return isExact || this.#limits.numbers === 'kept' ? at : this.#inexactNumber(start, at);
  }

  #digits(start: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = start;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      at++;
    }
    return at > start ? at : this.#refuse('syntax', at);
  }

  #inexactNumber(start: number, end: number): number {
    const literal = this.#bytes.toString('latin1', start, end);
    const fate = fateOfNumber(literal);
    switch (fate.is) {
      case 'kept':
        return end;
      case 'rewritten':
        this.#rewrite.edits.push({ start, end, text: fate.literal });
        return end;
      case 'out of range':
        if (this.#limits.numbers === 'reject') return this.#refuse('number', start);
        this.#rewrite.edits.push({ start, end, text: `"${literal}"` });
        return end;
    }
  }

  #word(at: number, word: string): number {
    for (let i = 1; i < word.length; i++) {
      if (this.#byteAt(at + i) !== word.charCodeAt(i)) return this.#refuse('syntax', at + i);
    }
    return at + word.length;
  }

  #skipSpace(at: number): number {
    let byte = this.#byteAt(at);
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      if (byte === 0x0a || byte === 0x0d) this.#rewrite.hasLineBreak = true;
      byte = this.#byteAt(++at);
    }
    return at;
  }

  /** NUL, which is no part of any token, beyond the end. */
  #byteAt(at: number): number {
    return at < this.#end ? (this.#bytes[at] ?? 0) : 0;
  }

  #refuse(code: JsonFault, at: number): -1 {
    this.#fault = { code, at };
    return -1;
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
