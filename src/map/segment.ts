// From a field of a record to the raw text of one path segment. Every value has one spelling, and what has none is refused:
// strings, booleans and integers only.

import { toText, type Utf8 } from '../topic/utf8.js';
import type { MappedDocument } from './record.js';
import type { MapFault } from './rule.js';

const QUOTE = 0x22;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;

/** Text of the wanted field `slot`, not escaped yet. undefined: {@link whyNoText} says why. Called for every record. */
export function textOfField(document: MappedDocument, slot: number): string | undefined {
  const start = document.ranges[2 * slot] ?? -1;
  if (start < 0) return undefined;
  const end = document.ranges[2 * slot + 1] ?? start;
  const source = document.source;
  if (document.notation === 'text') return toText(source);
  const first = source.charCodeAt(start);
  if (first === QUOTE) return textOfString(source, start + 1, end - 1);
  if (first === MINUS || isDigit(first)) return textOfNumber(source.slice(start, end));
  const word = source.slice(start, end);
  return word === 'true' || word === 'false' ? word : undefined;
}

/** The reason after {@link textOfField} had no answer. */
export function whyNoText(document: MappedDocument | undefined, slot: number): MapFault {
  const start = document?.ranges[2 * slot] ?? -1;
  if (document === undefined || start < 0) return 'field-missing';
  const first = document.source.charAt(start);
  if (first === 'n') return 'field-null';
  return first === '{' || first === '[' ? 'field-not-scalar' : 'field-fraction';
}

function textOfString(source: Utf8, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    const byte = source.charCodeAt(at);
    if (byte === BACKSLASH || byte >= 0x80)
      return JSON.parse(`"${toText(source.slice(start, end) as Utf8)}"`) as string;
  }
  return source.slice(start, end);
}

/** Integers as they stand, however large; other literals only when they are a safe integer in another spelling (1.0, 1e3). */
function textOfNumber(literal: string): string | undefined {
  if (isInteger(literal)) return literal === '-0' ? '0' : literal;
  const value = Number(literal);
  return Number.isSafeInteger(value) ? String(value === 0 ? 0 : value) : undefined;
}

function isInteger(literal: string): boolean {
  for (let at = literal.charCodeAt(0) === MINUS ? 1 : 0; at < literal.length; at++) {
    if (!isDigit(literal.charCodeAt(at))) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
