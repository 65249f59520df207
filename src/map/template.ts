// Path templates: `prices/{value.symbol}/spot`. A placeholder fills one segment or the variable part of one; what it stands for
// is escaped as one segment, so that data never makes another segment, and two different values never make the same one.
//
//   placeholder = "{" part "}"     part = key | value | key.a.b | value.a.b | key:/a/b | value:/a/b (JSON Pointer, for
//                                         names with dots) | headers.name | topic | partition | timestamp (ms since 1970)
//                                         and under `each`: item | item.a.b | item:/a/b | index

import { parseFilter, type Filter } from '../topic/filter.js';
import {
  escapeSegment,
  faultOfSegment,
  joinSegments,
  MAX_PATH_SEGMENTS,
  unescapeSegment,
  type TopicPath,
} from '../topic/path.js';
import { parseMemberPointer } from './member-pointer.js';
import { headerText, type MappedDocument, type MappedRecord } from './record.js';
import { RECORD_PARTS, type ElementPart, type MapFault, type RecordPart } from './rule.js';
import { textOfField, whyNoText } from './segment.js';

/** What one placeholder reads. `slot` indexes the fields that the template's owner wants of key, value or element. */
export type Placeholder =
  | { readonly reads: 'key' | 'value' | 'item'; readonly slot: number }
  | { readonly reads: 'headers'; readonly name: string }
  | { readonly reads: 'topic' | 'partition' | 'timestamp' | 'index' };

/** An element of an array, under `each`. */
export interface MappedElement extends MappedDocument {
  readonly index: number;
}

type Segment =
  | { readonly is: 'literal'; readonly text: string }
  | {
      readonly is: 'filled';
      readonly before: string;
      readonly placeholder: Placeholder;
      readonly after: string;
    };

export interface Template {
  readonly segments: readonly Segment[];
  /** What every path of this template matches: `*` for a segment with a placeholder. */
  readonly pattern: Filter;
  readonly reads: ReadonlySet<RecordPart>;
  /** Whether each placeholder is a field of key or value, and a whole segment. */
  readonly isPlain: boolean;
}

export type PathResult =
  { readonly ok: true; readonly path: TopicPath } | { readonly ok: false; readonly fault: MapFault };

/** Gives the slot of a field, adding it to what is wanted. */
export type WantField = (part: 'key' | 'value' | 'item', names: readonly string[]) => number;

/** What the placeholders may be of: {@link RECORD_PARTS}, or those of an element. */
export type Parts = readonly ElementPart[];

export interface TemplateMistake {
  readonly column: number;
  readonly message: string;
}

/** Compiles a template, or tells every mistake in it. */
export function compileTemplate(
  text: string,
  want: WantField,
  parts: Parts = RECORD_PARTS,
): Template | readonly TemplateMistake[] {
  const mistakes: TemplateMistake[] = [];
  const segments: Segment[] = [];
  let column = 1;
  for (const part of splitSegments(text)) {
    const segment = compileSegment(part, column, { want, parts });
    if ('message' in segment) mistakes.push(segment);
    else segments.push(segment);
    column += part.length + 1;
  }
  if (segments.length > MAX_PATH_SEGMENTS)
    mistakes.push({ column: 1, message: `has more than ${MAX_PATH_SEGMENTS} segments` });
  if (mistakes.length > 0) return mistakes;
  const pattern = parseFilter(segments.map((each) => (each.is === 'literal' ? each.text : '*')).join('/'));
  if (!pattern.ok) return [{ column: 1, message: pattern.fault }];
  const reads = segments.flatMap((each) => (each.is === 'filled' ? [partOf(each.placeholder)] : []));
  return {
    segments,
    pattern: pattern.filter,
    reads: new Set(reads),
    isPlain: segments.every(isPlainSegment),
  };
}

/** An element is a part of the value. */
function partOf({ reads }: Placeholder): RecordPart {
  return reads === 'item' || reads === 'index' ? 'value' : reads;
}

function isPlainSegment(segment: Segment): boolean {
  if (segment.is === 'literal') return true;
  const { reads } = segment.placeholder;
  return segment.before === '' && segment.after === '' && (reads === 'value' || reads === 'key');
}

/** The path that the template gives for a record, or for an element of it. Called for every record and rule. */
export function fillTemplate(template: Template, record: MappedRecord, element?: MappedElement): PathResult {
  const texts: string[] = [];
  for (const segment of template.segments) {
    if (segment.is === 'literal') {
      texts.push(segment.text);
      continue;
    }
    const raw = rawText(segment.placeholder, record, element);
    if (raw === undefined) return { ok: false, fault: whyNothing(segment.placeholder, record, element) };
    if (raw === '') return { ok: false, fault: 'field-empty' };
    const escaped = escapeSegment(segment.before + raw + segment.after);
    if (escaped === undefined) return { ok: false, fault: 'field-not-text' };
    texts.push(escaped);
  }
  const joined = joinSegments(texts);
  return joined.ok ? joined : { ok: false, fault: 'path-too-long' };
}

