// One record after the other, in upstream order: skip what is known, read it, apply it, or reject it; and count. Synchronous,
// because a batch is at most some 1,000 records and nothing in it waits. When to read, retry and acknowledge is ingest.ts.

import type { RecordRejection, SourceEvent, SourceRecord } from '../../connectors/contract.js';
import type { LogWriter } from '../log/log.js';
import type { MappedPath } from '../map/mapping.js';
import { matches } from '../topic/filter.js';
import { entryKeyOf, type Ms } from '../topic/update.js';
import { utf8FromBytes, type Utf8 } from '../topic/utf8.js';
import { newCounts, type IngestCounts } from './counts.js';
import { RejectionFlood, type OnFlood } from './flood.js';
import { Outgoing } from './outgoing.js';
import {
  PathOwnership,
  type Contention,
  type InheritedPath,
  type OwningKeys,
  type OwnedRecord,
  type OwningKey,
} from './ownership.js';
import { RecordReader, type RecordReading } from './record-reader.js';
import type { DeadLetterSink, Rejection } from './rejection.js';
import { RejectedKeys, type ReplayedRecord, type ReplayOutcome } from './replay.js';

/** Records of one partition, as the source yields them. */
export type SourceBatch = Extract<SourceEvent, { type: 'records' }>;
/** All keys of a topic, gone at once. */
export type SourceClearing = Extract<SourceEvent, { type: 'cleared' }>;

export interface IntakeOptions extends RecordReading {
  /** Name of the source. */
  readonly name: string;
  /** Default `last`. */
  readonly contended?: Contention;
  /** A path goes when the last record that spoke of it is older than this. undefined: none does. */
  readonly expireAfterMs?: Ms | undefined;
  /** Records that would make more paths than that are rejected. Default: no limit. */
  readonly maxPaths?: number | undefined;
  /** Whether a transaction of the source reaches the log as one. Default: no. */
  readonly atomic?: boolean | undefined;
  /** What a flood of rejected records does to reading. Default `pause`. */
  readonly onFlood?: OnFlood | undefined;
  readonly writer: LogWriter;
  readonly deadLetters: DeadLetterSink;
  /** Told of every rejected record, before its batch is acknowledged. */
  readonly rejected?:
    ((partition: string, offset: string | number, why: RecordRejection) => void) | undefined;
}

/** How far a batch was taken. */
export interface Taken {
  /** Index of the first record that was not. */
  readonly next: number;
  /** What must settle before these are acknowledged; undefined: nothing. */
  readonly durable: Promise<unknown> | undefined;
}

/** Paths deleted or taken over in one go. */
const CHUNK = 1_000;
/** Paths looked at in one go. */
const LOOK_CHUNK = 20_000;

/** Invariant: after `take` every record that it took is counted once, and its updates are in `#out` or appended. */
export class RecordIntake {
  readonly counts: IngestCounts = newCounts();
  readonly flood: RejectionFlood;
  readonly #options: IntakeOptions;
  readonly #reader: RecordReader;
  readonly #rejectedKeys = new RejectedKeys();
  readonly #out: Outgoing;
  readonly #ownership: PathOwnership;
  /** Whether an equal value of the same key is known to make the same paths and values. */
  readonly #canSkip: boolean;
  readonly #isAtomic: boolean;
  readonly #expireAfterMs: Ms | undefined;
  readonly #paths: MappedPath[] = [];

  constructor(options: IntakeOptions) {
    const {
      contended = 'last',
      maxPaths = Infinity,
      onFlood = 'pause',
      expireAfterMs,
      atomic = false,
    } = options;
    this.flood = new RejectionFlood(onFlood);
    this.#isAtomic = atomic;
    this.#expireAfterMs = expireAfterMs;
    this.#options = options;
    this.#reader = new RecordReader(options);
    this.#out = new Outgoing(options.writer, this.counts, atomic);
    const keepsTime = contended === 'newest' || expireAfterMs !== undefined;
    this.#ownership = new PathOwnership(this.#out, { contended, maxPaths, keepsTime });
    this.#canSkip = contended !== 'newest' && !this.#reader.readsMoreThanBytes;
  }

  /** Paths that have a value. */
  get paths(): number {
    return this.#ownership.size;
  }

