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
import type { IngestCounts } from './counts.js';
import { RecordIntake, type IntakeOptions, type SourceBatch } from './intake.js';
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
  #status: SourceStatus;
  #failures = 0;
  /** Set when the source is read anew after a loss, until what it did not yield is swept. */
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

  get status(): SourceStatus {
    const status = this.#status;
    const isDegraded = status.state === 'live' && this.#intake.rejectedInRow >= DEGRADED_AFTER_REJECTED;
    return isDegraded ? { ...status, state: 'degraded', reason: 'every record is rejected' } : status;
  }

  /**
   * Reads until `signal` aborts or the source has to stop for good (see `status`), and lets go of source and lane.
   * Called once. Never rejects.
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
    writer.release();
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
        this.#enter('stale', event.reason);
        return;
      case 'live':
        if (this.#mustSweep) await this.#sweep();
        this.#failures = 0;
        this.#enter('live', undefined);
        return;
    }
  }

  async #takeBatch(batch: SourceBatch): Promise<void> {
    const { source, clock } = this.#options;
    const durable = this.#intake.take(batch);
    if (durable !== undefined) await durable;
    this.#positions.set(batch.partition, batch.position);
    await source.ack(batch.partition, batch.position);
    await nextTurn(clock);
  }

  async #sweep(): Promise<void> {
    const { clock, log, name } = this.#options;
    const before = this.counts.swept;
    for (const durable of this.#intake.sweep(clock.now())) {
      await durable;
      await nextTurn(clock);
    }
    this.#mustSweep = false;
    log.info('source-read-anew', { source: name, sweptPaths: this.counts.swept - before });
  }

  /** Whether to try again, after a wait. */
  #goesOn(end: ReadingEnd): boolean {
    const { source, log } = this.#options;
    switch (end.why) {
      case 'aborted':
        return false;
      case 'unavailable':
        this.#failures++;
        this.#enter('stale', end.error.message);
        return true;
      case 'history lost':
        log.error('source-history-lost', this.#facts(end.error));
        if (!source.traits.completeState) return this.#stop(`history lost: ${end.error.message}`);
        this.#failures++;
        this.#enter('stale', end.error.message);
        this.#readAnew();
        return true;
      case 'options rejected':
        log.error('source-options-rejected', this.#facts(end.error));
        return this.#stop(end.error.message);
      case 'bug':
        log.error('source-failed', this.#facts(end.error));
        return this.#stop('a bug: see the log');
    }
  }

  #readAnew(): void {
    this.#positions.clear();
    this.#intake.beginReading();
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
