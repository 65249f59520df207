// Updates on their way into the log: collected for a batch of records and appended in one call, in order with what is said
// about the freshness of single paths.

import type { LogWriter } from '../log/log.js';
import type { TopicPath } from '../topic/path.js';
import type { EntryKey, Ms, Update } from '../topic/update.js';
import type { JsonText } from '../topic/utf8.js';
import type { IngestCounts } from './counts.js';

/** Invariant: the log sees updates and marks in the order in which they were made here. */
export class Outgoing {
  readonly #writer: LogWriter;
  readonly #counts: IngestCounts;
  #updates: Update[] = [];
  #waits: Promise<void>[] = [];

  constructor(writer: LogWriter, counts: IngestCounts) {
    this.#writer = writer;
    this.#counts = counts;
  }

  update(key: EntryKey, path: TopicPath, value: JsonText | null, at: Ms): void {
    this.#updates.push({ key, path, value, at });
  }

  markPath(key: EntryKey, path: TopicPath, isStale: boolean): void {
    this.flush();
    this.#writer.markPath(key, path, isStale);
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
    const appended = this.#writer.append(updates);
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
