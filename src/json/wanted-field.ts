// The fields of a document that a mapping reads, as a trie that the scanner walks beside the document.

import type { ElementReader, LeftElements } from './element-reader.js';
import { hashOfText, textOfLiteral } from './literal.js';

/** Names (array indexes in decimal) from the root of a document to a field. Empty: the whole document. */
export type FieldPath = readonly string[];

/** One step of the trie. */
export interface WantedField {
  readonly name: string;
  readonly hash: number;
  /** Whether the name, written without escapes, is its own bytes. */
  readonly isPlain: boolean;
  /** Array index that `name` is, or -1. */
  readonly index: number;
  /** Index of the field path that ends here, or -1. */
  slot: number;
  readonly children: WantedField[];
  /** What each of its elements, and each of its members is, whatever `children` say. */
  eachElement: WantedField | undefined;
  eachMember: WantedField | undefined;
  /** Who reads this value instead of the scanner. */
  readonly reader: ElementReader | undefined;
}

/** Field path i gets slot i; equal field paths are the caller's to merge. */
export function wantFields(paths: readonly FieldPath[], left?: LeftElements): WantedField {
  const root = newField('');
  for (const [slot, path] of paths.entries()) {
    let field = root;
    for (const name of path) {
      let child = field.children.find((known) => known.name === name);
      if (child === undefined) field.children.push((child = newField(name)));
      field = child;
    }
    field.slot = slot;
    if (left?.slot === slot) {
      field.eachElement = newField('', left.reader);
      if (left.are === 'elements and members') field.eachMember = field.eachElement;
    }
  }
  return root;
}

/** The wanted member with the name at `[start, end)`, whose decoded text has `hash`. */
export function memberOf(
  parent: WantedField,
  bytes: Buffer,
  hash: number,
  start: number,
  end: number,
): WantedField | undefined {
  if (parent.eachMember !== undefined) return parent.eachMember;
  const children = parent.children;
  for (let i = 0; i < children.length; i++) {
    const child = children[i];
    if (child?.hash === hash && isNamed(child, bytes, start, end)) return child;
  }
  return undefined;
}

export function elementOf(parent: WantedField, index: number): WantedField | undefined {
  return parent.eachElement ?? parent.children.find((child) => child.index === index);
}

function isNamed({ name, isPlain }: WantedField, bytes: Buffer, start: number, end: number): boolean {
  if (isPlain && end - start === name.length) {
    let i = 0;
    while (i < name.length && name.charCodeAt(i) === bytes[start + i]) i++;
    if (i === name.length) return true;
  }
  return textOfLiteral(bytes, start, end) === name;
}

function newField(name: string, reader?: ElementReader): WantedField {
  const index = /^(0|[1-9]\d{0,8})$/.test(name) ? Number(name) : -1;
  return {
    name,
    hash: hashOfText(name),
    isPlain: /^[ !#-[\]-~]*$/.test(name),
    index,
    slot: -1,
    children: [],
    eachElement: undefined,
    eachMember: undefined,
    reader,
  };
}
