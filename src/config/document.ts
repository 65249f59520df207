// One YAML file, and where each of its keys and values stands: the only door to the yaml library. It knows no option.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';

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

export function parseConfigDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    code: error.code === 'DUPLICATE_KEY' ? ('duplicate-key' as const) : ('bad-yaml' as const),
    message:
      error.code === 'DUPLICATE_KEY' ? 'this key stands twice in one mapping' : sentenceOf(error.message),
    span: { start: error.pos[0], end: Math.max(error.pos[0] + 1, error.pos[1]) },
  }));
  const { value, fault } = plain(document);
  return {
    file,
    text,
    value,
    faults: fault === undefined ? faults : [...faults, fault],
    spanOf: (path, part) => spanOf(document, path, part, text),
    scalars: () => scalarsOf(document),
    positionOf(offset) {
      const { line, col } = lines.linePos(Math.min(offset, text.length));
      return line === 0 ? { line: 1, column: 1 } : { line, column: col };
    },
  };
}

/** toJS throws on what it cannot resolve: unknown aliases, and alias bombs. */
function plain(document: Document): { readonly value: unknown; readonly fault?: SyntaxFault } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    const message = sentenceOf(error instanceof Error ? error.message : 'cannot be read');
    return { value: undefined, fault: { code: 'bad-yaml', message, span: { start: 0, end: 1 } } };
  }
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
