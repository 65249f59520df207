// Reads one source into its lane of the log for as long as the process runs: probe, read, append, and only then acknowledge.
// Decides what a failure means: wait and read on, read anew, or stop this source; the process and the other sources go on.
// What happens to each record is intake.ts.

import {
  HistoryLost,
  OptionsRejected,
  SourceUnavailable,
  type Position,
  type Receiver,
  type Source,
  type SourceEvent,
} from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import type { SourceFigures } from '../telemetry/figures.js';
import type { Ms } from '../topic/update.js';
import type { IngestCounts } from './counts.js';
import { RecordIntake, type IntakeOptions, type SourceBatch, type SourceClearing } from './intake.js';
import { Lag } from './lag.js';
import type { IngestLog } from './rejection.js';
import { PacedIntake } from './paced-intake.js';
import type { ReplayedRecord, ReplayOutcome } from './replay.js';
import { nextTurn, pause, retryWait } from './retry.js';
import { Standing } from './standing.js';
import type { SourceStatus } from './status.js';

export interface IngestOptions extends Omit<IntakeOptions, 'rejected'> {
  readonly source: Source;
  readonly clock: Clock;
  readonly log: IngestLog;
}

/** Between two attempts at a source that refuses now what it allowed before: not hammered, and back within a minute. */
const REFUSED_WAIT: Ms = 30_000;
/** Between two looks for paths to expire: a tenth of the time that they have, within these. */
const SHORTEST_LOOK: Ms = 100;
const LONGEST_LOOK: Ms = 60_000;

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
  /** Positions within a transaction that has not ended. */
  readonly #passing = new Map<string, Position>();
  readonly #lag = new Lag();
  readonly #standing: Standing;
  readonly #paced: PacedIntake;
  /** Whether it has ever been live: then what refuses it now let it in before. */
  #wasLive = false;
  #failures = 0;
  /** What the upstream keeps for us; undefined: it does not say. */
  #retainedBytes: number | undefined;
  /** Set when the source is read anew, after a loss or by a new reader, until what it did not yield is swept. */
  #mustSweep = false;

  constructor(options: IngestOptions) {
    const { source } = options;
    this.#options = options;
    this.#intake = new RecordIntake({
      ...options,
      // One sender's bad records are no reason to keep the others waiting: each of them is told.
      onFlood: options.onFlood ?? (source.receiver === undefined ? 'pause' : 'continue'),
      rejected: (partition, offset, why) => source.rejected?.(partition, offset, why),
    });
    this.#standing = new Standing({
      ...options,
      facts: () => ({ paths: this.paths, records: this.counts.records }),
    });
    this.#paced = new PacedIntake({ ...options, intake: this.#intake, standing: this.#standing });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Where senders send to; undefined: the source is not of that kind. */
  get receiver(): Receiver | undefined {
    return this.#options.source.receiver;
  }

  /** Of the source, as its contract says; undefined: it is of a kind that holds nothing back. */
  get confirm(): (() => string | undefined) | undefined {
    const { source } = this.#options;
    return source.confirm?.bind(source);
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
    return { source: name, state: status.state, counts, lag, retainedBytes: this.#retainedBytes };
  }

  get status(): SourceStatus {
    return this.#standing.status;
  }

  /**
   * Takes over what a former reader of the lane has put into the log: subscribers keep those values until this one has read
   * the source's own, and what it does not yield is deleted then. Before {@link run}, after the former's {@link release}.
   */
  async inherit(former: Ingest): Promise<void> {
    const { clock } = this.#options;
    await this.#durable(this.#intake.inherit(former.#intake.held(), clock.now()));
    this.#intake.inheritRejected(former.#intake);
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

  /** Tries rejected records again, one after the other. While `run` lasts. */
  async replay(records: readonly ReplayedRecord[]): Promise<readonly ReplayOutcome[]> {
    const outcomes: ReplayOutcome[] = [];
    for (const record of records) {
      await this.#intake.prepareOne(record);
      const { outcome, durable } = this.#intake.replay(record, this.#options.clock.now());
      if (durable !== undefined) await durable;
      outcomes.push(outcome);
    }
    return outcomes;
  }

  /**
   * Reads until `signal` aborts or the source has to stop for good (see `status`), and lets go of the source.
   * Called once; {@link release} or {@link retire} follows. Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { source, writer, clock, deadLetters, log } = this.#options;
    const notClosed = (error: unknown) => log.warn('source-not-closed', this.#facts(error));
    signal.addEventListener('abort', () => void deadLetters.close?.().catch(notClosed), { once: true });
    writer.markSource({ state: 'stale', since: clock.now() });
    const ended = new AbortController();
    const expiring = this.#expireRegularly(ended.signal);
    while (!signal.aborted) {
      const end = await this.#read(signal);
      const wait = this.#waitAfter(end);
      if (wait === undefined) break;
      await pause(clock, wait, signal);
    }
    ended.abort();
    await expiring;
    if (this.status.state !== 'stopped') this.#standing.say('stopped', 'shut down');
    const closed = Promise.resolve().then(() => source.close()); // of a stranger, it may throw
    await Promise.all([closed.catch(notClosed), deadLetters.close?.().catch(notClosed)]);
  }

  async #read(signal: AbortSignal): Promise<ReadingEnd> {
    const { source, deadLetters } = this.#options;
    try {
      await source.probe(signal);
      await deadLetters.probe?.();
      for await (const event of source.read(this.#positions, signal)) await this.#take(event, signal);
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

  async #take(event: SourceEvent, signal: AbortSignal): Promise<void> {
    switch (event.type) {
      case 'records':
        return this.#takeBatch(event, signal);
      case 'cleared':
        await this.#durable(this.#intake.clear(event, this.#options.clock.now()));
        return this.#passed(event);
      case 'retained':
        this.#retainedBytes = event.bytes;
        return;
      case 'progress':
        return this.#standing.progress({ done: event.done, total: event.total });
      case 'interrupted':
        this.counts.errors.unavailable++;
        return this.#standing.say('stale', event.reason);
      case 'live':
        if (this.#mustSweep) await this.#endReadingAnew();
        this.#failures = 0;
        this.#wasLive = true;
        return this.#standing.say('live');
    }
  }

  async #takeBatch(batch: SourceBatch, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#lag.take(batch, clock.now());
    if (!(await this.#paced.take(batch, signal))) return;
    await this.#passed(batch);
    await nextTurn(clock);
  }

  /** What the event brought is durable, but for a transaction of an atomic source that goes on: that is held until its end. */
  async #passed({ partition, position, more = false }: SourceBatch | SourceClearing): Promise<void> {
    const { source, atomic = false } = this.#options;
    this.#passing.set(partition, position);
    if (atomic && more) return;
    for (const [each, to] of this.#passing) {
      this.#positions.set(each, to);
      if (!this.#intake.isHolding) await source.ack(each, to);
    }
    this.#passing.clear();
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

  /** Looks now and then for paths whose keys have gone quiet; not while the quiet may be ours. Never rejects. */
  async #expireRegularly(ended: AbortSignal): Promise<void> {
    const { clock, expireAfterMs, log } = this.#options;
    if (expireAfterMs === undefined) return;
    const period = Math.max(SHORTEST_LOOK, Math.min(LONGEST_LOOK, expireAfterMs / 10));
    for (;;) {
      await pause(clock, period, ended);
      if (ended.aborted) return;
      await this.#expire(ended).catch((error: unknown) => log.warn('paths-not-expired', this.#facts(error)));
    }
  }

  async #expire(ended: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (!this.#standing.isFollowing) return;
    for (const durable of this.#intake.expire(clock.now())) {
      await durable;
      await nextTurn(clock);
      if (ended.aborted || !this.#standing.isFollowing) return;
    }
  }

  /** How long to wait before another attempt; undefined: there is none. */
  #waitAfter(end: ReadingEnd): Ms | undefined {
    const { source, log, clock } = this.#options;
    switch (end.why) {
      case 'aborted':
        return undefined;
      case 'unavailable':
        this.counts.errors.unavailable++;
        this.#standing.say('stale', end.error.message);
        break;
      case 'history lost':
        this.counts.errors.history_lost++;
        this.#tellLoss(end.error);
        if (!source.traits.completeState) return this.#stop(`history lost: ${end.error.message}`);
        this.#standing.say('stale', end.error.message);
        this.#readAnew();
        break;
      case 'options rejected':
        this.counts.errors.options_rejected++;
        if (!this.#wasLive || this.status.reason !== end.error.message)
          log.error('source-options-rejected', this.#facts(end.error));
        if (!this.#wasLive) return this.#stop(end.error.message);
        this.#standing.say('stale', end.error.message);
        return REFUSED_WAIT;
      case 'bug':
        this.counts.errors.bug++;
        log.error('source-failed', this.#facts(end.error));
        return this.#stop('a bug: see the log');
    }
    return retryWait(++this.#failures, clock.random());
  }

  /** Where positions never outlive a connection, reading anew is the ordinary way to get over the loss of one. */
  #tellLoss(error: HistoryLost): void {
    const { source, log, name } = this.#options;
    const { completeState, resumes } = source.traits;
    if (completeState && !resumes)
      log.warn('source-to-be-read-anew', { source: name, reason: error.message });
    else log.error('source-history-lost', this.#facts(error));
  }

  #readAnew(): void {
    this.#positions.clear();
    this.#passing.clear();
    this.#lag.clear();
    this.#intake.beginReading();
    this.#intake.hold();
    this.#mustSweep = true;
  }

  #stop(reason: string): undefined {
    this.#standing.say('stopped', reason);
  }

  #facts(error: unknown): Readonly<Record<string, unknown>> {
    const known =
      error instanceof Error
        ? { error: error.name, message: error.message, stack: error.stack }
        : { error: typeof error };
    return { source: this.name, ...known };
  }
}
