// One reading of a Kafka source: from its positions on, and past a loss of history where the operator has said how to go on.

import { setTimeout as wait } from 'node:timers/promises';

import type { KafkaCluster } from '../../src/kafka/cluster.js';
import { PartitionLost, type Loss } from '../../src/kafka/partition.js';
import { KafkaReader, type ReaderEvent, type ReaderSettings } from '../../src/kafka/reader.js';
import { followedMetadata } from '../../src/kafka/topic-identity.js';
import type { Positions, SourceEvent, SourceLog } from '../contract.js';
import type { Start } from './options.js';
import { partitionName, partitionOf, positionText, topicIdText } from './position.js';
import { startingPoints } from './starting-points.js';
import type { TopicChoice } from './topics.js';

export interface ReadingOptions {
  readonly cluster: KafkaCluster;
  readonly topics: TopicChoice;
  readonly start: Start;
  readonly settings: ReaderSettings;
  /** Where a partition goes on whose history is lost; undefined: nowhere, that ends the reading. */
  readonly afterLoss: 'earliest' | 'latest' | undefined;
  readonly log: SourceLog;
}

/** Between two losses, so that one that comes again and again costs little. */
const PAUSE_MS = 500;

type ReadRecords = Extract<ReaderEvent, { type: 'records' }>;

/** Invariant: `#positions` is what has been yielded, so that reading goes on there; `#anew` has no position and begins by policy. */
export class Reading {
  readonly #options: ReadingOptions;
  readonly #positions: Map<string, string>;
  readonly #anew = new Set<string>();
  #settings: ReaderSettings;
  #reader: KafkaReader | undefined;

  constructor(options: ReadingOptions, after: Positions) {
    this.#options = options;
    this.#positions = new Map(after);
    this.#settings = options.settings;
  }

  /** Goes on with these where it is. */
  adopt(settings: ReaderSettings): void {
    this.#settings = settings;
    this.#reader?.adopt(settings);
  }

  /** Until `signal` aborts. Throws PartitionLost, HistoryLost, KafkaDataError and the errors of KafkaCluster. Call once. */
  async *events(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const { afterLoss, log } = this.#options;
    while (!signal.aborted) {
      try {
        yield* this.#read(signal);
        return;
      } catch (error) {
        if (!(error instanceof PartitionLost) || afterLoss === undefined) throw error;
        const { fault, topic, partition, position } = error.loss;
        log.warn('kafka-history-lost', { fault, topic, partition, position, goesOnFrom: afterLoss });
        yield { type: 'interrupted', reason: `${error.message}; goes on from the ${afterLoss} record` };
        this.#forget(error.loss);
        await wait(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async *#read(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const { cluster, topics, start, afterLoss = 'earliest', log } = this.#options;
    const followed = [...this.#positions.keys()].flatMap((name) => partitionOf(name)?.topic ?? []);
    const metadata = await followedMetadata(cluster, topics.names, followed);
    const anew = { partitions: this.#anew, start: { from: afterLoss } };
    const points = await startingPoints(cluster, metadata, { topics, start, after: this.#positions, anew });
    const count = new Set(points.map(({ topic }) => topic)).size;
    log.info('kafka-read', { topics: count, partitions: points.length });
    for (const point of points) {
      if (signal.aborted) return;
      // A start is a position too: after a restart, reading goes on there even if no record has come meanwhile.
      if (!point.isStored)
        yield this.#records({ ...point, records: [], nextOffset: point.offset }, undefined);
    }
    this.#reader = new KafkaReader(cluster, topics, this.#settings);
    for await (const event of this.#reader.events(points, signal)) yield this.#sourceEvent(event);
  }

  #sourceEvent(event: ReaderEvent): SourceEvent {
    if (event.type === 'records') return this.#records(event, event.behind);
    if (event.type !== 'interrupted') return event;
    const { type, reason, isRefused } = event;
    if (isRefused) this.#options.log.warn('source-auth-failed', { reason });
    return { type, reason };
  }

  #records(read: Omit<ReadRecords, 'type' | 'behind'>, behind: number | undefined): SourceEvent {
    const { topic, partition: partitionNumber, records, nextOffset, topicId } = read;
    const partition = partitionName(topic, partitionNumber);
    const position = positionText({ offset: nextOffset, topicId: topicIdText(topicId) });
    this.#positions.set(partition, position);
    this.#anew.delete(partition);
    return { type: 'records', partition, topic, partitionNumber, records, position, behind };
  }

  #forget({ fault, topic, partition }: Loss): void {
    const isOfPartition = fault === 'out-of-range' || fault === 'truncated';
    const names = isOfPartition
      ? [partitionName(topic, partition)]
      : [...this.#positions.keys()].filter((name) => partitionOf(name)?.topic === topic);
    for (const name of names) {
      this.#positions.delete(name);
      this.#anew.add(name);
    }
  }
}
