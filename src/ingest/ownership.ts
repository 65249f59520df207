// Who owns which path of one source. Every path has one owner, the key (of a topic and partition) whose record set it last; a
// key's new record replaces all that its old one said; a key deletes only paths that it still owns. Records without a key set
// and delete paths by rule only: nothing that they say is taken back by what they do not say any more.

import type { MappedPath } from '../map/mapping.js';
import { isSame } from '../map/significance.js';
import { parseJson } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';
import { entryKeyOf, type EntryKey, type Ms } from '../topic/update.js';
import type { JsonText, Utf8 } from '../topic/utf8.js';
import type { Outgoing } from './outgoing.js';

/** Whose value stands when two keys make the same path: the later record's, the one with the newer event time, or the owner's. */
export type Contention = 'last' | 'newest' | 'reject';

/** One key of a topic in a source partition, while it owns a path. Small: there are millions. */
export interface OwningKey {
  readonly bytes: Utf8;
  readonly siblings: OwningKeys;
  /** Value of the last record, if a path holds that very text and the next equal record can only be no change. */
  input: Utf8 | undefined;
  /** Head of the list of its paths. */
  first: OwnedPath | undefined;
}

export type OwningKeys = Map<Utf8, OwningKey>;

/** Where a key is unique. Neither name has a line break. */
export interface KeyScope {
  readonly partition: string;
  readonly topic: string;
}

/** A path that the log holds a value of. */
interface OwnedPath {
  readonly key: EntryKey;
  readonly path: TopicPath;
  /** As last appended: what `ignore` and `deadband` compare with. */
  text: JsonText;
  owner: OwningKey | undefined;
  /** Next path of the same owner. */
  next: OwnedPath | undefined;
  /** Number of the reading in which it was last confirmed. */
  seen: number;
  /** Event time of the last record that spoke of it; kept only where that is asked for. */
  at: Ms;
  isStale: boolean;
}

/** A path of the log that another reader of the same source set. */
export type InheritedPath = Pick<OwnedPath, 'path' | 'text' | 'isStale'>;

/** So many paths of one record are compared one by one. */
const FEW = 8;

/** `seen` of such a path until the source speaks of it. */
const INHERITED = -1;

/** What {@link PathOwnership.apply} made of a record's paths. */
export type Applied = 'changed' | 'unchanged' | Refused;

/** Nothing of the record was applied. */
type Refused = 'contended' | 'too-many-paths';

export interface OwnershipOptions {
  readonly contended: Contention;
  /** Paths that there may be. */
  readonly maxPaths: number;
  /** Whether `newest` or expiry needs the time of each path. */
  readonly keepsTime: boolean;
}

/** A record as ownership sees it. `key` undefined: it has none. */
export interface OwnedRecord {
  readonly keys: OwningKeys;
  readonly keyBytes: Utf8 | undefined;
  readonly key: OwningKey | undefined;
  readonly source: Utf8;
  readonly at: Ms;
}

/** Invariant: a path is in `#paths` iff the log holds a value of it, and in the list of its owner; no key without paths is kept. */
export class PathOwnership {
  readonly #paths = new Map<TopicPath, OwnedPath>();
  /** By {@link keysOf}. */
  readonly #keys = new Map<string, OwningKeys>();
  readonly #out: Outgoing;
  readonly #contention: Contention;
  readonly #maxPaths: number;
  readonly #keepsTime: boolean;
  #reading = 0;
  /** Scratch of `apply`: what each path of the record is held as, and how many are left after contention. */
  readonly #held: (OwnedPath | undefined)[] = [];
  contended = 0;

  constructor(out: Outgoing, { contended, maxPaths, keepsTime }: OwnershipOptions) {
    this.#out = out;
    this.#contention = contended;
    this.#maxPaths = maxPaths;
    this.#keepsTime = keepsTime;
  }

  get size(): number {
    return this.#paths.size;
  }

  /** Those that own a path, of one topic in one partition: equal keys of two tables are two. */
  keysOf({ partition, topic }: KeyScope): OwningKeys {
    const scope = `${partition}\n${topic}`;
    let keys = this.#keys.get(scope);
    if (keys === undefined) this.#keys.set(scope, (keys = new Map<Utf8, OwningKey>()));
    return keys;
  }

