// One record of a request: `{ "key": …, "value": …, "encoding"?, "headers"?, "timestamp"? }`. Key and value are passed on as bytes;
// whether those can be used is the core's to say.

import type { RecordHeader, SourceRecord } from '../contract.js';
import { compact, kindOf, membersOf, textOf, type Slice } from '../../src/json/json-slices.js';

/** A record before it has its place in the order of the source. */
export type PushedRecord = Omit<SourceRecord, 'offset'>;

/** How the value's bytes are written. `json`: they are the JSON that stands there. `text`, `base64`: that of a JSON string. */
const ENCODINGS = ['json', 'text', 'base64'] as const;
type Encoding = (typeof ENCODINGS)[number];

const MEMBERS = ['key', 'value', 'encoding', 'headers', 'timestamp'] as const;
type MemberName = (typeof MEMBERS)[number];

/** The last moment that JavaScript's calendar has. */
const LATEST_MS = 8_640_000_000_000_000;

/** A sentence about what is wrong, or the record; its key and value are parts of `body`. */
export function recordOf(body: Buffer, slice: Slice): PushedRecord | string {
  const members = recordMembers(body, slice);
  if (typeof members === 'string') return members;
  const value = valueOf(body, members);
  if (typeof value === 'string') return value;
  const key = keyOf(body, members.get('key'));
  if (typeof key === 'string') return key;
  if (value === null && key === null) return 'a value of null deletes what has the key, and there is no key';
  const headers = headersOf(body, members.get('headers'));
  if (typeof headers === 'string') return headers;
  const timestampMs = timestampOf(body, members.get('timestamp'));
  if (typeof timestampMs === 'string') return timestampMs;
  return { key, value, headers, timestampMs };
}

function recordMembers(body: Buffer, slice: Slice): ReadonlyMap<MemberName, Slice> | string {
  if (kindOf(body, slice) !== 'object') return 'a record is an object with "key" and "value"';
  const members = new Map<MemberName, Slice>();
  for (const { name, value } of membersOf(body, slice)) {
    if (!isMemberName(name)) return `a record has no other members than ${MEMBERS.join(', ')}`;
    if (members.has(name)) return `"${name}" stands twice`;
    members.set(name, value);
  }
  return members;
}

function keyOf(body: Buffer, slice: Slice | undefined): Buffer | null | string {
  if (slice === undefined || isNull(body, slice)) return null;
  if (kindOf(body, slice) !== 'text') return compact(body, slice);
  const text = textOf(body, slice);
  return text.isWellFormed() ? Buffer.from(text) : `"key" ${HALF_CHARACTER}`;
}

function valueOf(body: Buffer, members: ReadonlyMap<MemberName, Slice>): Buffer | null | string {
  const slice = members.get('value');
  if (slice === undefined) return '"value" is missing; write null to delete what has the key';
  const encoding = encodingOf(body, members.get('encoding'));
  if (encoding === undefined) return `"encoding" is one of ${ENCODINGS.join(', ')}`;
  if (isNull(body, slice)) return null;
  if (encoding === 'json') return body.subarray(slice.start, slice.end);
  if (kindOf(body, slice) !== 'text') return `"value" must be a text where "encoding" is ${encoding}`;
  const text = textOf(body, slice);
  if (encoding === 'base64') return isBase64(text) ? Buffer.from(text, 'base64') : '"value" is not base64';
  return text.isWellFormed() ? Buffer.from(text) : `"value" ${HALF_CHARACTER}`;
}

const HALF_CHARACTER = 'holds half a character (a lone surrogate)';

function encodingOf(body: Buffer, slice: Slice | undefined): Encoding | undefined {
  if (slice === undefined) return 'json';
  const written = kindOf(body, slice) === 'text' ? textOf(body, slice) : undefined;
  return ENCODINGS.find((encoding) => encoding === written);
}

function headersOf(body: Buffer, slice: Slice | undefined): readonly RecordHeader[] | undefined | string {
  if (slice === undefined) return undefined;
  if (kindOf(body, slice) !== 'object') return '"headers" must be an object of texts';
  const headers: RecordHeader[] = [];
  const names = new Set<string>();
  for (const { name, value } of membersOf(body, slice)) {
    if (kindOf(body, value) !== 'text') return '"headers" must be an object of texts';
    if (names.has(name)) return 'a header stands twice';
    names.add(name);
    const text = textOf(body, value);
    if (!name.isWellFormed() || !text.isWellFormed()) return `a header ${HALF_CHARACTER}`;
    headers.push({ name, value: Buffer.from(text) });
  }
  return headers;
}

/** Negative: it does not say. */
function timestampOf(body: Buffer, slice: Slice | undefined): number | string {
  if (slice === undefined) return -1;
  const written: unknown = JSON.parse(body.toString('utf8', slice.start, slice.end));
  const isTime =
    typeof written === 'number' && Number.isInteger(written) && written >= 0 && written <= LATEST_MS;
  return isTime ? written : '"timestamp" must be whole milliseconds since 1970';
}

function isMemberName(name: string): name is MemberName {
  return MEMBERS.some((member) => member === name);
}

function isNull(body: Buffer, { start, end }: Slice): boolean {
  return end - start === 4 && body[start] === 0x6e; // the only literal of four that begins with n
}

/** With its padding, as RFC 4648 section 4 has it. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
