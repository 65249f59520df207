// Reads one source into its lane of the log for as long as the process runs: probe, read, append, and only then acknowledge.
// Decides what a failure means: wait and read on, read anew, or stop this source; the process and the other sources go on.
// What happens to each record is intake.ts.

import {
  HistoryLost,
  OptionsRejected,
  SourceUnavailable,
  type Position,
  type Source,
  type SourceEvent,
} from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import type { SourceFigures } from '../telemetry/figures.js';
import type { IngestCounts } from './counts.js';
import { RecordIntake, type IntakeOptions, type SourceBatch } from './intake.js';
import { Lag } from './lag.js';
import type { IngestLog } from './rejection.js';
import { nextTurn, pause, retryWait } from './retry.js';
import { DEGRADED_AFTER_REJECTED, type SourceState, type SourceStatus } from './status.js';

export interface IngestOptions extends IntakeOptions {
  readonly source: Source;
  readonly clock: Clock;
  readonly log: IngestLog;
}

/** Why one reading of the source came to an end. */
type ReadingEnd =
  | { readonly why: 'aborted' }
  | { readonly why: 'unavailable'; readonly error: SourceUnavailable }
  | { readonly why: 'history lost'; readonly error: HistoryLost }
  | { readonly why: 'options rejected'; readonly error: OptionsRejected }
  | { readonly why: 'bug'; readonly error: unknown };