  /** Asks for all schemas that the batch needs. undefined: there is nothing to wait for. Rejects with SchemasUnavailable. */
  prepare({ records }: SourceBatch): Promise<unknown> | undefined {
    if (!this.#reader.needsSchemas) return undefined;
    const waits = records.flatMap((record) => this.#reader.prepare(record) ?? []);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** The same for a record that is replayed. */
  async prepareOne(record: SourceRecord): Promise<void> {
    await this.#reader.prepare(record);
  }

  /**
   * Applies a batch that was taken from the source at `readAt`, wall time, from its record `from` on: to its end, or, where a flood
   * pauses, as far as the record that makes it one, and then one at a time until one is good. After {@link prepare}.
   */
  take(batch: SourceBatch, readAt: Ms, from = 0): Taken {
    const { records } = batch;
    const keys = this.#ownership.keysOf(batch);
    this.#out.readAt = readAt;
    if (this.#isAtomic) this.#out.beginTransaction();
    let next = from;
    for (let isPaused = false; !isPaused; isPaused = this.flood.isPausing) {
      const record = records[next];
      if (record === undefined) break;
      this.#record(record, batch, keys);
      if (this.#isAtomic) this.#out.limitTransaction();
      next++;
    }
    if (next === records.length && batch.more !== true) this.#out.endTransaction();
    this.counts.contended = this.#ownership.contended;
    return { next, durable: this.#out.settle() };
  }

  /** Deletes what the keys of a topic own; each step is a chunk to wait for. `readAt`: wall time. */
  *clear(clearing: SourceClearing, readAt: Ms): Iterable<Promise<unknown> | undefined> {
    this.#out.readAt = readAt;
    if (this.#isAtomic) this.#out.beginTransaction();
    const before = this.paths;
    let keys = 0;
    for (const key of this.#ownership.keysOf(clearing).values()) {
      this.#ownership.deleteKey(key, readAt);
      if (this.#isAtomic) this.#out.limitTransaction();
      if (++keys % CHUNK === 0) yield this.#out.settle();
    }
    this.counts.swept += before - this.paths;
    this.#rejectedKeys.cleared(clearing);
    if (clearing.more !== true) this.#out.endTransaction();
    yield this.#out.settle();
  }

  /** Tries a rejected record again. What it returns settles when that is durable. After {@link prepare}. */
  replay(
    record: ReplayedRecord,
    readAt: Ms,
  ): { readonly outcome: ReplayOutcome; readonly durable: Taken['durable'] } {
    const partition = this.#rejectedKeys.partitionOf(record);
    if (partition === undefined) return { outcome: 'superseded', durable: undefined };
    const { topic, partition: partitionNumber } = record;
    const batch: SourceBatch = {
      ...{ type: 'records', partition, topic, partitionNumber, records: [record], position: '' },
    };
    const rejected = sum(this.counts.rejected);
    this.#out.readAt = readAt;
    this.#record(record, batch, this.#ownership.keysOf(batch));
    const outcome = sum(this.counts.rejected) > rejected ? 'rejected' : 'applied';
    return { outcome, durable: this.#out.settle() };
  }

  /** Deletes paths of which no record has spoken for too long; each step is a chunk to wait for. `now`: wall time. */
  *expire(now: Ms): Iterable<Promise<unknown> | undefined> {
    if (this.#expireAfterMs === undefined) return;
    let looked = 0;
    for (const isExpired of this.#ownership.expire(now - this.#expireAfterMs, now)) {
      if (isExpired) this.counts.expired++;
      this.#out.readAt = now;
      if (++looked % LOOK_CHUNK === 0 || (isExpired && this.counts.expired % CHUNK === 0))
        yield this.#out.settle();
    }
    yield this.#out.settle();
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

  /** Takes over which keys have a rejected record as their newest one. */
  inheritRejected(former: RecordIntake): void {
    this.#rejectedKeys.inherit(former.#rejectedKeys);
  }

  /** What the log holds of the source now. */
  held(): Iterable<InheritedPath> {
    return this.#ownership.held();
  }

  /** The source begins again from nothing: what it does not yield until {@link sweep} is gone. */
  beginReading(): void {
    this.#rejectedKeys.clear();
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

  #record(record: SourceRecord, batch: SourceBatch, keys: OwningKeys): void {
    const { key, value } = record;
    const counts = this.counts;
    counts.records++;
    counts.bytes += (key?.length ?? 0) + (value?.length ?? 0);
    const at = record.timestampMs < 0 ? this.#out.readAt : record.timestampMs;
    if (key !== null && key.length > this.#reader.limits.maxBytes) {
      this.#reject(
        record,
        batch,
        { owner: undefined, keyBytes: undefined },
        { stage: 'decode key', code: 'size' },
      );
      return;
    }
    const keyBytes = key === null ? undefined : utf8FromBytes(key);
    const owner = keyBytes === undefined ? undefined : keys.get(keyBytes);
    if (value === null || this.#isExpired(at)) {
      this.#delete(record, batch, { owner, keyBytes }, at);
      return;
    }
    if (value.length > this.#reader.limits.maxBytes) {
      this.#reject(record, batch, { owner, keyBytes }, { stage: 'decode value', code: 'size' });
      return;
    }
    const source = utf8FromBytes(value);
    if (this.#canSkip && owner !== undefined && owner.input === source) {
      this.#ownership.confirm(owner, at);
      this.#used(batch, keyBytes);
      counts.unchanged++;
      return;
    }
    const result = this.#reader.read(
      { record, value, source, keySource: keyBytes, origin: batch, expected: owner?.first?.path },
      this.#paths,
    );
    if (result === 'deleted') this.#delete(record, batch, { owner, keyBytes }, at);
    else if (result !== 'mapped') this.#reject(record, batch, { owner, keyBytes }, result);
    else this.#apply(record, batch, { keys, keyBytes, key: owner, source, at });
  }

  /** What it says was forgotten before it came. */
  #isExpired(at: Ms): boolean {
    return this.#expireAfterMs !== undefined && at < this.#out.readAt - this.#expireAfterMs;
  }

  #apply(record: SourceRecord, batch: SourceBatch, owned: OwnedRecord): void {
    const paths = this.#paths;
    const isFiltered = paths.length === 0;
    const applied = this.#ownership.apply(owned, paths);
    if (applied === 'contended' || applied === 'too-many-paths') {
      const { key: owner, keyBytes } = owned;
      this.#reject(record, batch, { owner, keyBytes }, { stage: 'own', code: applied });
      return;
    }
    this.#used(batch, owned.keyBytes);
    if (isFiltered) this.counts.filtered++;
    else if (applied === 'changed') this.counts.mapped++;
    else this.counts.unchanged++;
  }

  #delete(record: SourceRecord, batch: SourceBatch, { owner, keyBytes }: Identity, at: Ms): void {
    if (record.key === null && record.value !== null && this.#isExpired(at)) {
      this.flood.good();
      this.counts.filtered++;
      return;
    }
    if (record.key === null) {
      this.#reject(record, batch, { owner, keyBytes }, { stage: 'own', code: 'no-key' });
      return;
    }
    this.#used(batch, keyBytes);
    if (owner === undefined) {
      this.counts.unchanged++;
      return;
    }
    this.#ownership.deleteKey(owner, at);
    this.counts.mapped++;
  }

  #used(batch: SourceBatch, keyBytes: Utf8 | undefined): void {
    this.flood.good();
    if (keyBytes !== undefined && !this.#rejectedKeys.isEmpty) this.#rejectedKeys.settled(batch, keyBytes);
  }

  #reject(
    record: SourceRecord,
    batch: SourceBatch,
    { owner, keyBytes }: Identity,
    rejection: Rejection,
  ): void {
    const { name, deadLetters, rejected: tell } = this.#options;
    const rejected = this.counts.rejected;
    rejected[rejection.code] = (rejected[rejection.code] ?? 0) + 1;
    this.flood.bad();
    if (keyBytes !== undefined) this.#rejectedKeys.rejected(batch, keyBytes, record.offset);
    if (owner !== undefined) this.#ownership.markStale(owner);
    tell?.(batch.partition, record.offset, rejection);
    const { topic, partitionNumber } = batch;
    const written = deadLetters.write({
      ...rejection,
      source: name,
      topic,
      partition: partitionNumber,
      offset: record.offset,
      record,
    });
    if (written !== undefined) this.#out.wait(written);
  }
}

/** Whose record it is. `keyBytes` undefined: it has no key; `owner` undefined: the key owns no path. */
interface Identity {
  readonly owner: OwningKey | undefined;
  readonly keyBytes: Utf8 | undefined;
}

function sum(rejected: IngestCounts['rejected']): number {
  return Object.values(rejected).reduce((total, count) => total + count, 0);
}