  /** The key's record, of time `at`, says the same as before. */
  confirm(key: OwningKey, at: Ms): void {
    for (let path = key.first; path !== undefined; path = path.next) {
      path.seen = this.#reading;
      if (this.#keepsTime) path.at = at;
    }
  }

  /** Replaces what the record's key said before by `paths`: all of it, or nothing when it is refused. May shorten `paths`. */
  apply(record: OwnedRecord, paths: MappedPath[]): Applied {
    if (!this.#resolve(record, paths)) return 'contended';
    if (this.#paths.size + paths.length > this.#maxPaths && this.#growsTooFar(record, paths))
      return 'too-many-paths';
    let isChanged = record.key !== undefined && this.#deleteOthers(record.key, record.at);
    let key = record.key;
    let input: Utf8 | undefined;
    let hasDelete = false;
    for (let i = 0; i < paths.length; i++) {
      const mapped = paths[i];
      if (mapped === undefined) break;
      const held = this.#held[i];
      if (mapped.text === null) {
        hasDelete = true;
        if (held === undefined) continue;
        this.#delete(held, record.at, key);
        isChanged = true;
        continue;
      }
      key ??= this.#keep(record);
      const owned = held ?? this.#born(mapped.path, mapped.text);
      if (owned.owner !== key) this.#take(owned, key);
      if (this.#set(owned, mapped, record.at, held === undefined)) isChanged = true;
      if (mapped.text === record.source && owned.text === record.source) input = owned.text;
    }
    if (key !== undefined) {
      // A path that it deletes may be set by another key meanwhile: then an equal record is no repetition.
      if (input !== undefined || isChanged) key.input = hasDelete ? undefined : input;
      this.#forgetIfBare(key);
    }
    return isChanged ? 'changed' : 'unchanged';
  }

  /** The key no longer exists. */
  deleteKey(key: OwningKey, at: Ms): void {
    while (key.first !== undefined) this.#delete(key.first, at, undefined);
  }

  /** The key's newest record is unusable, so the values of its paths are old from now on. */
  markStale(key: OwningKey): void {
    key.input = undefined;
    for (let owned = key.first; owned !== undefined; owned = owned.next) {
      owned.seen = this.#reading;
      if (owned.isStale) continue;
      owned.isStale = true;
      this.#out.markPath(owned.key, owned.path, true);
    }
  }

  /** The source is read anew: what it does not confirm from here on is gone from it. */
  beginReading(): void {
    this.#reading++;
  }

  /** Takes over a path that a former reading of the source left in the log: any key may have it, and a sweep deletes it. */
  inherit({ path, text, isStale }: InheritedPath): void {
    const owned = this.#hold(path, text);
    owned.seen = INHERITED;
    owned.isStale = isStale;
  }

  /** What the log holds, for the source's next reader. */
  *held(): Iterable<InheritedPath> {
    yield* this.#paths.values();
  }

  /** Deletes what no record of `before` or later has spoken of, and yields for each path whether it was. One path per step. */
  *expire(before: Ms, at: Ms): Iterable<boolean> {
    for (const owned of this.#paths.values()) {
      const isExpired = owned.at < before && owned.seen !== INHERITED;
      if (isExpired) this.#delete(owned, at, undefined);
      yield isExpired;
    }
  }

  /** Deletes what this reading has not confirmed, and yields it. One path per step, so that the caller can pause. */
  *sweep(at: Ms): Iterable<TopicPath> {
    for (const owned of this.#paths.values()) {
      if (owned.seen === this.#reading) continue;
      this.#delete(owned, at, undefined);
      yield owned.path;
    }
  }

  /** Finds what is held of each path; false when the record must be refused. Paths that a newer record holds are left out. */
  #resolve(record: OwnedRecord, paths: MappedPath[]): boolean {
    const held = this.#held;
    const first = record.key?.first;
    let kept = 0;
    for (let i = 0; i < paths.length; i++) {
      const mapped = paths[i];
      if (mapped === undefined) break;
      const owned = first !== undefined && first.path === mapped.path ? first : this.#paths.get(mapped.path);
      if (owned !== undefined && owned.owner !== record.key && owned.seen !== INHERITED) {
        this.contended++;
        if (this.#contention === 'reject') return false;
        if (this.#contention === 'newest' && owned.at > record.at) continue;
      }
      paths[kept] = mapped;
      held[kept++] = owned;
    }
    if (paths.length > kept) paths.length = kept;
    if (held.length > kept) held.length = kept;
    return true;
  }

  /** After {@link #resolve}: paths that there are not, less those that the key would leave. */
  #growsTooFar({ key }: OwnedRecord, paths: readonly MappedPath[]): boolean {
    let more = 0;
    for (const [i, { text }] of paths.entries()) {
      const held = this.#held[i];
      if (held === undefined && text !== null) more++;
      else if (held !== undefined && text === null) more--;
    }
    if (more <= 0) return false;
    const isHeld = this.#lookUpHeld();
    for (let owned = key?.first; owned !== undefined; owned = owned.next) if (!isHeld(owned)) more--;
    return more > 0 && this.#paths.size + more > this.#maxPaths;
  }

  /** Deletes the key's paths that its record does not speak of any more, in one walk along its list. */
  #deleteOthers(key: OwningKey, at: Ms): boolean {
    const isHeld = this.#lookUpHeld();
    let isChanged = false;
    let last: OwnedPath | undefined;
    let owned = key.first;
    while (owned !== undefined) {
      const next: OwnedPath | undefined = owned.next;
      if (isHeld(owned)) {
        last = owned;
      } else {
        if (last === undefined) key.first = next;
        else last.next = next;
        key.input = undefined;
        owned.owner = undefined;
        this.#drop(owned, at);
        isChanged = true;
      }
      owned = next;
    }
    return isChanged;
  }

  /** Whether the record being applied speaks of a path that there was: few are compared one by one, many are looked up. */
  #lookUpHeld(): (owned: OwnedPath) => boolean {
    const held = this.#held;
    if (held.length <= FEW) return (owned) => held.includes(owned);
    const all = new Set(held);
    return (owned) => all.has(owned);
  }

  #keep({ keys, keyBytes }: OwnedRecord): OwningKey | undefined {
    if (keyBytes === undefined) return undefined;
    const key: OwningKey = { bytes: keyBytes, siblings: keys, input: undefined, first: undefined };
    keys.set(keyBytes, key);
    return key;
  }

  #born(text: TopicPath, value: JsonText): OwnedPath {
    // A path cut out of a record's text would keep all of that text alive: this makes it a string of its own.
    return this.#hold(Buffer.from(text, 'utf8').toString('utf8') as TopicPath, value);
  }

  #hold(path: TopicPath, text: JsonText): OwnedPath {
    const owned: OwnedPath = {
      key: entryKeyOf('', path),
      path,
      text,
      owner: undefined,
      next: undefined,
      seen: this.#reading,
      at: 0,
      isStale: false,
    };
    this.#paths.set(path, owned);
    return owned;
  }

