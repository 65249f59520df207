// What an endpoint has published: compares a poll with it, and says what is new, what has changed and what is gone. A poll that
// looks like a fault of the upstream is held back. Makes no records; that is polled-reading.ts.

import { BadFeed } from '../format/bad-feed.js';
import type { Poll } from './endpoint.js';
import type { PageItems } from '../format/page-items.js';

/** What a poll means. */
export interface Difference {
  /** Keys that are gone. */
  readonly gone: readonly string[];
  /** Items that are new, or not as they were. */
  readonly changed: readonly ChangedItem[];
  /** Keys that came more than once, each time with the same value. */
  readonly repeated: number;
}

/** Where an item lies. */
export interface ChangedItem {
  readonly page: PageItems;
  readonly index: number;
  /** undefined: it has none, and is for the dead letters. */
  readonly key: string | undefined;
}

export type Verdict =
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'changed'; readonly difference: Difference }
  | { readonly outcome: 'held'; readonly gone: number; readonly of: number };

/** What an operator would not believe at once: so many of the items gone, and more than a few. */
const SHRUNK = { share: 0.5, items: 20 };
/** So many polls in a row that say the same are believed. */
const POLLS_TO_BELIEVE = 3;

/** The text of an item, a char a byte: compact, and compared fast. */
interface Published {
  text: string;
  /** Number of the poll that had it last. */
  poll: number;
}

export interface PublishedItemsSettings {
  /** n of the item field that says whether an item stands for its end; undefined: none does. */
  readonly deletedField: number | undefined;
  readonly isGuarded: () => boolean;
}

/**
 * Invariant: holds exactly the items of the last poll that was published whole. {@link compare} changes what is published
 * only where it says `changed`: the caller publishes all of that before it compares again, or never compares again. Pages that
 * are said to be unchanged are so since the last poll that was published.
 */
export class PublishedItems {
  readonly #settings: PublishedItemsSettings;
  readonly #items = new Map<string, Published>();
  /** Texts of those without key, so that each is rejected once. */
  #keyless: ReadonlySet<string> = new Set();
  #poll = 0;
  #shrunk = 0;
  #isConfirmed = false;
  /** Of the last poll that was published. */
  #pages = 0;

  constructor(settings: PublishedItemsSettings) {
    this.#settings = settings;
  }

  get count(): number {
    return this.#items.size;
  }

  /** Whether the last poll was held back. */
  get isHolding(): boolean {
    return this.#shrunk > 0;
  }

  /** What is held back, or what the next poll says, is right. */
  confirm(): void {
    this.#isConfirmed = true;
  }

  /** Throws BadFeed. */
  compare(poll: Poll): Verdict {
    const { pages, isFull } = poll;
    // Fewer pages, of which each is as it was, have lost the items of the others
    const isSame = pages.length === this.#pages && pages.every(({ isUnchanged }) => isUnchanged);
    const found = isSame ? undefined : this.#read(poll);
    const vanished = found === undefined || !isFull ? [] : this.#notIn(this.#poll);
    if (this.#mustHold(vanished.length)) {
      return { outcome: 'held', gone: vanished.length, of: this.#items.size };
    }
    this.#pages = pages.length;
    return found === undefined ? { outcome: 'unchanged' } : this.#publish(found, vanished);
  }

  /** Changes nothing but which poll had which item last. */
  #read({ pages, isFull }: Poll): Found {
    const number = ++this.#poll;
    const found: Found = { changes: new Map(), keyless: new Map(), repeated: 0 };
    let keyed = 0;
    for (const { items, isUnchanged } of pages) {
      for (let index = 0; index < items.count; index++) {
        const key = items.key(index);
        const known = key === undefined ? undefined : this.#items.get(key);
        if (key !== undefined) keyed++;
        if (known !== undefined && known.poll !== number && isUnchanged) known.poll = number;
        else this.#readItem({ page: items, index, key }, { known, found, isFull });
      }
    }
    // Not a feed of bad items, but no feed: what was there is not gone
    if (isFull && keyed === 0 && found.keyless.size > 0) throw new BadFeed(NO_KEYS);
    return found;
  }

  #readItem(item: ChangedItem, { known, found, isFull }: Reading): void {
    const { page, index, key } = item;
    const text = this.#isEnd(item)
      ? undefined
      : page.bytes.toString('latin1', page.start(index), page.end(index));
    if (key === undefined) {
      if (text !== undefined) found.keyless.set(text, item);
      return;
    }
    const change = found.changes.get(key);
    const isSecond = change !== undefined || known?.poll === this.#poll;
    // A feed of changes may tell of one key twice: then the later word counts
    if (isSecond && isFull) {
      const former = change === undefined ? known?.text : change.text;
      if (former !== text) throw new BadFeed(TWO_VALUES);
      found.repeated++;
      return;
    }
    if (known !== undefined) known.poll = this.#poll;
    if (text !== undefined && text === known?.text) found.changes.delete(key);
    else found.changes.set(key, { text, item });
  }

  #isEnd({ page, index }: ChangedItem): boolean {
    const { deletedField } = this.#settings;
    const said = deletedField === undefined ? undefined : page.field(index, deletedField);
    return said !== undefined && said !== 'false';
  }

  #notIn(poll: number): string[] {
    const gone: string[] = [];
    for (const [key, item] of this.#items) if (item.poll !== poll) gone.push(key);
    return gone;
  }

  #mustHold(gone: number): boolean {
    const isShrunk = gone > SHRUNK.items && gone > this.#items.size * SHRUNK.share;
    this.#shrunk = isShrunk ? this.#shrunk + 1 : 0;
    if (isShrunk && !this.#isConfirmed && this.#settings.isGuarded() && this.#shrunk < POLLS_TO_BELIEVE)
      return true;
    this.#shrunk = 0;
    this.#isConfirmed = false;
    return false;
  }

  #publish({ changes, keyless, repeated }: Found, vanished: readonly string[]): Verdict {
    const gone = [...vanished];
    const changed: ChangedItem[] = [];
    for (const [text, item] of keyless) if (!this.#keyless.has(text)) changed.push(item);
    this.#keyless = new Set(keyless.keys());
    for (const [key, { text, item }] of changes) {
      if (text === undefined) {
        if (this.#items.has(key)) gone.push(key);
      } else {
        changed.push(item);
        this.#items.set(key, { text, poll: this.#poll });
      }
    }
    for (const key of gone) this.#items.delete(key);
    const isSame = gone.length === 0 && changed.length === 0 && repeated === 0;
    return isSame
      ? { outcome: 'unchanged' }
      : { outcome: 'changed', difference: { gone, changed, repeated } };
  }
}

/** What a poll has that is not published, by key. text undefined: the item stands for the end of its key. */
interface Found {
  readonly changes: Map<string, { readonly text: string | undefined; readonly item: ChangedItem }>;
  /** Items without key, by their text. */
  readonly keyless: Map<string, ChangedItem>;
  repeated: number;
}

interface Reading {
  readonly known: Published | undefined;
  readonly found: Found;
  readonly isFull: boolean;
}

const NO_KEYS = 'none of the items has a key where `key` points; look at what the URL answers';
const TWO_VALUES =
  'two items have the same key and differ; make `key` of what tells them apart, or ask the feed’s owner';
