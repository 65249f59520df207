// Feeds of lines, each of which is one item in JSON. Empty lines say nothing.

import { skipSpace } from '../../../src/json/json-slices.js';
import { ItemReader, type ItemReaderSettings } from './item-reader.js';
import type { ItemTable } from './item-table.js';
import { badJson } from './json-feed.js';

const LINE_END = 0x0a;

/** Invariant: as that of JsonFeed. */
export class NdjsonFeed {
  readonly #items: ItemReader;

  constructor(settings: ItemReaderSettings) {
    this.#items = new ItemReader(settings);
  }

  /** `body` is UTF-8. Throws BadFeed. */
  read(body: Buffer, former: ItemTable | undefined): ItemTable {
    this.#items.begin(body, former);
    for (let start = 0; start < body.length;) {
      const found = body.indexOf(LINE_END, start);
      const end = found < 0 ? body.length : found;
      this.#readLine(body, start, end);
      start = end + 1;
    }
    return this.#items.end();
  }

  #readLine(body: Buffer, start: number, end: number): void {
    const first = skipSpace(body, start, end);
    if (first === end) return;
    const after = this.#items.readWithin(body, first, end, 0);
    if (after < 0) throw badJson(body, this.#items.fault);
    const rest = skipSpace(body, after, end);
    if (rest < end) throw badJson(body, { code: 'syntax', at: rest });
  }
}
