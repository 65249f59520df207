// Where the items of one body lie, and their keys. What an item is, is item-reader.ts.

import { scalarText } from '../../../src/json/scalar-text.js';
import type { PageItems } from './page-items.js';

const FIRST_ITEMS = 64;
/** In a row before the ranges of the fields: where the item's name or text begins, where its text begins, where that ends. */
const FROM = 0;
const START = 1;
const END = 2;
const FIELDS = 3;

/** Invariant: `count` rows and keys are there, in the order of `bytes`. Written by its reader only, until that is done. */
export class ItemTable implements PageItems {
  readonly bytes: Buffer;
  count = 0;
  /** Scalars of the body. */
  facts: readonly (string | undefined)[] = [];
  readonly #keys: (string | undefined)[] = [];
  readonly #stride: number;
  #rows: Int32Array;
  #indexes: ReadonlyMap<string, number> | undefined;

  /** `fields`: how many each item has. */
  constructor(bytes: Buffer, fields: number, likely = FIRST_ITEMS) {
    this.bytes = bytes;
    this.#stride = FIELDS + 2 * fields;
    this.#rows = new Int32Array(this.#stride * Math.max(likely, FIRST_ITEMS));
  }

  key(i: number): string | undefined {
    return this.#keys[i];
  }

  /** Of the name, where the item is a member of an object that is told apart by it; else of the text. */
  from(i: number): number {
    return this.#at(i, FROM);
  }

  start(i: number): number {
    return this.#at(i, START);
  }

  end(i: number): number {
    return this.#at(i, END);
  }

  field(i: number, n: number): string | undefined {
    const start = this.#at(i, FIELDS + 2 * n);
    return start < 0 ? undefined : scalarText(this.bytes, start, this.#at(i, FIELDS + 2 * n + 1));
  }

  fact(n: number): string | undefined {
    return this.facts[n];
  }

  /** An item that has this key. */
  indexOf(key: string): number | undefined {
    this.#indexes ??= new Map(
      this.#keys.flatMap((each, i) => (each === undefined ? [] : [[each, i] as const])),
    );
    return this.#indexes.get(key);
  }

  /** The range of field n is that of slot `slots[n]` of `ranges`, which has -1 where there is none. */
  add(
    key: string | undefined,
    place: { readonly from: number; readonly start: number; readonly end: number },
    ranges: Int32Array,
    slots: readonly number[],
  ): void {
    const row = this.#newRow(key);
    const rows = this.#rows;
    rows[row + FROM] = place.from;
    rows[row + START] = place.start;
    rows[row + END] = place.end;
    for (let n = 0; n < slots.length; n++) {
      const slot = slots[n] ?? 0;
      rows[row + FIELDS + 2 * n] = ranges[2 * slot] ?? -1;
      rows[row + FIELDS + 2 * n + 1] = ranges[2 * slot + 1] ?? -1;
    }
  }

  /** Item i of a table with the same fields, whose bytes stand here from `from` on. */
  addKnown(known: ItemTable, i: number, from: number): void {
    const row = this.#newRow(known.#keys[i]);
    const source = i * known.#stride;
    const shift = from - known.#at(i, FROM);
    for (let n = 0; n < this.#stride; n++) {
      const at = known.#rows[source + n] ?? -1;
      this.#rows[row + n] = at < 0 ? at : at + shift;
    }
  }

  #newRow(key: string | undefined): number {
    const row = this.count * this.#stride;
    if (row >= this.#rows.length) {
      const rows = new Int32Array(2 * this.#rows.length);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#keys.push(key);
    this.count++;
    return row;
  }

  #at(i: number, column: number): number {
    return this.#rows[i * this.#stride + column] ?? -1;
  }
}
