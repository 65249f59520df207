// Where the text of each column of one row lies, whether the row came by the stream or as a line of COPY. What the text means is
// column-text.ts.

import { isNullField, unescapedLine } from './copy-lines.js';
import { ProtocolFault } from './protocol-fault.js';
import { TUPLE_LENGTH_BYTES, TUPLE_NULL, TUPLE_TEXT, type Tuple } from './tuple.js';

/** Stand in `ends` for a column without text. */
export const CELL_NULL = -1;
/** Not sent: left alone and stored out of line. */
export const CELL_UNCHANGED = -2;

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/**
 * Invariant: after a read, the text of column i of the table is `[starts[i], ends[i])` of `bytes`, or `ends[i]` is one of the above.
 * Columns that lines do not hold keep what they had. One object serves all rows of a table.
 */
export class RowCells {
  bytes: Buffer = Buffer.alloc(0);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Column of the table that the i-th field of a line holds. */
  readonly #copied: readonly number[];

  constructor(columns: number, copied: readonly number[]) {
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
    this.#copied = copied;
  }

  /** Throws ProtocolFault when it is a row of another shape. */
  readTuple({ bytes, start, columns }: Tuple): void {
    const { starts, ends } = this;
    if (columns !== ends.length) throw new ProtocolFault('a row with another number of columns', start);
    this.bytes = bytes;
    let at = start;
    for (let column = 0; column < columns; column++) {
      const how = bytes[at++];
      if (how === TUPLE_TEXT) {
        const length = bytes.readUInt32BE(at);
        at += TUPLE_LENGTH_BYTES;
        starts[column] = at;
        at += length;
        ends[column] = at;
      } else {
        ends[column] = how === TUPLE_NULL ? CELL_NULL : CELL_UNCHANGED;
      }
    }
  }

  /** Reads the line of COPY that starts at `start`; returns the offset after its newline. */
  readLine(chunk: Buffer, start: number): number {
    const end = this.#readPlain(chunk, start);
    return end < 0 ? this.#readEscaped(chunk, start) : end;
  }

  /** A line without escapes but NULLs, as nearly all are. -1: it has others. */
  #readPlain(chunk: Buffer, start: number): number {
    this.bytes = chunk;
    let field = 0;
    let fieldStart = start;
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === BACKSLASH) {
        if (at !== fieldStart || !isNullField(chunk, at)) return -1;
      } else if (byte === TAB || byte === NEWLINE) {
        const isNull = at - fieldStart === 2 && chunk[fieldStart] === BACKSLASH;
        this.#put(field++, fieldStart, isNull ? CELL_NULL : at);
        if (byte === NEWLINE) return this.#complete(field, at + 1);
        fieldStart = at + 1;
      }
    }
    throw new ProtocolFault('a line without end', start);
  }

  #readEscaped(chunk: Buffer, start: number): number {
    const line = unescapedLine(chunk, start);
    this.bytes = line.text;
    let fieldStart = 0;
    for (const [field, end] of line.ends.entries()) {
      this.#put(field, fieldStart, end);
      if (end >= 0) fieldStart = end;
    }
    return this.#complete(line.ends.length, line.next);
  }

  #put(field: number, start: number, end: number): void {
    const column = this.#copied[field];
    if (column === undefined) throw new ProtocolFault('a line with too many columns', start);
    this.starts[column] = start;
    this.ends[column] = end;
  }

  #complete(fields: number, next: number): number {
    if (fields !== this.#copied.length) throw new ProtocolFault('a line with too few columns', next - 1);
    return next;
  }
}
