// Updates on their way into the log: collected for a batch of records and appended in one call, in order with what is said
// about the freshness of single paths. While a source is read anew they are held back, so that nobody is shown its history again;
// so they are while a transaction of an atomic source lasts, so that nobody is shown half of it.

import type { LogWriter } from '../log/log.js';
import type { TopicPath } from '../topic/path.js';
import type { Bounds, EntryKey, Ms, Update } from '../topic/update.js';
import type { JsonText } from '../topic/utf8.js';
import type { IngestCounts } from './counts.js';

/** The newest word on one path. */
interface HeldPath {
  readonly path: TopicPath;
  /** The log does not know the path. */
  readonly isNew: boolean;
  readonly update: Update | undefined;
  /** undefined: nothing was said of it since the update. */
  readonly isStale: boolean | undefined;
}

/** Paths that are let go in one append. */
const CHUNK = 1_000;
/** Of a transaction: what is larger is appended in parts. */
const LARGEST_PART = { paths: 1_000, bytes: 1024 * 1024 };

/** Invariant: the log sees updates and marks of one path in the order in which they were made here; those held back, the last only. */
export class Outgoing {
  /** When the records were taken from the source that make what follows: wall time. */
  readAt: Ms = 0;
  readonly #writer: LogWriter;
  readonly #counts: IngestCounts;
  #updates: Update[] = [];
  #waits: Promise<void>[] = [];
  readonly #isAtomic: boolean;
  #held: Map<EntryKey, HeldPath> | undefined;
  #heldBytes = 0;
  /** What is held is a transaction, not history. */
  #isInTransaction = false;
  /** The last part of a transaction that was appended says that it goes on. */
  #isSplit = false;

  /** `isAtomic`: what is held back is told as one transaction. */
  constructor(writer: LogWriter, counts: IngestCounts, isAtomic: boolean) {
    this.#writer = writer;
    this.#counts = counts;
    this.#isAtomic = isAtomic;
  }

  /** History is held back, until {@link letGo}. */
  get isHolding(): boolean {
    return this.#held !== undefined && !this.#isInTransaction;
  }

  /** The first value of a path that there was not. */
  born(key: EntryKey, path: TopicPath, value: JsonText, at: Ms): void {
    const isNew = this.#held?.get(key)?.isNew ?? true; // else its delete is held back
    this.#say({ key, path, value, at }, isNew);
  }

  /** The next value of a path that there is, or its end. */
  update(key: EntryKey, path: TopicPath, value: JsonText | null, at: Ms): void {
    const isNew = this.#held?.get(key)?.isNew ?? false;
    if (value === null && isNew) this.#held?.delete(key);
    else this.#say({ key, path, value, at }, isNew);
  }

  #say(update: Update, isNew: boolean): void {
    const { key, path } = update;
    if (this.#held === undefined) {
      this.#updates.push(update);
      return;
    }
    this.#held.set(key, { path, isNew, update, isStale: undefined });
    this.#heldBytes += update.value?.length ?? 0;
  }

  markPath(key: EntryKey, path: TopicPath, isStale: boolean): void {
    if (this.#held === undefined) {
      this.flush();
      this.#writer.markPath(key, path, isStale);
    } else {
      const { update, isNew = false } = this.#held.get(key) ?? { update: undefined };
      this.#held.set(key, { path, isNew, update, isStale });
    }
  }

  /** From here on only the newest word on each path is kept, until {@link letGo}. What was said before is appended. */
  hold(): void {
    this.flush();
    this.#held ??= new Map();
    this.#isInTransaction = false; // of one that was cut short the rest will not come: it is history too
  }

  /** Appends what was held back; each step is a chunk to wait for. */
  *letGo(): Iterable<Promise<unknown> | undefined> {
    const end = this.#isInTransaction ? 'part' : 'whole'; // of one that was cut short the next reader brings the rest
    const held = this.#takeHeld();
    const updates = [...held.values()].flatMap(({ update }) => update ?? []);
    for (let from = 0; from < updates.length; from += CHUNK) {
      this.#updates = updates.slice(from, from + CHUNK);
      this.#append(from + CHUNK < updates.length ? 'part' : end);
      yield this.settle();
    }
    this.#markHeld(held);
    yield this.settle();
  }

  /** What follows is of one transaction. Goes on with the one that has begun, if one has. */
  beginTransaction(): void {
    if (this.#held !== undefined) return;
    this.flush();
    this.#held = new Map();
    this.#isInTransaction = true;
  }

  /** Appends a transaction, as a whole: all of its paths change at once. */
  endTransaction(): void {
    if (this.#isInTransaction) this.#letGoTransaction('whole');
  }

  /** Appends what there is of a transaction if that has become too much to hold. */
  limitTransaction(): void {
    const size = this.#held?.size ?? 0;
    const isLarge = size >= LARGEST_PART.paths || this.#heldBytes >= LARGEST_PART.bytes;
    if (this.#isInTransaction && isLarge) {
      this.#letGoTransaction('part');
      this.beginTransaction();
    }
  }

  #letGoTransaction(bounds: Bounds): void {
    const held = this.#takeHeld();
    this.#updates = [...held.values()].flatMap(({ update }) => update ?? []);
    this.#append(bounds);
    this.#markHeld(held);
  }

  #markHeld(held: ReadonlyMap<EntryKey, HeldPath>): void {
    for (const [key, { path, isStale }] of held) if (isStale !== undefined) this.markPath(key, path, isStale);
  }

  #takeHeld(): ReadonlyMap<EntryKey, HeldPath> {
    const held = this.#held ?? new Map<EntryKey, HeldPath>();
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#isInTransaction = false;
    return held;
  }

  /** What must be durable before the batch is acknowledged, beside the updates. */
  wait(promise: Promise<void>): void {
    this.#waits.push(promise);
  }

  flush(): void {
    this.#append();
  }

  #append(bounds?: Bounds): void {
    const endsParts = bounds === 'whole' && this.#isSplit;
    if (this.#updates.length === 0 && !endsParts) return;
    if (bounds !== undefined) this.#isSplit = bounds === 'part';
    const updates = this.#updates;
    this.#updates = [];
    this.#counts.updates += updates.length;
    const appended = this.#writer.append(updates, this.readAt, this.#isAtomic ? bounds : undefined);
    if (appended !== undefined) this.#waits.push(appended);
  }

  /** Appends what is left; undefined, or a promise of everything being durable. Rejects as the log does. */
  settle(): Promise<unknown> | undefined {
    this.flush();
    if (this.#waits.length === 0) return undefined;
    const waits = this.#waits;
    this.#waits = [];
    return Promise.all(waits);
  }
}
