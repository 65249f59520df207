// Dead letters on their way into a store: gathered while the last batch is under way, stored in order, and tried again until that
// works. How they are stored is file.ts and topic.ts.

import type { Cancel, Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';
import { stubBytes, stubOf, type DeadLetter, type DeadLetterSink, type LetterStub } from './dead-letter.js';
import type { LetterLog } from './logged.js';

/** A store cannot take letters just now; trying again may help, perhaps after somebody has made room. */
export class StoreOutage extends Error {
  override readonly name = 'StoreOutage';
}

export interface LetterStore {
  /** How sentences call it: `file /var/lib/tailrace/quotes.ndjson`. */
  readonly name: string;
  /** Throws OptionsRejected where nothing can ever be stored. */
  probe(): Promise<void>;
  /**
   * Stores the first of these, and any others that it likes, each at least once and in their order; resolves with those that are
   * durable now. One call at a time. Throws StoreOutage; anything else is a bug.
   */
  store(letters: readonly LetterStub[]): Promise<readonly LetterStub[]>;
  /** Lets go, also of what is under way. Idempotent. */
  close(): Promise<void>;
}

export interface StoredDeadLettersOptions {
  readonly store: LetterStore;
  readonly clock: Clock;
  readonly log: LetterLog;
}

interface WaitingLetter {
  readonly stub: LetterStub;
  stored(): void;
  failed(error: Error): void;
}

/** Of one batch; one letter more may be larger. */
const BATCH_BYTES = 512 * 1024;
const FIRST_PAUSE: Ms = 250;
const LONGEST_PAUSE: Ms = 5_000;
/** How long a close tries to store what waits. */
const CLOSE_WITHIN: Ms = 2_000;

/** Invariant: a promise of `write` is fulfilled only after the store has said that its letter is durable. */
export class StoredDeadLetters implements DeadLetterSink {
  readonly #options: StoredDeadLettersOptions;
  #waiting: WaitingLetter[] = [];
  #running: Promise<void> | undefined;
  #outage: { readonly reason: string; readonly since: Ms } | undefined;
  #endPause: (() => void) | undefined;
  /** Why nothing is taken any more. */
  #ended: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: StoredDeadLettersOptions) {
    this.#options = options;
  }

  get outage(): string | undefined {
    return this.#outage?.reason;
  }

  probe(): Promise<void> {
    return this.#options.store.probe();
  }

  write(letter: DeadLetter): Promise<void> {
    if (this.#ended !== undefined) return rejected(this.#ended);
    const { clock } = this.#options;
    const stub = stubOf(letter, clock.now());
    const written = new Promise<void>((stored, failed) => this.#waiting.push({ stub, stored, failed }));
    written.catch(() => undefined); // whoever waits is told; nobody has to
    this.#running ??= new Promise<void>((resolve) => clock.nextTurn(resolve)).then(() => this.#run());
    return written;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const { store, clock } = this.#options;
    this.#ended = new Error(`the dead letters of ${store.name} were closed before this one was stored`);
    this.#endPause?.();
    let cancel: Cancel = () => undefined;
    const late = new Promise<void>((resolve) => (cancel = clock.after(CLOSE_WITHIN, resolve)));
    await Promise.race([this.#running, late]);
    this.#failAll(this.#ended);
    await Promise.race([store.close(), late]);
    cancel();
  }

  /** Until nothing waits. After a close each letter is tried once. */
  async #run(): Promise<void> {
    let attempts = 0;
    try {
      while (this.#waiting.length > 0) {
        if (await this.#storeSome()) attempts = 0;
        else if (this.#ended !== undefined) return;
        else await this.#pause(++attempts);
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #storeSome(): Promise<boolean> {
    const { store } = this.#options;
    try {
      const stored = new Set(await store.store(batchOf(this.#waiting)));
      if (stored.size === 0) throw new Error('nothing was stored, and nothing failed');
      const settled = this.#waiting.filter(({ stub }) => stored.has(stub));
      this.#waiting = this.#waiting.filter(({ stub }) => !stored.has(stub));
      for (const letter of settled) letter.stored();
      this.#recover();
      return true;
    } catch (error) {
      if (!(error instanceof StoreOutage)) {
        this.#ended = new Error(`storing dead letters in ${store.name} failed`, { cause: error });
        this.#failAll(this.#ended);
      } else if (this.#ended === undefined) this.#fail(error.message);
      return false;
    }
  }

  /** Once per outage. */
  #fail(reason: string): void {
    const { store, clock, log } = this.#options;
    if (this.#outage === undefined) {
      this.#outage = { reason, since: clock.monotonic() };
      log.warn('dead-letters-waiting', { store: store.name, reason, letters: this.#waiting.length });
    }
    this.#outage = { reason, since: this.#outage.since };
  }

  #recover(): void {
    if (this.#outage === undefined) return;
    const { store, clock, log } = this.#options;
    const ms = Math.round(clock.monotonic() - this.#outage.since);
    this.#outage = undefined;
    log.info('dead-letters-stored', { store: store.name, afterMs: ms });
  }

  #failAll(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const letter of waiting) letter.failed(error);
  }

  #pause(attempt: number): Promise<void> {
    const { clock } = this.#options;
    const step = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempt - 1, 10));
    return new Promise((resolve) => {
      const cancel = clock.after(step * (0.5 + 0.5 * clock.random()), resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** At least one. */
function batchOf(waiting: readonly WaitingLetter[]): LetterStub[] {
  const batch: LetterStub[] = [];
  let bytes = 0;
  for (const { stub } of waiting) {
    batch.push(stub);
    bytes += stubBytes(stub);
    if (bytes >= BATCH_BYTES) break;
  }
  return batch;
}

function rejected(error: Error): Promise<never> {
  const promise = Promise.reject<never>(error);
  promise.catch(() => undefined);
  return promise;
}
