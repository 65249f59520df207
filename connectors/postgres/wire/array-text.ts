// The text of arrays: `{1,NULL,"a \"b\""}`, nested by dimension, with `[2:3]=` before it where an index does not begin at 1 (JSON has no
// place for that: it is left out). "I/O" of arrays in the manual says when Postgres quotes.

import type { ByteScratch } from './byte-scratch.js';
import { ProtocolFault } from './protocol-fault.js';
import type { ArrayKind, TypeKind } from './type-kinds.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NULL_TEXT = Buffer.from('NULL');
const NULL_JSON = Buffer.from('null');
/** MAXDIM of Postgres. */
const MOST_DIMENSIONS = 6;

export interface ArrayText {
  readonly from: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Writes one element, whose text is `[start, end)` of `from`. */
export type ElementWriter = (
  out: ByteScratch,
  kind: TypeKind,
  from: Buffer,
  start: number,
  end: number,
) => void;

/** Writes `text` as a JSON array. Throws ProtocolFault when it is none. */
export function writeArray(out: ByteScratch, kind: ArrayKind, text: ArrayText, write: ElementWriter): void {
  const array = new ArrayWriter(out, kind, text, write);
  const end = array.list(afterBounds(text), 1);
  if (end !== text.end) throw new ProtocolFault('an array that goes on after its end', end);
}

/** Past `[2:3][-1:0]=`. */
function afterBounds({ from, start, end }: ArrayText): number {
  if (from[start] !== OPEN_LIST) return start;
  const equals = from.indexOf(EQUALS, start);
  if (equals < 0 || equals >= end) throw new ProtocolFault('an array with bounds alone', start);
  return equals + 1;
}

/** Each method takes the offset where its part begins, and returns the one after it. */
class ArrayWriter {
  constructor(
    readonly out: ByteScratch,
    readonly kind: ArrayKind,
    readonly text: ArrayText,
    readonly write: ElementWriter,
  ) {}

  list(start: number, depth: number): number {
    const { from, end } = this.text;
    if (start >= end || from[start] !== OPEN) throw new ProtocolFault('an array that does not begin', start);
    if (depth > MOST_DIMENSIONS) throw new ProtocolFault('an array of too many dimensions', start);
    this.out.push(OPEN_LIST);
    let at = start + 1;
    if (at < end && from[at] === CLOSE) return this.#closed(at);
    for (;;) {
      at = this.#item(at, depth);
      if (at < end && from[at] === CLOSE) return this.#closed(at);
      if (at >= end || from[at] !== this.kind.delimiter) throw new ProtocolFault('an array without end', at);
      this.out.push(COMMA);
      at++;
    }
  }

  #closed(at: number): number {
    this.out.push(CLOSE_LIST);
    return at + 1;
  }

  #item(start: number, depth: number): number {
    const first = this.text.from[start];
    if (first === OPEN) return this.list(start, depth + 1);
    return first === QUOTE ? this.#quoted(start + 1) : this.#plain(start);
  }

  /** Without quotes there is nothing that has a meaning of its own but NULL. */
  #plain(start: number): number {
    const { from, end } = this.text;
    let at = start;
    while (at < end && from[at] !== this.kind.delimiter && from[at] !== CLOSE) at++;
    if (at === start) throw new ProtocolFault('an array element without text', at);
    if (isNull(from, start, at)) this.out.append(NULL_JSON, 0, NULL_JSON.length);
    else this.write(this.out, this.kind.element, from, start, at);
    return at;
  }

  #quoted(start: number): number {
    const { from, end } = this.text;
    let at = start;
    let escapes = 0;
    while (at < end && from[at] !== QUOTE) {
      if (from[at] === BACKSLASH) {
        escapes++;
        at++;
      }
      at++;
    }
    if (at >= end) throw new ProtocolFault('an array element without its closing quote', start);
    if (escapes === 0) this.write(this.out, this.kind.element, from, start, at);
    else this.#writeUnescaped(start, at, escapes);
    return at + 1;
  }

  #writeUnescaped(start: number, end: number, escapes: number): void {
    const { from } = this.text;
    const plain = Buffer.allocUnsafe(end - start - escapes);
    let length = 0;
    for (let at = start; at < end; at++) {
      if (from[at] === BACKSLASH) at++;
      plain[length++] = from[at] as number;
    }
    this.write(this.out, this.kind.element, plain, 0, length);
  }
}

function isNull(from: Buffer, start: number, end: number): boolean {
  return end - start === NULL_TEXT.length && from.compare(NULL_TEXT, 0, NULL_TEXT.length, start, end) === 0;
}
