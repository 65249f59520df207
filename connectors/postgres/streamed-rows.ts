// Changes of one table's rows to keys and values of records. Here it is decided what stands in for a value that an update left out:
// the old row, what is in memory, or what was found out; where nothing does, it is said, and never guessed.

import type { ColumnTexts, ToastMemory } from './toast-memory.js';
import type { ByteScratch } from './wire/byte-scratch.js';
import type { PgOutputMessage } from './wire/pgoutput.js';
import { RowWriter, type CopiedRow } from './wire/row-writer.js';
import type { Table } from './wire/table.js';
import type { Tuple } from './wire/tuple.js';
import type { TypeKinds } from './wire/type-kinds.js';

export type RowChange = Extract<PgOutputMessage, { kind: 'insert' | 'update' | 'delete' }>;
export type RowUpdate = Extract<PgOutputMessage, { kind: 'update' }>;

/**
 * What was found out about columns that an update left out. `moved on`: the row is gone or not as the update says any more; what
 * became of it is still to come in the stream, so that the update is left out without loss.
 */
export type Filled = ColumnTexts | 'moved on';

export interface StreamedRowsOptions {
  readonly table: Table;
  readonly types: TypeKinds;
  readonly scratch: ByteScratch;
  readonly memory: ToastMemory;
}

/** Takes a record: value null, the key is gone. */
export type TakeRecord = (key: Buffer, value: Buffer | null) => void;

/** Rows of fewer bytes are never stored out of line, but where a table is set to: those are asked for. */
const WIDE_ROW_BYTES = 1_500;
/** What is shorter than this is not stored out of line: a pointer would take as much. */
const LONG_TEXT_BYTES = 24;

/** Invariant: what the memory holds of the table is of the newest change that was taken, in the order of the stream. */
export class StreamedRows {
  readonly table: Table;
  readonly writer: RowWriter;
  readonly #memory: ToastMemory;
  readonly #remembers: boolean;

  constructor({ table, types, scratch, memory }: StreamedRowsOptions) {
    this.table = table;
    this.writer = new RowWriter(table, types, scratch);
    this.#memory = memory;
    // With `full` the old row says what the new one leaves out.
    this.#remembers = table.replicaIdentity !== 'full' && this.writer.toastable.length > 0;
  }

  /** A row of the snapshot, whose line begins at `start`. */
  copied(chunk: Buffer, start: number): CopiedRow {
    const row = this.writer.fromCopyLine(chunk, start);
    if (this.#remembers && row.value.length >= WIDE_ROW_BYTES) this.#remember(row.key, undefined);
    return row;
  }

  /** Whether all that the update leaves out is known. */
  isWhole(update: RowUpdate): boolean {
    const { row, key, old } = update;
    if (row.unchanged === 0 || old !== undefined) return true;
    const missing = this.writer.unchangedIn(row);
    if (missing.length === 0) return true;
    const known = this.#memory.of(this.table.oid, this.writer.keyOf(key ?? row));
    return known !== undefined && missing.every((column) => known.has(column));
  }

  /** `filled`: for an update that is not whole. Throws ProtocolFault, and where such an update comes without it. */
  take(change: RowChange, filled: Filled | undefined, take: TakeRecord): void {
    switch (change.kind) {
      case 'insert':
        return this.#set(change.row, undefined, undefined, take);
      case 'update':
        return this.#update(change, filled, take);
      case 'delete': {
        const gone = change.key ?? change.old;
        if (gone !== undefined) this.#remove(this.writer.keyOf(gone), take);
        return;
      }
    }
  }

  /** Every row is gone, or nothing is certain of any. */
  forget(): void {
    this.#memory.forgetTable(this.table.oid);
  }

  #update({ row, key, old }: RowUpdate, filled: Filled | undefined, take: TakeRecord): void {
    const before = key ?? old;
    const texts =
      row.unchanged === 0 || old !== undefined
        ? undefined
        : (filled ?? this.#memory.of(this.table.oid, this.writer.keyOf(before ?? row)));
    if (before !== undefined) {
      const oldKey = this.writer.keyOf(before);
      if (!oldKey.equals(this.writer.keyOf(row, before))) this.#remove(oldKey, take);
    }
    if (texts === 'moved on') this.#memory.forget(this.table.oid, this.writer.keyOf(row, before));
    else this.#set(row, before, texts, take);
  }

  #set(row: Tuple, before: Tuple | undefined, texts: ColumnTexts | undefined, take: TakeRecord): void {
    const key = this.writer.keyOf(row, before);
    const value = this.writer.valueOf(row, texts === undefined ? before : (column) => texts.get(column));
    if (value === 'incomplete')
      throw new Error(`a change of ${this.table.topic} lacks what nobody asked for`);
    if (this.#remembers) {
      if (value.length >= WIDE_ROW_BYTES || row.unchanged > 0) this.#remember(key, row);
      else if (this.#memory.hasAnyOf(this.table.oid)) this.#memory.forget(this.table.oid, key);
    }
    take(key, value);
  }

  #remove(key: Buffer, take: TakeRecord): void {
    if (this.#memory.hasAnyOf(this.table.oid)) this.#memory.forget(this.table.oid, key);
    take(key, null);
  }

  /** Of the row whose value was written last. */
  #remember(key: Buffer, row: Tuple | undefined): void {
    const { writer } = this;
    const texts = new Map<number, Buffer>();
    const unchanged = row === undefined ? [] : writer.unchangedIn(row);
    for (const column of writer.toastable) {
      const text = writer.jsonOfLast(column);
      if (text.length >= LONG_TEXT_BYTES || unchanged.includes(column)) texts.set(column, text);
    }
    this.#memory.keep(this.table.oid, key, texts);
  }
}
