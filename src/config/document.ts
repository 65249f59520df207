// One YAML file, and where each of its keys and values stands: the door to the yaml library, with yaml-bounds.ts and, for
// writing, printed-config.ts. It knows no option.

import {
  Composer,
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type Node,
  type Scalar,
} from 'yaml';
import { boundsFaults, isTooDeep, TOO_DEEP } from './yaml-bounds.js';

/** Keys and list indexes from the root of the document. */
export type KeyPath = readonly (string | number)[];

/** Offsets into the text, `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface SyntaxFault {
  readonly code: 'duplicate-key' | 'bad-yaml';
  readonly message: string;
  readonly span: Span;
}

export interface ScalarPlace {
  readonly path: KeyPath;
  readonly isKey: boolean;
  /** Has a YAML anchor, so that it may be used elsewhere as anything. */
  readonly isAnchored: boolean;
  readonly span: Span;
}

export interface ConfigDocument {
  readonly file: string;
  readonly text: string;
  /** Plain objects, lists and scalars. undefined when there are syntax faults that leave nothing to read. */
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
  /** The key of `path`, or its value; of the nearest that exists when it does not. */
  spanOf(path: KeyPath, part: 'key' | 'value'): Span;
  /** Every scalar with where it stands: for hiding secrets in pictures. Keys are among them. */
  scalars(): readonly ScalarPlace[];
  /** 1-based. */
  positionOf(offset: number): { readonly line: number; readonly column: number };
}

/** Where the value of a path stands, from 1. */
export function lineOfPath(document: ConfigDocument, path: KeyPath): number {
  return document.positionOf(document.spanOf(path, 'value').start).line;
}

export interface DocumentOptions {
  /** `exact`: whole numbers that a double cannot hold come as bigint. Default `double`. */
  readonly integers?: 'double' | 'exact';
  /** Whether `<<: *anchor` adds the keys of another mapping. Default false: it is an unknown key. */
  readonly mergeKeys?: boolean;
}

export function parseConfigDocument(
  file: string,
  text: string,
  { integers = 'double', mergeKeys = false }: DocumentOptions = {},
): ConfigDocument {
  const lines = new LineCounter();
  const { document, faults } = composed(text, lines, { integers, mergeKeys });
  const isReadable = !faults.some(({ code }) => code === 'bad-yaml');
  const { value, fault } = isReadable ? plain(document, integers) : { value: undefined };
  let scalars: ScalarPlace[] | undefined;
  return {
    file,
    text,
    value,
    faults: fault === undefined ? faults : [...faults, fault],
    spanOf: (path, part) => spanOf(document, path, part, text),
    scalars: () => (scalars ??= scalarsOf(document)),
    positionOf(offset) {
      const { line, col } = lines.linePos(Math.min(offset, text.length));
      return line === 0 ? { line: 1, column: 1 } : { line, column: col };
    },
  };
}

interface Composed {
  readonly document: Document;
  readonly faults: readonly SyntaxFault[];
}

/** The first document of the text; there should be no other. */
function composed(text: string, lines: LineCounter, options: Required<DocumentOptions>): Composed {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  if (isTooDeep(tokens))
    return { document: new Document(), faults: [badYaml(TOO_DEEP, { start: 0, end: 1 })] };
  const composer = new Composer({
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    version: '1.2',
    intAsBigInt: options.integers === 'exact',
    merge: options.mergeKeys,
  });
  const [document = new Document(), second] = composer.compose(tokens, true, text.length);
  const faults = [...document.errors, ...document.warnings].map(({ message, pos: [start, end] }) =>
    badYaml(sentenceOf(message), { start, end: Math.max(start + 1, end) }),
  );
  if (second !== undefined) {
    const [start] = second.range;
    faults.push(
      badYaml('a second document begins here; put it into a file of its own', { start, end: start + 3 }),
    );
  }
  return { document, faults: [...faults, ...boundsFaults(document.contents, options)] };
}

function badYaml(message: string, span: Span): SyntaxFault {
  return { code: 'bad-yaml', message, span };
}

/** What is bounded needs no limit of the library's. It may still throw on what it cannot make a value of. */
function plain(
  document: Document,
  integers: Required<DocumentOptions>['integers'],
): { readonly value: unknown; readonly fault?: SyntaxFault } {
  try {
    const reviver = (_key: unknown, value: unknown): unknown => asDouble(value);
    return { value: document.toJS({ maxAliasCount: -1, ...(integers === 'exact' ? { reviver } : {}) }) };
  } catch (error) {
    const message = sentenceOf(error instanceof Error ? error.message : 'cannot be read');
    return { value: undefined, fault: badYaml(message, { start: 0, end: 1 }) };
  }
}

/** A bigint as a number where that loses nothing. */
function asDouble(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function spanOf(document: Document, path: KeyPath, part: 'key' | 'value', text: string): Span {
  let node: unknown = document.contents;
  let found: Span = rangeOf(node, text);
  for (const [depth, step] of path.entries()) {
    const here = isAlias(node) ? node.resolve(document) : node;
    const isLast = depth === path.length - 1;
    if (isMap(here)) {
      const pair = here.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) return found;
      node = pair.value;
      found = isLast && part === 'value' && node !== null ? rangeOf(node, text) : rangeOf(pair.key, text);
    } else if (isSeq(here) && typeof step === 'number' && here.items[step] !== undefined) {
      node = here.items[step];
      found = rangeOf(node, text);
    } else {
      return found;
    }
  }
  return found;
}

/** Of a collection only its first line: a caret points at a place, not at a page. */
function rangeOf(node: unknown, text: string): Span {
  const range = isNode(node) ? node.range : undefined;
  if (range === undefined || range === null) return { start: 0, end: 1 };
  const [start, end] = range;
  const newline = text.indexOf('\n', start);
  const lineEnd = newline === -1 || newline > end ? end : newline;
  return { start, end: Math.max(start + 1, lineEnd) };
}

function scalarsOf(document: Document): ScalarPlace[] {
  const found: ScalarPlace[] = [];
  collectScalars(document.contents, [], found);
  return found;
}

function collectScalars(node: unknown, path: KeyPath, found: ScalarPlace[]): void {
  if (isScalar(node)) addScalar(node, { path, isKey: false }, found);
  if (isSeq(node)) node.items.forEach((item, index) => collectScalars(item, [...path, index], found));
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    const below = [...path, isScalar(key) ? String(key.value) : ''];
    if (isScalar(key)) addScalar(key, { path: below, isKey: true }, found);
    collectScalars(value, below, found);
  }
}

function addScalar(node: Scalar, place: Pick<ScalarPlace, 'path' | 'isKey'>, found: ScalarPlace[]): void {
  if (!node.range) return;
  found.push({
    ...place,
    isAnchored: node.anchor !== undefined,
    span: { start: node.range[0], end: node.range[1] },
  });
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);
}

/** The library's messages may quote the text: its first line without what stands in quotes or after a colon is enough. */
function sentenceOf(message: string): string {
  const line = message.split('\n')[0] ?? '';
  const bare = line.replace(/"[^"]*"/g, 'the text').replace(/:\s.*$/, '');
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}
