// How fast something is made and written: so many a second, in small batches. A batch is tried until it is written, and no other
// is made meanwhile: however long the upstream is away, nothing is lost and nothing overtakes.

import { setTimeout as wait } from 'node:timers/promises';

/** How often a batch leaves. */
const BATCH_EVERY_MS = 10;
/** After a pause it goes on; it does not catch up. */
const MOST_IN_ONE_BATCH_MS = 100;
const RETRY_AFTER_MS = 200;

export interface PaceOptions<Item> {
  /** A second; may be changed. */
  readonly rate: number;
  readonly make: (count: number) => readonly Item[];
  /** Rejects where it is to be tried again. */
  readonly write: (items: readonly Item[]) => Promise<void>;
}

/** Invariant: at most one batch is under way, and the next is made only when that one is written. */
export class Pace<Item> {
  /** Items a second. */
  rate: number;
  readonly #make: PaceOptions<Item>['make'];
  readonly #write: PaceOptions<Item>['write'];
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #written = 0;

  constructor({ rate, make, write }: PaceOptions<Item>) {
    this.rate = rate;
    this.#make = make;
    this.#write = write;
  }

  /** Items that are written. */
  get written(): number {
    return this.#written;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends within about a write's time. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let last = performance.now();
    let owed = 0;
    while (!signal.aborted) {
      await wait(BATCH_EVERY_MS, undefined, { signal }).catch(() => undefined);
      const now = performance.now();
      owed += (Math.min(now - last, MOST_IN_ONE_BATCH_MS) * this.rate) / 1_000;
      last = now;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0) await this.#untilWritten(this.#make(count));
    }
  }

  async #untilWritten(items: readonly Item[]): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#write(items);
        this.#written += items.length;
        return;
      } catch {
        await wait(RETRY_AFTER_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
