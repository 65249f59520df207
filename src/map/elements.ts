// The elements of an array within a value, cut out of the value's text where they stand: their numbers keep their spelling, and
// nothing is parsed. The text is a decoder's, so it is valid, and only as much is looked at as finding takes.

import { parseJson } from '../topic/json.js';
import { utf8FromText, type JsonText, type Utf8 } from '../topic/utf8.js';
import type { Names } from './projection.js';
import type { MappedElement } from './template.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** What there is where an array is looked for. */
export type ArrayFound = 'array' | 'nothing' | 'not-an-array';

/** One step from an element to the fields that a template reads of it. */
interface Wanted {
  readonly name: string;
  /** The name as its bytes stand in a text where nothing of it is escaped. */
  readonly bytes: Utf8;
  slot: number;
  readonly children: Wanted[];
}

/** Invariant: after `next` returned true it is the element at `index` of the array found last, until the next call. */
export class ElementCursor implements MappedElement {
  readonly notation = 'literal';
  readonly ranges: Int32Array;
  source = '' as Utf8;
  index = -1;
  readonly #wanted: Wanted | undefined;
  #start = 0;
  #end = 0;
  /** Where the next element starts, or the bracket that closes the array. */
  #at = 0;

  /** `fields` are within an element. */
  constructor(fields: readonly Names[]) {
    this.ranges = new Int32Array(2 * fields.length).fill(-1);
    this.#wanted = fields.length === 0 ? undefined : wantedOf(fields);
  }

  /** Looks for the array that `names` lead to. null counts as nothing. */
  find(text: JsonText, names: Names): ArrayFound {
    this.source = text;
    this.index = -1;
    let at = afterSpace(text, 0);
    for (const name of names) {
      at = startOfChild(text, at, name);
      if (at < 0) return 'nothing';
    }
    if (text.startsWith('null', at)) return 'nothing';
    if (text.charCodeAt(at) !== OPEN_ARRAY) return 'not-an-array';
    this.#at = afterSpace(text, at + 1);
    return 'array';
  }

  /** Goes to the next element; false: there is none. */
  next(): boolean {
    if (this.source.charCodeAt(this.#at) === CLOSE_ARRAY) return false;
    this.index++;
    this.ranges.fill(-1);
    this.#start = this.#at;
    this.#end = this.#through(this.#at, this.#wanted);
    const after = afterSpace(this.source, this.#end);
    this.#at = this.source.charCodeAt(after) === COMMA ? afterSpace(this.source, after + 1) : after;
    return true;
  }

  /** A string of its own: a piece of the record's text would keep all of that alive. */
  text(): JsonText {
    return Buffer.from(this.source.slice(this.#start, this.#end), 'latin1').toString('latin1') as JsonText;
  }

  /** The end of the value that starts at `start`; notes what is wanted in it. */
  #through(start: number, wanted: Wanted | undefined): number {
    if (wanted === undefined) return endOfValue(this.source, start);
    const first = this.source.charCodeAt(start);
    const end =
      wanted.children.length > 0 && (first === OPEN_OBJECT || first === OPEN_ARRAY)
        ? this.#throughChildren(start, first === OPEN_OBJECT ? 'names' : 'indexes', wanted)
        : endOfValue(this.source, start);
    if (wanted.slot >= 0) {
      this.ranges[2 * wanted.slot] = start;
      this.ranges[2 * wanted.slot + 1] = end;
    }
    return end;
  }

  #throughChildren(start: number, by: 'names' | 'indexes', wanted: Wanted): number {
    const text = this.source;
    let at = afterSpace(text, start + 1);
    for (let index = 0; !isClosing(text.charCodeAt(at)); index++) {
      let child: Wanted | undefined;
      if (by === 'names') {
        const end = endOfString(text, at);
        child = this.#childNamed(at, end, wanted);
        at = startAfterName(text, end);
      } else child = wanted.children.find(({ name }) => name === String(index));
      at = afterSpace(text, this.#through(at, child));
      if (text.charCodeAt(at) === COMMA) at = afterSpace(text, at + 1);
    }
    return at + 1;
  }

  #childNamed(start: number, end: number, { children }: Wanted): Wanted | undefined {
    for (let i = 0; i < children.length; i++) {
      const child = children[i];
      if (child !== undefined && isNamed(this.source, start, end, child)) return child;
    }
    return undefined;
  }
}

function wantedOf(fields: readonly Names[]): Wanted {
  const root = newWanted('');
  for (const [slot, names] of fields.entries()) {
    let node = root;
    for (const name of names) {
      let child = node.children.find((known) => known.name === name);
      if (child === undefined) node.children.push((child = newWanted(name)));
      node = child;
    }
    node.slot = slot;
  }
  return root;
}

function newWanted(name: string): Wanted {
  return { name, bytes: utf8FromText(name), slot: -1, children: [] };
}

/** Where the member or element of that name starts, or -1. */
function startOfChild(text: Utf8, start: number, name: string): number {
  const first = text.charCodeAt(start);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return -1;
  const sought = { name, bytes: utf8FromText(name) };
  let at = afterSpace(text, start + 1);
  for (let index = 0; !isClosing(text.charCodeAt(at)); index++) {
    let isIt = String(index) === name;
    if (first === OPEN_OBJECT) {
      const end = endOfString(text, at);
      isIt = isNamed(text, at, end, sought);
      at = startAfterName(text, end);
    }
    if (isIt) return at;
    at = afterSpace(text, endOfValue(text, at));
    if (text.charCodeAt(at) === COMMA) at = afterSpace(text, at + 1);
  }
  return -1;
}

/** Whether the string literal [start, end) is that name. Written with escapes it has more bytes than without. */
function isNamed(
  text: Utf8,
  start: number,
  end: number,
  { name, bytes }: Pick<Wanted, 'name' | 'bytes'>,
): boolean {
  const length = end - start - 2;
  if (length < bytes.length) return false;
  if (length === bytes.length) return text.startsWith(bytes, start + 1) && !bytes.includes('\\');
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) === BACKSLASH) return parseJson(text.slice(start, end) as JsonText) === name;
  }
  return false;
}

/** From the end of a member's name to where its value starts. */
function startAfterName(text: Utf8, end: number): number {
  return afterSpace(text, afterSpace(text, end) + 1);
}

function endOfValue(text: Utf8, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return endOfNested(text, start);
  let at = start;
  while (at < text.length && !isEnd(text.charCodeAt(at))) at++;
  return at;
}

function endOfNested(text: Utf8, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++;
    else if (isClosing(code) && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: Utf8, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return at;
}

function afterSpace(text: Utf8, start: number): number {
  let at = start;
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
}

function isClosing(code: number): boolean {
  return code === CLOSE_ARRAY || code === CLOSE_OBJECT;
}

function isEnd(code: number): boolean {
  return code === COMMA || isClosing(code) || code <= SPACE;
}
