// Feeds that are one JSON document: strict over all of it, the items cut out of where `items` points to. CSV and XML end here
// too, once they are JSON.

import type { JsonFault } from '../../../src/json/fault.js';
import { JsonScanner, type JsonLimits } from '../../../src/json/json-scanner.js';
import { partOf, type Slice } from '../../../src/json/json-slices.js';
import { scalarText } from '../../../src/json/scalar-text.js';
import { WantedPaths } from '../../../src/json/wanted-paths.js';
import { BadFeed, placeOf } from './bad-feed.js';
import { ItemReader } from './item-reader.js';
import type { ItemTable } from './item-table.js';
import { isWithin, pointerText, type PointerPath } from './json-pointer.js';
import type { KeyPart } from './key-template.js';

/**
 * Only what makes JSON ambiguous is refused, and what would exhaust us. What else the core refuses in a record (a number that no double
 * holds, a member `__proto__`, too many members) goes on, so that it costs that item alone.
 */
export const FEED_LIMITS: JsonLimits = {
  maxBytes: Infinity,
  maxDepth: 64,
  maxKeys: Infinity,
  numbers: 'kept',
  protoNames: 'accepted',
};

export interface JsonFeedSettings {
  readonly items: PointerPath;
  readonly key: readonly KeyPart[];
  readonly itemFields: readonly PointerPath[];
  readonly bodyFields: readonly PointerPath[];
  readonly maxItems: number;
  /**
   * `strict`: a list is a list. `repeated`: it is written by repeating a name, so that one item looks like no list, and none like
   * nothing at all.
   */
  readonly lists: 'strict' | 'repeated';
  /** Default: that of {@link FEED_LIMITS}. */
  readonly maxDepth?: number;
}

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/** Invariant: stateless between two calls of {@link read}, but for what it has learned of member names. */
export class JsonFeed {
  readonly #settings: JsonFeedSettings;
  readonly #items: ItemReader;
  readonly #scanner: JsonScanner;
  readonly #itemsSlot: number;
  readonly #parentSlot: number;
  /** undefined: it is among the items, which the scanner does not look into. */
  readonly #factSlots: readonly (number | undefined)[];

  constructor(settings: JsonFeedSettings) {
    const { items, key, itemFields, bodyFields, maxItems, maxDepth = FEED_LIMITS.maxDepth } = settings;
    const limits = { ...FEED_LIMITS, maxDepth };
    const wanted = new WantedPaths();
    this.#settings = settings;
    this.#items = new ItemReader({ key, fields: itemFields, maxItems, limits });
    this.#itemsSlot = wanted.slotOf(items);
    this.#parentSlot = wanted.slotOf(items.slice(0, -1));
    this.#factSlots = bodyFields.map((path) => (isWithin(path, items) ? undefined : wanted.slotOf(path)));
    this.#scanner = new JsonScanner(wanted.paths, limits, {
      slot: this.#itemsSlot,
      are: this.#items.readsMembers ? 'elements and members' : 'elements',
      reader: this.#items,
    });
  }

  /** `body` is UTF-8. `former`: what this feed made of the body before, for speed alone. Throws BadFeed. */
  read(body: Buffer, former: ItemTable | undefined): ItemTable {
    this.#items.begin(body, former);
    if (!this.#scanner.scan(body)) throw badJson(body, this.#scanner.fault);
    const found = this.#range(this.#itemsSlot);
    if (found === undefined) this.#checkAbsent(body);
    else if (!this.#isRead(body, found)) this.#readOne(body, found);
    const table = this.#items.end();
    table.facts = this.#factSlots.map((slot, n) => this.#fact(body, slot, n));
    return table;
  }

  /** Whether the items were read while the body was scanned. */
  #isRead(body: Buffer, { start }: Slice): boolean {
    return body[start] === OPEN_LIST || (body[start] === OPEN_OBJECT && this.#items.readsMembers);
  }

  /** What is no list is the one item: of formats that repeat names, or an object that has a key. */
  #readOne(body: Buffer, { start }: Slice): void {
    const { items, lists } = this.#settings;
    if (lists === 'strict' && body[start] !== OPEN_OBJECT) {
      throw new BadFeed(`${nameOf(items)} is neither a list nor an object: ${LOOK}`);
    }
    this.#items.read(body, start, items.length, -1, -1);
    if (lists === 'strict' && this.#items.isKeyless(0)) {
      throw new BadFeed(`${nameOf(items)} is one object that has no key, and no list: ${LOOK}`);
    }
  }

  #checkAbsent(body: Buffer): void {
    const { items, lists } = this.#settings;
    const parent = items.length < 2 ? undefined : this.#range(this.#parentSlot);
    if (lists === 'repeated' && parent !== undefined && body[parent.start] !== OPEN_LIST) return;
    throw new BadFeed(`${nameOf(items)} does not exist: ${LOOK}`);
  }

  #fact(body: Buffer, slot: number | undefined, n: number): string | undefined {
    const found = slot === undefined ? this.#amongItems(body, n) : this.#range(slot);
    return found && scalarText(body, found.start, found.end);
  }

  #amongItems(body: Buffer, n: number): Slice | undefined {
    const { items, bodyFields } = this.#settings;
    const found = this.#range(this.#itemsSlot);
    return found && partOf(body, found, bodyFields[n]?.slice(items.length) ?? []);
  }

  #range(slot: number): Slice | undefined {
    const start = this.#scanner.ranges[2 * slot] ?? -1;
    return start < 0 ? undefined : { start, end: this.#scanner.ranges[2 * slot + 1] ?? start };
  }
}

const LOOK = 'look at what the URL answers, and at items and key';

function nameOf(items: PointerPath): string {
  return items.length === 0 ? 'the body' : `${pointerText(items)} in the body`;
}

/** Says nothing of what is written there. */
export function badJson(
  body: Buffer,
  { code, at }: { readonly code: JsonFault; readonly at: number },
): BadFeed {
  return new BadFeed(`${faultText(body, code, at)}; ${ASK}`);
}

const ASK = 'nothing of it is used: look at what the URL answers, or ask who runs it';

function faultText(body: Buffer, code: JsonFault, at: number): string {
  const place = placeOf(body, at);
  switch (code) {
    case 'syntax':
      return at >= body.length
        ? `the body ends in the middle of its JSON, after ${body.length} bytes`
        : `the body is not JSON at ${place}`;
    case 'utf8':
      return 'the body is not UTF-8';
    case 'depth':
      return `the body is nested too deep at ${place}`;
    case 'duplicate-key':
      return `an object of the body has a member twice, at ${place}, so that readers disagree on its value`;
    case 'size':
    case 'keys':
    case 'proto-key':
    case 'number':
      return `the body has an object whose member names collide, at ${place}`;
  }
}
