// Rejected records that are tried again, after what was wrong with them has been mended: a mapping, a schema. A record that is
// no longer the newest word on its key is left alone, or an old value would stand where a newer one stood.

import type { SourceRecord } from '../../connectors/contract.js';
import { utf8FromBytes, type Utf8 } from '../topic/utf8.js';
import type { SourceBatch } from './intake.js';

/** A dead letter, as far as it is a record again. */
export interface ReplayedRecord extends SourceRecord {
  readonly topic: string;
  readonly partition: number;
}

export type ReplayOutcome =
  | 'applied'
  /** Something newer has been read of its key, it has no key, or it was rejected by a process that is gone. */
  | 'superseded'
  /** For the same reason as before, or another one: it is a dead letter once more. */
  | 'rejected';

/** Where the newest record of a key stands, if that one was rejected. */
interface RejectedKey {
  /** Name of the partition, as the contract has it. */
  readonly partition: string;
  readonly offset: string;
}

/** Of more, those that were rejected first are forgotten, and count as superseded. */
const MOST_KEYS = 10_000;

/** Invariant: a key is in it iff its newest record was rejected and is among the last MOST_KEYS of these. */
export class RejectedKeys {
  readonly #keys = new Map<string, RejectedKey>();

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  rejected(batch: SourceBatch, key: Utf8, offset: string | number): void {
    const name = nameOf(batch, key);
    this.#keys.delete(name);
    this.#keys.set(name, { partition: batch.partition, offset: String(offset) });
    if (this.#keys.size <= MOST_KEYS) return;
    for (const oldest of this.#keys.keys()) return void this.#keys.delete(oldest);
  }

  /** A newer record of the key could be used, or deletes it. */
  settled(batch: SourceBatch, key: Utf8): void {
    this.#keys.delete(nameOf(batch, key));
  }

  /** All keys of a topic are gone. */
  cleared(topic: Pick<SourceBatch, 'topic' | 'partitionNumber'>): void {
    const prefix = nameOf(topic, '' as Utf8);
    for (const name of this.#keys.keys()) if (name.startsWith(prefix)) this.#keys.delete(name);
  }

  /** What a former reader of the source knew. */
  inherit(former: RejectedKeys): void {
    for (const [name, held] of former.#keys) this.#keys.set(name, held);
  }

  clear(): void {
    this.#keys.clear();
  }

  /** The partition that the record came from, if it is still the newest word on its key. */
  partitionOf({ topic, partition, key, offset }: ReplayedRecord): string | undefined {
    if (key === null) return undefined;
    const held = this.#keys.get(nameOf({ topic, partitionNumber: partition }, utf8FromBytes(key)));
    return held?.offset === String(offset) ? held.partition : undefined;
  }
}

function nameOf(
  { topic, partitionNumber }: Pick<SourceBatch, 'topic' | 'partitionNumber'>,
  key: Utf8,
): string {
  return `${topic}/${partitionNumber}/${key}`;
}
