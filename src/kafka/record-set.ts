// What a reader may see of the batches that one fetch brought for one partition: complete ones, with a right checksum, not control
// records, not part of an aborted transaction. Decides by batch headers alone, so that the next position is known at once and
// records are decoded only when somebody takes them.

import { KafkaDataError } from './data-error.js';
import * as batch from './record-batch.js';

/** A transaction of `producerId` that was aborted, as the broker lists it with a fetch. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Batches `[at, size, at, size, ...]` that are visible, and where to go on. */
export interface ScannedSet {
  readonly bytes: Buffer;
  readonly visible: readonly number[];
  /** After the last whole batch, visible or not; the position asked for when there was none. */
  readonly nextOffset: number;
  /** Leader epoch of the last whole batch; undefined: there was none. */
  readonly epoch: number | undefined;
  /** Position of a batch whose checksum is wrong; scanning ended before it. */
  readonly corruptAt: number | undefined;
}

/**
 * Scans `bytes[start, end)`, which a fetch from `fromOffset` returned. `aborted` in any order. A cut last batch is ignored: the
 * next fetch brings it whole; so is what comes after a batch that cannot be read, which throws when it is the first one.
 * Throws KafkaDataError for formats that cannot be read.
 */
export function scanRecordSet(
  bytes: Buffer,
  range: { readonly start: number; readonly end: number },
  fromOffset: number,
  aborted: readonly AbortedTransaction[],
): ScannedSet {
  const filter = aborted.length === 0 ? undefined : new AbortFilter(aborted);
  const visible: number[] = [];
  let nextOffset = fromOffset;
  let epoch: number | undefined;
  const scanned = (corruptAt?: number): ScannedSet => ({ bytes, visible, nextOffset, epoch, corruptAt });
  let at = range.start;
  try {
    for (;;) {
      const size = batch.batchBytes(bytes, at, range.end);
      if (size === undefined) return scanned();
      if (!batch.hasRightChecksum(bytes, at, size)) return scanned(nextOffset);
      const last = batch.lastOffset(bytes, at);
      if (last < batch.firstOffset(bytes, at))
        throw new KafkaDataError('malformed', 'batch ends before it starts');
      const hidden = filter === undefined ? batch.isControl(bytes, at) : filter.hides(bytes, at, size);
      if (!hidden && last >= fromOffset) visible.push(at, size);
      if (last >= nextOffset) nextOffset = last + 1;
      epoch = batch.leaderEpoch(bytes, at);
      at += size;
    }
  } catch (error) {
    if (error instanceof KafkaDataError && nextOffset > fromOffset) return scanned();
    throw error;
  }
}

/** Decodes the visible records from `fromOffset` on. Throws KafkaDataError. */
export function decodeRecords(set: ScannedSet, options: batch.DecodeOptions): batch.KafkaRecord[] {
  const { bytes, visible } = set;
  const [at, size] = visible;
  if (at === undefined || size === undefined) return [];
  if (visible.length === 2) return batch.decodeBatch(bytes, at, size, options);
  const records: batch.KafkaRecord[] = [];
  for (let index = 0; index < visible.length; index += 2) {
    for (const record of batch.decodeBatch(bytes, visible[index] ?? 0, visible[index + 1] ?? 0, options))
      records.push(record);
  }
  return records;
}

/** What comes before the first batch that cannot be decoded, when {@link decodeRecords} has thrown. */
export function decodeWhatCanBe(
  { bytes, visible, nextOffset }: ScannedSet,
  options: batch.DecodeOptions,
): { readonly records: batch.KafkaRecord[]; readonly nextOffset: number } {
  const records: batch.KafkaRecord[] = [];
  for (let index = 0; index < visible.length; index += 2) {
    const [at = 0, size = 0] = visible.slice(index, index + 2);
    try {
      records.push(...batch.decodeBatch(bytes, at, size, options));
    } catch (error) {
      if (!(error instanceof KafkaDataError)) throw error;
      return { records, nextOffset: Math.max(batch.firstOffset(bytes, at), options.fromOffset) };
    }
  }
  return { records, nextOffset };
}

/**
 * Which producers are inside an aborted transaction at the batch at hand. A transaction opens at its first offset and ends at
 * that producer's own abort marker: the broker lists aborts by their end, and a record's key may look like a marker's.
 */
class AbortFilter {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Call for every batch in order. */
  hides(bytes: Buffer, at: number, size: number): boolean {
    const last = batch.lastOffset(bytes, at);
    for (
      let next = this.#waiting.at(-1);
      next !== undefined && next.firstOffset <= last;
      next = this.#waiting.at(-1)
    ) {
      this.#open.add(next.producerId);
      this.#waiting.pop();
    }
    if (batch.isControl(bytes, at)) {
      if (batch.isAbortMarker(bytes, at, size)) this.#open.delete(batch.producerId(bytes, at));
      return true;
    }
    return batch.isTransactional(bytes, at) && this.#open.has(batch.producerId(bytes, at));
  }
}
