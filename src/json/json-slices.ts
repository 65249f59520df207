// Where the parts of a JSON text lie, in bytes, so that a value can be passed on exactly as it was written: a number beyond 2^53
// keeps its digits. Works only on what JSON.parse has accepted, and checks nothing.

/** A JSON value within a text: [start, end), without the space around it. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** A member of an object. `name` is decoded; names may repeat. */
export interface Member {
  readonly name: string;
  readonly value: Slice;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export type JsonKind = 'object' | 'list' | 'text' | 'literal';

/** What a value is; `literal`: a number, true, false or null. */
export function kindOf(text: Buffer, { start }: Slice): JsonKind {
  switch (text[start]) {
    case OPEN_OBJECT:
      return 'object';
    case OPEN_LIST:
      return 'list';
    case QUOTE:
      return 'text';
    default:
      return 'literal';
  }
}

/** The value that is all of `text` between `start` and `end`, but for space. */
export function rootOf(text: Buffer, start: number, end: number): Slice {
  const first = skipSpace(text, start);
  let last = end;
  while (isSpace(text[last - 1])) last--;
  return { start: first, end: last };
}

/** The items of a list, in order. */
export function* itemsOf(text: Buffer, { start }: Slice): Iterable<Slice> {
  let at = skipSpace(text, start + 1);
  while (text[at] !== CLOSE_LIST) {
    const item = { start: at, end: skipValue(text, at) };
    yield item;
    at = skipSpace(text, item.end);
    if (text[at] === COMMA) at = skipSpace(text, at + 1);
  }
}

/** The members of an object, in order. */
export function* membersOf(text: Buffer, { start }: Slice): Iterable<Member> {
  let at = skipSpace(text, start + 1);
  while (text[at] !== CLOSE_OBJECT) {
    const name = { start: at, end: skipText(text, at) };
    at = skipSpace(text, name.end);
    if (text[at] === COLON) at = skipSpace(text, at + 1);
    const value = { start: at, end: skipValue(text, at) };
    yield { name: textOf(text, name), value };
    at = skipSpace(text, value.end);
    if (text[at] === COMMA) at = skipSpace(text, at + 1);
  }
}

/** The part of a value that `path` leads to: names of members, and indexes of items in decimal. undefined: it is not there. */
export function partOf(text: Buffer, whole: Slice, path: readonly string[]): Slice | undefined {
  let part: Slice | undefined = whole;
  for (const name of path) {
    if (part === undefined) return undefined;
    const kind = kindOf(text, part);
    if (kind === 'object') part = memberNamed(text, part, name);
    else if (kind === 'list') part = itemAt(text, part, name);
    else return undefined;
  }
  return part;
}

function memberNamed(text: Buffer, object: Slice, name: string): Slice | undefined {
  for (const member of membersOf(text, object)) if (member.name === name) return member.value;
  return undefined;
}

function itemAt(text: Buffer, list: Slice, index: string): Slice | undefined {
  if (!/^(0|[1-9]\d*)$/.test(index)) return undefined;
  let left = Number(index);
  for (const item of itemsOf(text, list)) if (left-- === 0) return item;
  return undefined;
}

/** What a `text` says. */
export function textOf(text: Buffer, { start, end }: Slice): string {
  return JSON.parse(text.toString('utf8', start, end)) as string;
}

/** The value without the space between its parts; the very bytes where there is none. */
export function compact(text: Buffer, { start, end }: Slice): Buffer {
  const kept: Buffer[] = [];
  let from = start;
  for (let at = start; at < end;) {
    if (text[at] === QUOTE) at = skipText(text, at);
    else if (isSpace(text[at])) {
      kept.push(text.subarray(from, at));
      from = at = skipSpace(text, at);
    } else at++;
  }
  const rest = text.subarray(from, end);
  return kept.length === 0 ? rest : Buffer.concat([...kept, rest]);
}

function skipValue(text: Buffer, start: number): number {
  if (text[start] === QUOTE) return skipText(text, start);
  let at = start;
  for (let depth = 0; at < text.length;) {
    const byte = text[at];
    if (byte === QUOTE) {
      at = skipText(text, at);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (depth === 0) return at; // of what the literal stands in
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return at;
    at++;
  }
  return at;
}

/** Past the closing quote. */
function skipText(text: Buffer, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** The first offset in [start, end) where no space is, or `end`. */
export function skipSpace(text: Buffer, start: number, end = text.length): number {
  let at = start;
  while (at < end && isSpace(text[at])) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
