// The body of a request, as the records in it: all of them can be used, or none is. What one record says is pushed-record.ts.

import { isUtf8 } from 'node:buffer';
import { itemsOf, kindOf, rootOf, type Slice } from '../../src/json/json-slices.js';
import { recordOf, type PushedRecord } from './pushed-record.js';

/** How a body is written. `json`: one record, or a list of them. `lines`: a record in each line; empty lines say nothing. */
export type BodyForm = 'json' | 'lines';

/** `message` is for people, and repeats nothing of the body. */
export interface Mistake {
  readonly code: 'malformed' | 'too_many_records';
  readonly message: string;
  /** Of the record, from 0; undefined: it is not about one. */
  readonly index?: number;
}

export type PushedBody =
  | { readonly ok: true; readonly records: readonly PushedRecord[] }
  | { readonly ok: false; readonly mistake: Mistake };

const FORMS: ReadonlyMap<string, BodyForm> = new Map([
  ['application/json', 'json'],
  ['application/x-ndjson', 'lines'],
  ['application/ndjson', 'lines'],
  ['application/jsonl', 'lines'],
]);

export const CONTENT_TYPES: Iterable<string> = FORMS.keys();

/** undefined: none that is read. */
export function formOf(contentType: string): BodyForm | undefined {
  return FORMS.get(contentType);
}

/** The records hold parts of `body`. */
export function parseBody(body: Buffer, form: BodyForm, maxRecords: number): PushedBody {
  if (!isUtf8(body)) return malformed('the body is not UTF-8');
  if (body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) {
    return malformed('the body begins with a byte order mark: leave it out');
  }
  if (form === 'json' && !isJson(body, 0, body.length)) return malformed('the body is not JSON');
  const records: PushedRecord[] = [];
  for (const slice of form === 'json' ? documentsOf(body) : linesOf(body)) {
    const index = records.length;
    if (index >= maxRecords) {
      const message = `a request has at most ${maxRecords} records`;
      return { ok: false, mistake: { code: 'too_many_records', message } };
    }
    if (slice === undefined) return malformed('the line is not JSON', index);
    const record = recordOf(body, slice);
    if (typeof record === 'string') return malformed(record, index);
    records.push(record);
  }
  return { ok: true, records };
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_END = 0x0a;

function malformed(message: string, index?: number): PushedBody {
  return { ok: false, mistake: { code: 'malformed', message, ...(index !== undefined && { index }) } };
}

function documentsOf(body: Buffer): Iterable<Slice> {
  const root = rootOf(body, 0, body.length);
  return kindOf(body, root) === 'list' ? itemsOf(body, root) : [root];
}

/** undefined: a line that is not JSON. */
function* linesOf(body: Buffer): Iterable<Slice | undefined> {
  for (let start = 0; start < body.length;) {
    const found = body.indexOf(LINE_END, start);
    const end = found < 0 ? body.length : found;
    const slice = rootOf(body, start, end);
    if (slice.start < slice.end) yield isJson(body, start, end) ? slice : undefined;
    start = end + 1;
  }
}

function isJson(body: Buffer, start: number, end: number): boolean {
  try {
    JSON.parse(body.toString('utf8', start, end));
    return true;
  } catch {
    return false;
  }
}
