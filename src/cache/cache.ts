// The latest-value cache: the current value of every path, and what an update changes about it. An instance, so that a
// delayed timeline or a partial replica is simply another one. It knows nothing of sessions: `watch` is the edge's own note.

import type { Filter } from '../topic/filter.js';
import type { TopicPath } from '../topic/path.js';
import type { EntryKey, Ms, Update, Version } from '../topic/update.js';
import type { JsonText } from '../topic/utf8.js';
import { PathTree } from './path-tree.js';

/** Order in which paths came into being; a cursor over paths compares slots. Never used again. */
export type Slot = number;

export interface Entry<Watch> {
  readonly key: EntryKey;
  readonly path: TopicPath;
  readonly slot: Slot;
  readonly x: number;
  readonly version: Version;
  readonly at: Ms;
  readonly text: JsonText;
  /** The newest record of the path was rejected: the value is old. */
  readonly isStale: boolean;
  /** What the edge hangs on a path that somebody watches. */
  watch: Watch | undefined;
}

/** What the cache holds of one log partition. */
export interface Holdings {
  readonly paths: number;
  /** Bytes of their values, without their keys. */
  readonly textBytes: number;
  /** Of the paths, those marked stale. */
  readonly stalePaths: number;
}

/** How one update changed the cache. `entry` shows the state after it; a gone entry shows its last value. */
export type Change<Watch> =
  | { readonly kind: 'born'; readonly entry: Entry<Watch> }
  | { readonly kind: 'changed'; readonly entry: Entry<Watch>; readonly previous: JsonText }
  | { readonly kind: 'gone'; readonly entry: Entry<Watch>; readonly version: Version; readonly at: Ms };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Invariant: slots grow in order of birth, and the map and the trees hold the same entries. */
export class Cache<Watch> {
  readonly #entries = new Map<EntryKey, Mutable<Entry<Watch>>>();
  readonly #trees = new Map<string, PathTree<Entry<Watch>>>();
  /** By partition: numbers are few and small. */
  readonly #holdings: Mutable<Holdings>[] = [];
  #nextSlot: Slot = 0;
  #stalePaths = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of all current values, without their keys. */
  get textBytes(): number {
    return this.#holdings.reduce((sum, { textBytes }) => sum + textBytes, 0);
  }

  /** How many paths are marked stale. */
  get stalePaths(): number {
    return this.#stalePaths;
  }

  holdings(x: number): Holdings {
    return this.#held(x);
  }

  get(key: EntryKey): Entry<Watch> | undefined {
    return this.#entries.get(key);
  }

  /** Takes one update. `undefined`: nothing to tell anyone (equal bytes, or a delete of what is not there). */
  apply(x: number, version: Version, update: Update): Change<Watch> | undefined {
    const entry = this.#entries.get(update.key);
    if (update.value === null) return entry && this.#remove(entry, version, update.at);
    if (entry === undefined) return { kind: 'born', entry: this.#insert(x, version, update, update.value) };
    const previous = entry.text;
    entry.version = version;
    entry.at = update.at;
    if (previous === update.value) return undefined;
    entry.text = update.value;
    this.#held(entry.x).textBytes += update.value.length - previous.length;
    return { kind: 'changed', entry, previous };
  }

  /** Sets the mark and returns the entry, or undefined when there is nothing to tell: no such path, or marked so already. */
  markStale(key: EntryKey, isStale: boolean): Entry<Watch> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.isStale === isStale) return undefined;
    entry.isStale = isStale;
    this.#mark(entry, isStale ? 1 : -1);
    return entry;
  }

  /** The entries of a space that the filter matches, by slot. */
  walk(space: string, filter: Filter): Entry<Watch>[] {
    const found = this.#trees.get(space)?.match(filter) ?? [];
    return found.sort((a, b) => a.slot - b.slot);
  }

  #insert(x: number, version: Version, update: Update, text: JsonText): Entry<Watch> {
    const { key, path, at } = update;
    const entry = {
      key,
      path,
      slot: this.#nextSlot++,
      x,
      version,
      at,
      text,
      isStale: false,
      watch: undefined,
    };
    this.#entries.set(key, entry);
    this.#treeOf(spaceOf(key, path)).set(path, entry);
    const held = this.#held(x);
    held.paths += 1;
    held.textBytes += text.length;
    return entry;
  }

  #remove(entry: Entry<Watch>, version: Version, at: Ms): Change<Watch> {
    this.#entries.delete(entry.key);
    this.#treeOf(spaceOf(entry.key, entry.path)).delete(entry.path);
    if (entry.isStale) this.#mark(entry, -1);
    const held = this.#held(entry.x);
    held.paths -= 1;
    held.textBytes -= entry.text.length;
    return { kind: 'gone', entry, version, at };
  }

  #mark({ x }: Entry<Watch>, stalePaths: 1 | -1): void {
    this.#held(x).stalePaths += stalePaths;
    this.#stalePaths += stalePaths;
  }

  #held(x: number): Mutable<Holdings> {
    return (this.#holdings[x] ??= { paths: 0, textBytes: 0, stalePaths: 0 });
  }

  #treeOf(space: string): PathTree<Entry<Watch>> {
    let tree = this.#trees.get(space);
    if (tree === undefined) {
      tree = new PathTree();
      this.#trees.set(space, tree);
    }
    return tree;
  }
}

/** The key is the path, behind the space and a separator where there is a space. */
function spaceOf(key: EntryKey, path: TopicPath): string {
  return key.length === path.length ? '' : key.slice(0, key.length - path.length - 1);
}
