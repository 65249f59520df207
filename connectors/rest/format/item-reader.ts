// Reads the items of a body one by one, wherever its format has them: checked strictly, cut out, and given their keys. Most
// items of most polls are byte by byte what they were in the poll before, and these are known instead of checked again.

import type { ElementReader } from '../../../src/json/element-reader.js';
import { JsonScanner, type JsonLimits } from '../../../src/json/json-scanner.js';
import { scalarText } from '../../../src/json/scalar-text.js';
import { WantedPaths } from '../../../src/json/wanted-paths.js';
import { BadFeed } from './bad-feed.js';
import { ItemTable } from './item-table.js';
import type { PointerPath } from './json-pointer.js';
import type { KeyPart } from './key-template.js';

export interface ItemReaderSettings {
  readonly key: readonly KeyPart[];
  /** To be found in every item, for {@link PageItems.field}. */
  readonly fields: readonly PointerPath[];
  readonly maxItems: number;
  readonly limits: JsonLimits;
}

/** A part of the key: text, the slot of a wanted path, or the member's name. */
type SlottedPart =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'slot'; readonly slot: number }
  | { readonly is: 'member' };

/** Invariant: between {@link begin} and {@link end}, `#table` has the items that were read of this body. */
export class ItemReader implements ElementReader {
  /** Whether a key has the name of the member that the item is. */
  readonly readsMembers: boolean;
  readonly #maxItems: number;
  readonly #key: readonly SlottedPart[];
  readonly #fieldSlots: readonly number[];
  readonly #scanner: JsonScanner;
  #table: ItemTable;
  #former: ItemTable | undefined;
  /** The item of the former body that is expected next. */
  #next = 0;

  constructor({ key, fields, maxItems, limits }: ItemReaderSettings) {
    const wanted = new WantedPaths();
    this.#key = key.map((part) =>
      part.is === 'field' ? { is: 'slot', slot: wanted.slotOf(part.path) } : part,
    );
    this.#fieldSlots = fields.map((path) => wanted.slotOf(path));
    this.readsMembers = key.some(({ is }) => is === 'member');
    this.#maxItems = maxItems;
    this.#scanner = new JsonScanner(wanted.paths, limits);
    this.#table = new ItemTable(Buffer.alloc(0), fields.length);
  }

  get fault() {
    return this.#scanner.fault;
  }

  /** Of those that were read. */
  isKeyless(i: number): boolean {
    return this.#table.key(i) === undefined;
  }

  /** `former`: what this reader made of the body before, for speed alone. */
  begin(bytes: Buffer, former: ItemTable | undefined): void {
    this.#former = former;
    this.#next = 0;
    this.#table = new ItemTable(bytes, this.#fieldSlots.length, former?.count);
  }

  /** What was read since {@link begin}. */
  end(): ItemTable {
    const table = this.#table;
    this.#former = undefined;
    this.#table = new ItemTable(Buffer.alloc(0), 0);
    return table;
  }

  /** As {@link ElementReader.read}. Throws BadFeed where there are too many, or it should have a name. */
  read(bytes: Buffer, start: number, depth: number, nameStart: number, nameEnd: number): number {
    if (!this.readsMembers) return this.readWithin(bytes, start, bytes.length, depth);
    if (nameStart < 0) throw new BadFeed(NO_MEMBERS);
    this.#checkCount();
    const known = this.#knownAt(bytes, nameStart, bytes.length);
    if (known !== undefined) return known;
    const end = this.#scanner.scanValue(bytes, start, bytes.length, depth);
    if (end < 0) return end;
    const name = scalarText(bytes, nameStart - 1, nameEnd + 1);
    this.#add(this.#keyOf(bytes, name), { from: nameStart, start, end });
    return end;
  }

  /** The same for an item that has no name, and must end before `end`. */
  readWithin(bytes: Buffer, start: number, end: number, depth: number): number {
    this.#checkCount();
    const known = this.#knownAt(bytes, start, end);
    if (known !== undefined) return known;
    const after = this.#scanner.scanValue(bytes, start, end, depth);
    if (after >= 0) this.#add(this.#keyOf(bytes, undefined), { from: start, start, end: after });
    return after;
  }

  #checkCount(): void {
    if (this.#table.count < this.#maxItems) return;
    throw new BadFeed(
      `the body has more than ${this.#maxItems} items: ask for less, in pages, or raise maxItems`,
    );
  }

  /**
   * The end of the item that begins at `from`, if it is the one that is expected there. A body of known items takes 0.1 of the
   * time of JSON.parse, not the 0.75 of checking each and making its key anew; `rest-unchanged` of the benchmark notices.
   */
  #knownAt(bytes: Buffer, from: number, end: number): number | undefined {
    const former = this.#former;
    const next = this.#next;
    if (former === undefined || next >= former.count) return undefined;
    const knownFrom = former.from(next);
    const knownEnd = former.end(next);
    const after = from + knownEnd - knownFrom;
    if (after > end || bytes.compare(former.bytes, knownFrom, knownEnd, from, after) !== 0) return undefined;
    if (!isBoundary(bytes, after, end)) return undefined;
    this.#table.addKnown(former, next, from);
    this.#next = next + 1;
    return after;
  }

  /** The next item to expect is the one that followed an item with this key. */
  #add(key: string | undefined, place: { from: number; start: number; end: number }): void {
    this.#table.add(key, place, this.#scanner.ranges, this.#fieldSlots);
    const former = this.#former;
    if (former === undefined || key === undefined) return;
    const same = former.key(this.#next) === key ? this.#next : former.indexOf(key);
    if (same !== undefined) this.#next = same + 1;
  }

  #keyOf(bytes: Buffer, name: string | undefined): string | undefined {
    let key = '';
    for (const part of this.#key) {
      const text =
        part.is === 'text' ? part.text : part.is === 'member' ? name : this.#slotText(bytes, part.slot);
      if (text === undefined) return undefined;
      key += text;
    }
    return key === '' ? undefined : key;
  }

  /** true and false tell nothing apart, so they are no part of a key. */
  #slotText(bytes: Buffer, slot: number): string | undefined {
    const start = this.#scanner.ranges[2 * slot] ?? -1;
    const first = bytes[start];
    if (start < 0 || first === LETTER_T || first === LETTER_F) return undefined;
    return scalarText(bytes, start, this.#scanner.ranges[2 * slot + 1] ?? start);
  }
}

const LETTER_T = 0x74;
const LETTER_F = 0x66;

const NO_MEMBERS =
  'the items are a list, whose items have no names for {member} in the key: look at what the URL answers, and at items and key';

/** Whether a value that ends at `at` ends there indeed: 1 is not what 12 begins with. */
function isBoundary(bytes: Buffer, at: number, end: number): boolean {
  if (at >= end) return true;
  const byte = bytes[at] ?? 0;
  return byte === 0x2c || byte === 0x5d || byte === 0x7d || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