function rawText(
  placeholder: Placeholder,
  record: MappedRecord,
  element: MappedElement | undefined,
): string | undefined {
  switch (placeholder.reads) {
    case 'value':
      return textOfField(record.value, placeholder.slot);
    case 'key':
      return record.key === undefined ? undefined : textOfField(record.key, placeholder.slot);
    case 'headers':
      return headerText(record.headers, placeholder.name) ?? undefined;
    case 'topic':
      return record.topic;
    case 'partition':
      return String(record.partitionNumber);
    case 'timestamp':
      return String(record.timestampMs);
    case 'item':
      return element === undefined ? undefined : textOfField(element, placeholder.slot);
    case 'index':
      return element === undefined ? undefined : String(element.index);
  }
}

function whyNothing(
  placeholder: Placeholder,
  record: MappedRecord,
  element: MappedElement | undefined,
): MapFault {
  switch (placeholder.reads) {
    case 'value':
      return whyNoText(record.value, placeholder.slot);
    case 'key':
      return whyNoText(record.key, placeholder.slot);
    case 'headers':
      return headerText(record.headers, placeholder.name) === null ? 'field-not-text' : 'field-missing';
    case 'item':
      return whyNoText(element, placeholder.slot);
    case 'topic':
    case 'partition':
    case 'timestamp':
    case 'index':
      return 'field-missing';
  }
}

/** Splits at the slashes that are not within a placeholder, where a JSON Pointer may have some. */
function splitSegments(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isInside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{') isInside = true;
    else if (character === '}') isInside = false;
    else if (character === '/' && !isInside) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

interface Allowed {
  readonly want: WantField;
  readonly parts: Parts;
}

function compileSegment(text: string, column: number, allowed: Allowed): Segment | TemplateMistake {
  const open = text.indexOf('{');
  if (open < 0) {
    const fault = faultOfSegment(text);
    return fault === undefined
      ? { is: 'literal', text }
      : { column, message: `${faultInWords(text, fault)}` };
  }
  const close = text.indexOf('}', open);
  if (close < 0) return { column: column + open, message: 'opens a placeholder that is not closed: add "}"' };
  const [before, after] = [text.slice(0, open), text.slice(close + 1)];
  if (after.includes('{')) {
    return {
      column: column + close + 1 + after.indexOf('{'),
      message: 'has two placeholders in one segment: put "/" between them',
    };
  }
  for (const literal of [before, after]) {
    const fault = faultOfSegment(`x${literal}`);
    if (fault !== undefined) return { column, message: faultInWords(literal, fault) };
  }
  const placeholder = compilePlaceholder(text.slice(open + 1, close), allowed);
  if (typeof placeholder === 'string') return { column: column + open + 1, message: placeholder };
  return { is: 'filled', before: unescapeSegment(before), placeholder, after: unescapeSegment(after) };
}

function faultInWords(text: string, fault: string): string {
  return text === ''
    ? 'has an empty segment: write something between the slashes, and none at either end'
    : `"${text}" ${fault}`;
}

/** The placeholder, or what is wrong with it. */
function compilePlaceholder(text: string, { want, parts }: Allowed): Placeholder | string {
  const [, root = '', separator = '', rest = ''] = /^([^.:]*)([.:]?)(.*)$/s.exec(text) ?? [];
  const part = parts.find((each) => each === root);
  switch (part) {
    case 'key':
    case 'value':
    case 'item': {
      const names = fieldNames(separator, rest);
      return typeof names === 'string' ? names : { reads: part, slot: want(part, names) };
    }
    case 'headers':
      if (separator !== '.' || rest === '') return 'headers needs a name: {headers.tenant}';
      return { reads: part, name: rest };
    case 'topic':
    case 'partition':
    case 'timestamp':
    case 'index':
      return separator === '' ? { reads: part } : `${part} has no fields: write {${part}}`;
    case undefined:
      if (root === 'item' || root === 'index') return `"${root}" is there under "each" only`;
      return `"${root}" is no part of a record: it has ${parts.join(', ')}`;
  }
}

function fieldNames(separator: string, rest: string): readonly string[] | string {
  if (separator === '') return [];
  if (separator === ':') {
    const pointer = parseMemberPointer(rest);
    return pointer.ok ? pointer.names : pointer.message;
  }
  const names = rest.split('.');
  if (names.includes(''))
    return 'has an empty name: write one name after each dot, or a JSON Pointer as in {value:/a.b/c}';
  return names.includes('__proto__') ? 'names __proto__, which no value may have' : names;
}
