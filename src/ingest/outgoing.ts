// Updates on their way into the log: collected for a batch of records and appended in one call, in order with what is said
// about the freshness of single paths. While a source is read anew they are held back, so that nobody is shown its history again.

import type { LogWriter } from '../log/log.js';
import type { TopicPath } from '../topic/path.js';
import type { EntryKey, Ms, Update } from '../topic/update.js';
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

/** Invariant: the log sees updates and marks of one path in the order in which they were made here; those held back, the last only. */
export class Outgoing {
  /** When the records were taken from the source that make what follows: wall time. */
  readAt: Ms = 0;
  readonly #writer: LogWriter;
  readonly #counts: IngestCounts;
  #updates: Update[] = [];
  #waits: Promise<void>[] = [];
  #held: Map<EntryKey, HeldPath> | undefined;

  constructor(writer: LogWriter, counts: IngestCounts) {
    this.#writer = writer;
    this.#counts = counts;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
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
    if (this.#held === undefined) this.#updates.push(update);
    else this.#held.set(key, { path, isNew, update, isStale: undefined });
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
  }

  /** Appends what was held back; each step is a chunk to wait for. */
  *letGo(): Iterable<Promise<unknown> | undefined> {
    const held = this.#held ?? new Map<EntryKey, HeldPath>();
    this.#held = undefined;
    let paths = 0;
    for (const [key, { path, update, isStale }] of held) {
      if (update !== undefined) this.#updates.push(update);
      if (isStale !== undefined) this.markPath(key, path, isStale);
      if (++paths % CHUNK === 0) yield this.settle();
    }
    yield this.settle();
  }

  /** What must be durable before the batch is acknowledged, beside the updates. */
  wait(promise: Promise<void>): void {
    this.#waits.push(promise);
  }

  flush(): void {
    if (this.#updates.length === 0) return;
    const updates = this.#updates;
    this.#updates = [];
    this.#counts.updates += updates.length;
    const appended = this.#writer.append(updates, this.readAt);
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
