// One record after the other, in upstream order: skip what is known, read it, apply it, or reject it; and count. Synchronous,
// because a batch is at most some 1,000 records and nothing in it waits. When to read, retry and acknowledge is ingest.ts.

import type { SourceEvent, SourceRecord } from '../../connectors/contract.js';
import type { LogWriter } from '../log/log.js';
import type { MappedPath } from '../map/mapping.js';
import { matches } from '../topic/filter.js';
import { entryKeyOf, type Ms } from '../topic/update.js';
import { utf8FromBytes } from '../topic/utf8.js';
import { newCounts, type IngestCounts } from './counts.js';
import { Outgoing } from './outgoing.js';
import {
  PathOwnership,
  type Contention,
  type InheritedPath,
  type KeysOfPartition,
  type OwningKey,
} from './ownership.js';
import { RecordReader, type RecordReading } from './record-reader.js';
import type { DeadLetterSink, Rejection } from './rejection.js';

/** Records of one partition, as the source yields them. */
export type SourceBatch = Extract<SourceEvent, { type: 'records' }>;

export interface IntakeOptions extends RecordReading {
  /** Name of the source. */
  readonly name: string;
  /** Default `last`. */
  readonly contended?: Contention;
  readonly writer: LogWriter;
  readonly deadLetters: DeadLetterSink;
}

/** Paths deleted or taken over in one go. */
const CHUNK = 1_000;

/** Invariant: after `take` every record of the batch is counted once, and its updates are in `#out` or appended. */
export class RecordIntake {
  readonly counts: IngestCounts = newCounts();
  /** Records rejected since the last good one. */
  rejectedInRow = 0;
  readonly #name: string;
  readonly #reader: RecordReader;
  readonly #deadLetters: DeadLetterSink;
  readonly #out: Outgoing;
  readonly #ownership: PathOwnership;
  /** Whether an equal value of the same key is known to make the same paths and values. */
  readonly #canSkip: boolean;
  readonly #paths: MappedPath[] = [];

  constructor({ name, contended = 'last', writer, deadLetters, ...reading }: IntakeOptions) {
    this.#name = name;
    this.#reader = new RecordReader(reading);
    this.#deadLetters = deadLetters;
    this.#out = new Outgoing(writer, this.counts);
    this.#ownership = new PathOwnership(this.#out, contended);
    const reads = reading.mapping.reads;
    this.#canSkip = contended !== 'newest' && !reads.has('headers') && !reads.has('timestamp');
  }

  /** Paths that have a value. */
  get paths(): number {
    return this.#ownership.size;
  }

  /** Applies a batch that was taken from the source at `readAt`, wall time. undefined, or a promise of all that must be durable before it is acknowledged. */
  take(batch: SourceBatch, readAt: Ms): Promise<unknown> | undefined {
    this.#out.readAt = readAt;
    const keys = this.#ownership.keysOf(batch.partition);
    for (const record of batch.records) this.#record(record, batch, keys);
    this.counts.contended = this.#ownership.contended;
    return this.#out.settle();
  }

  /**
   * Takes over what the log holds of the source from its former reader. Paths that this mapping could never make are deleted
   * at once, so that another source may have them; the others are the source's until {@link sweep}. Each step is a chunk.
   */
  *inherit(paths: Iterable<InheritedPath>, at: Ms): Iterable<Promise<unknown> | undefined> {
    const { patterns } = this.#reader.mapping;
    this.#out.readAt = at;
    let taken = 0;
    for (const inherited of paths) {
      const { path } = inherited;
      if (patterns.some((pattern) => matches(pattern, path))) this.#ownership.inherit(inherited);
      else this.#out.update(entryKeyOf('', path), path, null, at);
      if (++taken % CHUNK === 0) yield this.#out.settle();
    }
    yield this.#out.settle();
  }

  /** What the log holds of the source now. */
  held(): Iterable<InheritedPath> {
    return this.#ownership.held();
  }

  /** The source begins again from nothing: what it does not yield until {@link sweep} is gone. */
  beginReading(): void {
    this.#ownership.beginReading();
  }

