// A record as the mapping reads it: fields found by the decoder, the rest read and parsed only when a rule asks.

import { isUtf8 } from 'node:buffer';
import type { TopicPath } from '../topic/path.js';
import type { JsonText, Utf8 } from '../topic/utf8.js';

/** A decoded key or value, as ranges in its source text; made by a decoder. */
export interface MappedDocument {
  /** `literal`: ranges lie on JSON literals. `text`: the document is one string, and `source` is its content. */
  readonly notation: 'literal' | 'text';
  readonly source: Utf8;
  /** [start, end) in `source` of each field that the mapping asked for, in its order; start -1: it is not there. */
  readonly ranges: Int32Array;
  text(): JsonText;
}

export interface MappedHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** One record with a value. */
export interface MappedRecord {
  /** undefined: the record has no key, or no rule reads it. */
  readonly key: MappedDocument | undefined;
  readonly value: MappedDocument;
  readonly headers: readonly MappedHeader[] | undefined;
  readonly topic: string;
  readonly partitionNumber: number;
  readonly timestampMs: number;
  /** A path that the last record of this key gave: most likely this one gives it again. */
  readonly expected: TopicPath | undefined;
}

/** The last header of that name, as text; null: its value is null, or not UTF-8; undefined: there is none. */
export function headerText(
  headers: readonly MappedHeader[] | undefined,
  name: string,
): string | null | undefined {
  const header = headers?.findLast((each) => each.name === name);
  if (header === undefined) return undefined;
  return header.value !== null && isUtf8(header.value) ? header.value.toString('utf8') : null;
}