  /** True if the path got another value. */
  #set(owned: OwnedPath, mapped: MappedPath, at: Ms, isBorn: boolean): boolean {
    owned.seen = this.#reading;
    if (this.#keepsTime) owned.at = at;
    const text = mapped.text;
    if (text === null) return false;
    if (!isBorn && (text === owned.text || isInsignificant(owned.text, text, mapped.significance))) {
      if (owned.isStale) this.#out.markPath(owned.key, owned.path, false);
      owned.isStale = false;
      return false;
    }
    owned.text = text;
    owned.isStale = false;
    if (isBorn) this.#out.born(owned.key, owned.path, text, at);
    else this.#out.update(owned.key, owned.path, text, at);
    return true;
  }

  #take(owned: OwnedPath, key: OwningKey | undefined): void {
    const former = owned.owner;
    this.#unlink(owned);
    if (former !== undefined) this.#forgetIfBare(former);
    owned.owner = key;
    if (key === undefined) return;
    owned.next = key.first;
    key.first = owned;
  }

  /** `busy` is the key whose record is being applied: it may get other paths yet. */
  #delete(owned: OwnedPath, at: Ms, busy: OwningKey | undefined): void {
    const owner = owned.owner;
    this.#unlink(owned);
    if (owner !== undefined && owner !== busy) this.#forgetIfBare(owner);
    this.#drop(owned, at);
  }

  /** Of a path that is in no list. */
  #drop(owned: OwnedPath, at: Ms): void {
    owned.next = undefined;
    this.#paths.delete(owned.path);
    this.#out.update(owned.key, owned.path, null, at);
  }

  #unlink(owned: OwnedPath): void {
    const owner = owned.owner;
    if (owner === undefined) return;
    owner.input = undefined;
    if (owner.first === owned) owner.first = owned.next;
    else {
      let before = owner.first;
      while (before?.next !== owned && before !== undefined) before = before.next;
      if (before !== undefined) before.next = owned.next;
    }
    owned.owner = undefined;
    owned.next = undefined;
  }

  #forgetIfBare(key: OwningKey): void {
    if (key.first === undefined) key.siblings.delete(key.bytes);
  }
}

function isInsignificant(
  passedOn: JsonText,
  next: JsonText,
  significance: MappedPath['significance'],
): boolean {
  return significance !== undefined && isSame(significance, parseJson(passedOn), parseJson(next));
}