  /** Until {@link letGo} the log is told nothing, since what is read is history that it knows the end of. */
  hold(): void {
    this.#out.hold();
  }

  get isHolding(): boolean {
    return this.#out.isHolding;
  }

  /** Tells the log the newest word on each path; each step is a chunk to wait for. */
  letGo(): Iterable<Promise<unknown> | undefined> {
    return this.#out.letGo();
  }

  /** Deletes what the source, read anew, did not yield; each step is a chunk to wait for. */
  *sweep(at: Ms): Iterable<Promise<unknown> | undefined> {
    this.#out.readAt = at;
    const paths = this.#ownership.sweep(at)[Symbol.iterator]();
    while (paths.next().done !== true) {
      if (++this.counts.swept % CHUNK === 0) yield this.#out.settle();
    }
    yield this.#out.settle();
  }

  #record(record: SourceRecord, batch: SourceBatch, keys: KeysOfPartition): void {
    const { key, value } = record;
    const counts = this.counts;
    counts.records++;
    counts.bytes += (key?.length ?? 0) + (value?.length ?? 0);
    if (key !== null && key.length > this.#reader.limits.maxBytes) {
      this.#reject(record, batch, undefined, { stage: 'decode key', code: 'size' });
      return;
    }
    const keyBytes = key === null ? undefined : utf8FromBytes(key);
    const owner = keyBytes === undefined ? undefined : keys.get(keyBytes);
    if (value === null) {
      this.#delete(record, batch, owner);
      return;
    }
    if (value.length > this.#reader.limits.maxBytes) {
      this.#reject(record, batch, owner, { stage: 'decode value', code: 'size' });
      return;
    }
    const source = utf8FromBytes(value);
    if (this.#canSkip && owner !== undefined && owner.input === source) {
      this.#ownership.confirm(owner);
      this.rejectedInRow = 0;
      counts.unchanged++;
      return;
    }
    const result = this.#reader.read(
      { record, value, source, keySource: keyBytes, origin: batch, expected: owner?.first?.path },
      this.#paths,
    );
    if (result === 'deleted') this.#delete(record, batch, owner);
    else if (result !== 'mapped') this.#reject(record, batch, owner, result);
    else this.#apply(record, batch, { keys, keyBytes, key: owner, source, at: record.timestampMs });
  }

  #apply(record: SourceRecord, batch: SourceBatch, owned: Parameters<PathOwnership['apply']>[0]): void {
    const paths = this.#paths;
    const isFiltered = paths.length === 0;
    const applied = this.#ownership.apply(owned, paths);
    if (applied === 'contended') {
      this.#reject(record, batch, owned.key, { stage: 'own', code: 'contended' });
      return;
    }
    this.rejectedInRow = 0;
    if (isFiltered) this.counts.filtered++;
    else if (applied === 'changed') this.counts.mapped++;
    else this.counts.unchanged++;
  }

  #delete(record: SourceRecord, batch: SourceBatch, owner: OwningKey | undefined): void {
    if (record.key === null) {
      this.#reject(record, batch, undefined, { stage: 'own', code: 'no-key' });
      return;
    }
    this.rejectedInRow = 0;
    if (owner === undefined) {
      this.counts.unchanged++;
      return;
    }
    this.#ownership.deleteKey(owner, record.timestampMs);
    this.counts.mapped++;
  }

  #reject(
    record: SourceRecord,
    batch: SourceBatch,
    owner: OwningKey | undefined,
    rejection: Rejection,
  ): void {
    const rejected = this.counts.rejected;
    rejected[rejection.code] = (rejected[rejection.code] ?? 0) + 1;
    this.rejectedInRow++;
    if (owner !== undefined) this.#ownership.markStale(owner);
    const { topic, partitionNumber } = batch;
    const written = this.#deadLetters.write({
      ...rejection,
      source: this.#name,
      topic,
      partition: partitionNumber,
      offset: record.offset,
      record,
    });
    if (written !== undefined) this.#out.wait(written);
  }
}
