// One call of `read`, driven as the core drives it: event by event, durable, then acknowledged. A case can stop it between
// two events, hold back acknowledgements, and end it in any of the ways in which a process may end.

import type { Positions, Source, SourceEvent } from '../contract.js';
import { demandShape } from './event-shape.js';
import { errorText, NotConformant, until, within } from './expectation.js';
import type { Batch, Clearing, Ledger } from './ledger.js';

/** What becomes of a batch: all three of take, log and acknowledge; the first two; or it is lost with the process. */
export type Fate = 'acknowledged' | 'durable' | 'lost';

export interface ReadingOptions {
  readonly source: Source;
  readonly ledger: Ledger;
  readonly after: Positions;
  readonly patienceMs: number;
  /** How long `read` may take to return. */
  readonly letGoMs: number;
  /** Of the event with this number, from 0. `end`: leaves the loop after it. Default: `acknowledged`, for ever. */
  readonly fateOf?: (event: number) => { readonly fate: Fate; readonly end?: 'abort' | 'leave' };
}

export type ReadingEnd = { readonly why: 'returned' } | { readonly why: 'threw'; readonly error: unknown };

/** Invariant: it reads from when it was made until it ends, but while it is paused. */
export class Reading {
  events = 0;
  interruptions = 0;
  isLive = false;
  end: ReadingEnd | undefined;
  /** Batches that were taken and not acknowledged, oldest first. */
  readonly held: (Batch | Clearing)[] = [];
  readonly #o: ReadingOptions;
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  #isHolding = false;
  #lastAt = performance.now();
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  #isAtGate = false;

  constructor(options: ReadingOptions) {
    this.#o = options;
    options.ledger.begin();
    this.#ended = this.#run().then(
      () => void (this.end = { why: 'returned' }),
      (error: unknown) => void (this.end = { why: 'threw', error }),
    );
  }

  /** Since the last event. */
  get quietMs(): number {
    return performance.now() - this.#lastAt;
  }

  /** From here on batches are durable, but not acknowledged: {@link acknowledge}. */
  hold(): void {
    this.#isHolding = true;
  }

  async acknowledge(): Promise<void> {
    this.#isHolding = false;
    for (const batch of this.held.splice(0)) await this.#acknowledge(batch);
  }

  /** Takes one event more at most. */
  pause(): void {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#gate ??= { opened, open };
  }

  /** Has taken an event and not come back for the next. */
  get isPaused(): boolean {
    return this.#isAtGate;
  }

  resume(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** Waits for a condition; a reading that ends by itself meanwhile is an error. */
  async until(sentence: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const isSo = async (): Promise<boolean> => {
      if (await holds()) return true;
      if (this.end !== undefined) throw this.fault(sentence);
      return false;
    };
    await until(sentence, isSo, this.#o.patienceMs);
  }

  /** Until the source has said `live` and everything written is durable. */
  async untilComplete(): Promise<void> {
    const { ledger } = this.#o;
    try {
      await this.until('it is live and has everything', () => this.isLive && ledger.isComplete);
    } catch (error) {
      if (!(error instanceof NotConformant) || ledger.isComplete) throw error;
      throw new NotConformant(`${error.message}; ${ledger.missing()}`, { cause: error });
    }
  }

  /** The error for a reading that has ended though it should not have. */
  fault(sentence: string): NotConformant {
    const { end } = this;
    if (end?.why === 'threw' && end.error instanceof NotConformant) return end.error;
    const how = end?.why === 'threw' ? `read threw ${errorText(end.error)}` : 'read ended by itself';
    return new NotConformant(`${sentence}: ${how}`, end?.why === 'threw' ? { cause: end.error } : {});
  }

  /** How it ends, which is for the source to decide. */
  async ends(sentence: string): Promise<ReadingEnd> {
    await within(sentence, this.#ended, this.#o.patienceMs);
    return this.end ?? { why: 'returned' };
  }

  /** Aborts it. Throws NotConformant when `read` does not return in time, or throws. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.resume();
    await within('read returns after its signal aborts', this.#ended, this.#o.letGoMs);
    if (this.end?.why === 'threw') throw this.fault('read returns after its signal aborts');
  }

  async #run(): Promise<void> {
    const { source, after, fateOf } = this.#o;
    for await (const event of source.read(after, this.#ending.signal)) {
      demandShape(event);
      if (this.#ending.signal.aborted) continue; // nobody is there to take it
      const { fate, end } = fateOf?.(this.events) ?? { fate: 'acknowledged' };
      this.events++;
      this.#lastAt = performance.now();
      await this.#take(event, fate);
      if (end === 'leave') return;
      if (end === 'abort') this.#ending.abort();
      this.#isAtGate = this.#gate !== undefined;
      await this.#gate?.opened;
      this.#isAtGate = false;
    }
  }

  async #take(event: SourceEvent, fate: Fate): Promise<void> {
    const { ledger } = this.#o;
    switch (event.type) {
      case 'records':
      case 'cleared':
        if (event.type === 'records') ledger.take(event);
        else ledger.clear(event);
        if (fate === 'lost') return;
        ledger.makeDurable();
        if (fate === 'durable') return;
        if (this.#isHolding) this.held.push(event);
        else await this.#acknowledge(event);
        return;
      case 'live':
        if (this.isLive) throw new NotConformant('it said "live" again without "interrupted" in between');
        ledger.live();
        this.isLive = true;
        return;
      case 'interrupted':
        this.interruptions++;
        this.isLive = false;
        return;
      case 'progress':
      case 'retained':
        return;
    }
  }

  async #acknowledge(batch: Batch | Clearing): Promise<void> {
    this.#o.ledger.acknowledge(batch);
    await this.#o.source.ack(batch.partition, batch.position);
  }
}