/** Invariant: the log is told `live` only while the source is being read and follows; positions never pass what is durable. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #intake: RecordIntake;
  readonly #positions = new Map<string, Position>();
  readonly #lag = new Lag();
  #status: SourceStatus;
  #failures = 0;
  /** Set when the source is read anew, after a loss or by a new reader, until what it did not yield is swept. */
  #mustSweep = false;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#intake = new RecordIntake(options);
    this.#status = { state: 'starting', since: options.clock.now(), reason: undefined, progress: undefined };
  }

  get name(): string {
    return this.#options.name;
  }

  get counts(): IngestCounts {
    return this.#intake.counts;
  }

  /** Paths that have a value. */
  get paths(): number {
    return this.#intake.paths;
  }

  /** For metrics. */
  figures(): SourceFigures {
    const { name, status, counts } = this;
    const { records, lastAt } = this.#lag;
    const lag = { records, lastAt, age: this.#lag.age(this.#options.clock.now()) };
    return { source: name, state: status.state, counts, lag };
  }

  get status(): SourceStatus {
    const status = this.#status;
    const isDegraded = status.state === 'live' && this.#intake.rejectedInRow >= DEGRADED_AFTER_REJECTED;
    return isDegraded ? { ...status, state: 'degraded', reason: 'every record is rejected' } : status;
  }

  /**
   * Takes over what a former reader of the lane has put into the log: subscribers keep those values until this one has read
   * the source's own, and what it does not yield is deleted then. Before {@link run}, after the former's {@link release}.
   */
  async inherit(former: Ingest): Promise<void> {
    const { clock } = this.#options;
    await this.#durable(this.#intake.inherit(former.#intake.held(), clock.now()));
    this.#intake.hold();
    this.#mustSweep = true;
  }

  /** Tells the log what was held back, and lets go of the lane, for another reader or for the end of the process. After {@link run}. */
  async release(): Promise<void> {
    await this.#durable(this.#intake.letGo());
    this.#options.writer.release();
  }

  /** Deletes all that this reader has put into the log, and ends the lane. After {@link run}. */
  async retire(): Promise<void> {
    await this.#durable(this.#intake.letGo());
    this.#intake.beginReading();
    await this.#durable(this.#intake.sweep(this.#options.clock.now()));
    this.#options.writer.retire();
  }

  /**
   * Reads until `signal` aborts or the source has to stop for good (see `status`), and lets go of the source.
   * Called once; {@link release} or {@link retire} follows. Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { source, writer, clock } = this.#options;
    writer.markSource({ state: 'stale', since: clock.now() });
    while (!signal.aborted) {
      const end = await this.#read(signal);
      if (!this.#goesOn(end)) break;
      await pause(clock, retryWait(this.#failures, clock.random()), signal);
    }
    if (this.#status.state !== 'stopped') this.#enter('stopped', 'shut down');
    await source
      .close()
      .catch((error: unknown) => this.#options.log.warn('source-not-closed', this.#facts(error)));
  }

  async #read(signal: AbortSignal): Promise<ReadingEnd> {
    const { source } = this.#options;
    try {
      await source.probe(signal);
      for await (const event of source.read(this.#positions, signal)) await this.#take(event);
      return signal.aborted
        ? { why: 'aborted' }
        : { why: 'bug', error: new Error('the connector ended its reading by itself') };
    } catch (error) {
      if (signal.aborted) return { why: 'aborted' };
      if (error instanceof SourceUnavailable) return { why: 'unavailable', error };
      if (error instanceof HistoryLost) return { why: 'history lost', error };
      if (error instanceof OptionsRejected) return { why: 'options rejected', error };
      return { why: 'bug', error };
    }
  }

  async #take(event: SourceEvent): Promise<void> {
    switch (event.type) {
      case 'records':
        return this.#takeBatch(event);
      case 'progress':
        this.#status = { ...this.#status, progress: { done: event.done, total: event.total } };
        return;
      case 'interrupted':
        this.counts.errors.unavailable++;
        this.#enter('stale', event.reason);
        return;
      case 'live':
        if (this.#mustSweep) await this.#endReadingAnew();
        this.#failures = 0;
        this.#enter('live', undefined);
        return;
    }
  }

  async #takeBatch(batch: SourceBatch): Promise<void> {
    const { source, clock } = this.#options;
    const durable = this.#intake.take(batch, clock.now());
    this.#lag.take(batch);
    if (durable !== undefined) await durable;
    this.#positions.set(batch.partition, batch.position);
    if (!this.#intake.isHolding) await source.ack(batch.partition, batch.position);
    await nextTurn(clock);
  }

  /** All that the source has is read: what it did not yield goes, what differs is told, and only now acknowledged. */
  async #endReadingAnew(): Promise<void> {
    const { source, clock, log, name } = this.#options;
    const before = this.counts.swept;
    await this.#durable(this.#intake.sweep(clock.now()));
    await this.#durable(this.#intake.letGo());
    for (const [partition, position] of this.#positions) await source.ack(partition, position);
    this.#mustSweep = false;
    log.info('source-read-anew', { source: name, sweptPaths: this.counts.swept - before });
  }

  /** Waits for each chunk, and lets others have their turn in between. */
  async #durable(chunks: Iterable<Promise<unknown> | undefined>): Promise<void> {
    for (const durable of chunks) {
      await durable;
      await nextTurn(this.#options.clock);
    }
  }

  /** Whether to try again, after a wait. */
  #goesOn(end: ReadingEnd): boolean {
    const { source, log } = this.#options;
    switch (end.why) {
      case 'aborted':
        return false;
      case 'unavailable':
        this.counts.errors.unavailable++;
        this.#failures++;
        this.#enter('stale', end.error.message);
        return true;
      case 'history lost':
        this.counts.errors.history_lost++;
        log.error('source-history-lost', this.#facts(end.error));
        if (!source.traits.completeState) return this.#stop(`history lost: ${end.error.message}`);
        this.#failures++;
        this.#enter('stale', end.error.message);
        this.#readAnew();
        return true;
      case 'options rejected':
        this.counts.errors.options_rejected++;
        log.error('source-options-rejected', this.#facts(end.error));
        return this.#stop(end.error.message);
      case 'bug':
        this.counts.errors.bug++;
        log.error('source-failed', this.#facts(end.error));
        return this.#stop('a bug: see the log');
    }
  }

  #readAnew(): void {
    this.#positions.clear();
    this.#lag.clear();
    this.#intake.beginReading();
    this.#intake.hold();
    this.#mustSweep = true;
  }

  #stop(reason: string): false {
    this.#enter('stopped', reason);
    return false;
  }

  /** Changes state, and tells the log whether the lane's values can be trusted. */
  #enter(state: Exclude<SourceState, 'degraded'>, reason: string | undefined): void {
    const { clock, writer, log, name } = this.#options;
    const former = this.#status;
    if (former.state === state && former.reason === reason) return;
    const since = former.state === state ? former.since : clock.now();
    this.#status = { state, since, reason, progress: state === 'live' ? undefined : former.progress };
    writer.markSource(state === 'live' ? { state: 'live' } : { state: 'stale', since });
    const facts = { source: name, reason, paths: this.paths, records: this.counts.records };
    if (state === 'stale') log.warn('source-stale', facts);
    else log.info(`source-${state}`, facts);
  }

  #facts(error: unknown): Readonly<Record<string, unknown>> {
    const known =
      error instanceof Error
        ? { error: error.name, message: error.message, stack: error.stack }
        : { error: typeof error };
    return { source: this.name, ...known };
  }
}
