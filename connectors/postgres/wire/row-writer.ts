// Rows of one table to the key and the value of a record, from the stream and from COPY alike. What is sent, kept in mind or asked
// for again is decided by the reading.

import type { ByteScratch } from './byte-scratch.js';
import { writeColumn } from './column-text.js';
import { ProtocolFault } from './protocol-fault.js';
import { CELL_NULL, CELL_UNCHANGED, RowCells } from './row-cells.js';
import type { Column, Table } from './table.js';
import type { Tuple } from './tuple.js';
import type { TypeKind, TypeKinds } from './type-kinds.js';

/**
 * Where columns that were not sent come from: the old row, or the old key, which knows the key columns alone; or the JSON of a column
 * by its index in the table, undefined: unknown.
 */
export type MissingColumns = Tuple | ((column: number) => Buffer | undefined);

/** A row that COPY wrote. Both are views of the scratch. */
export interface CopiedRow {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Offset in the chunk of the byte after the line. */
  readonly end: number;
}

/** A column in the object that is written. */
interface Member {
  readonly column: number;
  readonly name: string;
  readonly isKey: boolean;
  /** `{"id":` or `,"name":`. */
  readonly header: Buffer;
  readonly kind: TypeKind;
}

/** One of the two objects of a row, and where the JSON of its i-th member lay when it was written last. */
interface RowObject {
  readonly members: readonly Member[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const NULL_JSON = Buffer.from('null');
const NONE: readonly number[] = [];

/**
 * Invariant: keys are JSON objects of the key columns, values of the wanted columns, both in the table's order. Buffers that are
 * returned are views of the scratch, valid until its `reset`. All methods throw ProtocolFault for rows that are not this table's.
 */
export class RowWriter {
  /** What a line of COPY must hold, in this order: the columns of key and value. */
  readonly copied: readonly Column[];
  /** Indexes of the wanted columns that an update may leave out. */
  readonly toastable: readonly number[];
  readonly #topic: string;
  readonly #scratch: ByteScratch;
  readonly #key: RowObject;
  readonly #value: RowObject;
  readonly #cells: RowCells;
  readonly #otherCells: RowCells;
  /** The tuple that `#cells` describes. */
  #tuple: Tuple | undefined;
  #lastValue: Buffer = NULL_JSON;

  constructor(table: Table, types: TypeKinds, scratch: ByteScratch) {
    const { columns, wanted } = table;
    const copied = indexesOf(columns, ({ isKey, name }) => isKey || wanted.has(name));
    this.copied = copied.map((index) => columns[index] as Column);
    this.toastable = indexesOf(columns, ({ isToastable, name }) => isToastable && wanted.has(name));
    this.#topic = table.topic;
    this.#scratch = scratch;
    this.#key = rowObject(table, types, ({ isKey }) => isKey);
    this.#value = rowObject(table, types, ({ name }) => wanted.has(name));
    this.#cells = new RowCells(columns.length, copied);
    this.#otherCells = new RowCells(columns.length, copied);
  }

  /**
   * The key of a row, or of the part of one that is an old key. `old`: the old key or row of the same message, for key columns that are
   * stored out of line (the server sends it whenever one is).
   */
  keyOf(tuple: Tuple, old?: Tuple): Buffer {
    this.#read(tuple);
    if (!this.#write(this.#key, old)) throw this.#withoutKey(tuple);
    return this.#scratch.take();
  }

  /** The value of a row; `incomplete`: a wanted column was not sent and `missing` does not know it. */
  valueOf(tuple: Tuple, missing?: MissingColumns): Buffer | 'incomplete' {
    this.#read(tuple);
    if (!this.#write(this.#value, missing)) return 'incomplete';
    return (this.#lastValue = this.#scratch.take());
  }

  /** The row whose line begins at `start`. Chunks hold whole lines; the next begins at `end`. */
  fromCopyLine(chunk: Buffer, start = 0): CopiedRow {
    this.#tuple = undefined;
    const end = this.#cells.readLine(chunk, start);
    this.#write(this.#key, undefined);
    const key = this.#scratch.take();
    this.#write(this.#value, undefined);
    const value = (this.#lastValue = this.#scratch.take());
    return { key, value, end };
  }

  /** The JSON of a wanted column in the value that `valueOf` or `fromCopyLine` returned last: a part of that value. */
  jsonOfLast(column: number): Buffer {
    const { members, starts, ends } = this.#value;
    const index = members.findIndex((member) => member.column === column);
    return this.#lastValue.subarray(starts[index], ends[index]);
  }

  /** Indexes of the wanted columns that were not sent. */
  unchangedIn(tuple: Tuple): readonly number[] {
    if (tuple.unchanged === 0) return NONE;
    this.#read(tuple);
    const columns = this.#value.members.map(({ column }) => column);
    return columns.filter((column) => this.#cells.ends[column] === CELL_UNCHANGED);
  }

  /** The key columns as Postgres writes them, in the table's order: to ask for the row. `old` as for `keyOf`. */
  keyTexts(tuple: Tuple, old?: Tuple): readonly string[] {
    this.#read(tuple);
    if (old !== undefined) this.#otherCells.readTuple(old);
    return this.#key.members.map(({ column }) => {
      const isOld = this.#cells.ends[column] === CELL_UNCHANGED && old !== undefined;
      const { bytes, starts, ends } = isOld ? this.#otherCells : this.#cells;
      const end = ends[column] as number;
      if (end < 0) throw this.#withoutKey(tuple);
      return bytes.toString('utf8', starts[column], end);
    });
  }

  /** Whether a line of COPY has the same text in all of its columns that the tuple holds: whether the row is still that row. */
  isSame(tuple: Tuple, line: Buffer): boolean {
    this.#read(tuple);
    this.#otherCells.readLine(line, 0);
    return [...this.#key.members, ...this.#value.members].every(({ column }) => this.#isSameCell(column));
  }

  #withoutKey({ start }: Tuple): ProtocolFault {
    return new ProtocolFault('a row without its key', start, this.#topic);
  }

  #isSameCell(column: number): boolean {
    const one = this.#cells;
    const other = this.#otherCells;
    const end = one.ends[column] as number;
    if (end === CELL_UNCHANGED) return true;
    const otherEnd = other.ends[column] as number;
    if (end < 0 || otherEnd < 0) return end === otherEnd;
    return one.bytes.compare(other.bytes, other.starts[column], otherEnd, one.starts[column], end) === 0;
  }

  #read(tuple: Tuple): void {
    if (this.#tuple === tuple) return;
    this.#tuple = undefined;
    this.#cells.readTuple(tuple);
    this.#tuple = tuple;
  }

  /** Writes an item into the scratch; false: it lacks a column. */
  #write({ members, starts, ends }: RowObject, missing: MissingColumns | undefined): boolean {
    const scratch = this.#scratch;
    const cells = this.#cells;
    scratch.begin();
    if (members.length === 0) scratch.push(OPEN);
    for (let i = 0; i < members.length; i++) {
      const member = members[i] as Member;
      scratch.append(member.header, 0, member.header.length);
      starts[i] = scratch.offset;
      if (cells.ends[member.column] !== CELL_UNCHANGED) this.#writeCell(member, cells);
      else if (!this.#writeMissing(member, missing)) return false;
      ends[i] = scratch.offset;
    }
    scratch.push(CLOSE);
    return true;
  }

  #writeCell({ column, name, kind }: Member, cells: RowCells): void {
    const end = cells.ends[column] as number;
    if (end === CELL_NULL) return this.#scratch.append(NULL_JSON, 0, NULL_JSON.length);
    try {
      writeColumn(this.#scratch, kind, cells.bytes, cells.starts[column] as number, end);
    } catch (error) {
      throw error instanceof ProtocolFault
        ? new ProtocolFault(error.what, error.at, `${this.#topic}.${name}`)
        : error;
    }
  }

  /** false: it is not known. */
  #writeMissing(member: Member, missing: MissingColumns | undefined): boolean {
    if (missing === undefined) return false;
    if (typeof missing === 'function') {
      const json = missing(member.column);
      if (json !== undefined) this.#scratch.append(json, 0, json.length);
      return json !== undefined;
    }
    if (missing.holds === 'key' && !member.isKey) return false;
    this.#otherCells.readTuple(missing);
    if (this.#otherCells.ends[member.column] === CELL_UNCHANGED) return false;
    this.#writeCell(member, this.#otherCells);
    return true;
  }
}

function indexesOf(columns: readonly Column[], isIn: (column: Column) => boolean): readonly number[] {
  return columns.flatMap((column, index) => (isIn(column) ? [index] : []));
}

function rowObject({ columns }: Table, types: TypeKinds, isIn: (column: Column) => boolean): RowObject {
  const members = indexesOf(columns, isIn).map((column, index): Member => {
    const { name, typeOid, isKey } = columns[column] as Column;
    const header = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    return { column, name, isKey, header, kind: types.kindOf(typeOid) };
  });
  return { members, starts: new Int32Array(members.length), ends: new Int32Array(members.length) };
}
