// A Kafka source: topics read without a group, from where the core says, as the contract wants it. How to fetch and to decode is
// src/kafka's; what a value means is the core's.

import { KafkaRefused, KafkaUnreachable } from '../../src/kafka/access-error.js';
import { kafkaCluster, type KafkaCluster } from '../../src/kafka/cluster.js';
import { KafkaDataError } from '../../src/kafka/data-error.js';
import { TOPIC_DENIED } from '../../src/kafka/error-codes.js';
import { PartitionLost } from '../../src/kafka/partition.js';
import {
  DEFAULT_READER,
  KafkaReader,
  type ReaderEvent,
  type ReaderSettings,
} from '../../src/kafka/reader.js';
import {
  OptionsRejected,
  SourceUnavailable,
  type Positions,
  type Source,
  type SourceContext,
  type SourceEvent,
  type SourceType,
  type Traits,
} from '../contract.js';
import {
  clusterSettings,
  KAFKA_OPTIONS,
  parseDuration,
  parseStart,
  type KafkaOptions,
  type Start,
} from './options.js';
import { partitionName, positionText, topicIdText } from './position.js';
import { historyLost, startingPoints } from './starting-points.js';
import { missingTopicsText, topicChoice, type TopicChoice } from './topics.js';

/** Configured under `kafka`. */
export const kafka: SourceType<KafkaOptions> = {
  type: 'kafka',
  options: KAFKA_OPTIONS,
  create: (options, context) => new KafkaSource(options, context),
};

/** Invariant: at most one read at a time; `close` ends it. */
class KafkaSource implements Source {
  readonly #cluster: KafkaCluster;
  readonly #topics: TopicChoice;
  readonly #start: Start;
  readonly #settings: ReaderSettings;
  readonly #context: SourceContext;
  readonly #closing = new AbortController();
  #traits: Traits = { completeState: false, resumes: true, repeats: false };

  constructor(options: KafkaOptions, context: SourceContext) {
    const cluster = clusterSettings(options);
    this.#context = context;
    this.#cluster = kafkaCluster(cluster);
    this.#topics = topicChoice(options.topics);
    this.#start = parseStart(options.start ?? 'earliest');
    this.#settings = {
      ...DEFAULT_READER,
      clientId: cluster.clientId,
      fetchWindowMs: parseDuration(options.fetchWindow ?? '10ms') ?? DEFAULT_READER.fetchWindowMs,
      graceMs: parseDuration(options.interruptedAfter ?? '2s') ?? DEFAULT_READER.graceMs,
      maxBytesPerPartition: options.maxBytesPerPartition ?? DEFAULT_READER.maxBytesPerPartition,
      rack: options.clientRack ?? '',
      requestTimeoutMs: cluster.requestTimeoutMs ?? DEFAULT_READER.requestTimeoutMs,
    };
  }

  /** Complete when every topic is compacted and nothing else, and read from its beginning. */
  get traits(): Traits {
    return this.#traits;
  }

  async probe(signal: AbortSignal): Promise<void> {
    try {
      const metadata = await this.#cluster.metadata(this.#topics.names);
      signal.throwIfAborted();
      const denied = [...metadata.topics.values()].find(({ errorCode }) => errorCode === TOPIC_DENIED);
      if (denied !== undefined)
        throw new OptionsRejected(
          `topic ${denied.topic}: this user may not read it (needs READ and DESCRIBE)`,
        );
      const missing = this.#topics.missing(metadata);
      if (missing.length > 0) {
        const all = await this.#cluster.metadata(undefined);
        throw new OptionsRejected(missingTopicsText(missing, all.topics.keys()));
      }
      const wanted = [...metadata.topics.values()]
        .filter((topic) => this.#topics.wants(topic))
        .map(({ topic }) => topic);
      this.#traits = { ...this.#traits, completeState: await this.#isComplete(wanted) };
    } catch (error) {
      throw contractError(error);
    }
  }

  async #isComplete(topics: readonly string[]): Promise<boolean> {
    if (this.#start.from !== 'earliest') return false;
    try {
      for (const topic of topics) if (!(await this.#cluster.isCompacted(topic))) return false;
      return true;
    } catch (error) {
      if (!(error instanceof KafkaRefused)) throw error;
      this.#context.log.warn('kafka-topic-config-denied', { reason: error.message });
      return false;
    }
  }

  async *read(after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    try {
      const metadata = await this.#cluster.metadata(this.#topics.names);
      const points = await startingPoints(this.#cluster, metadata, {
        topics: this.#topics,
        start: this.#start,
        after,
      });
      this.#context.log.info('kafka-read', {
        topics: new Set(points.map(({ topic }) => topic)).size,
        partitions: points.length,
      });
      for (const point of points) {
        if (ending.aborted) return;
        // A start is a position too: after a restart, reading goes on there even if no record has come meanwhile.
        if (!point.isStored)
          yield recordsEvent({ ...point, records: [], nextOffset: point.offset }, undefined);
      }
      const reader = new KafkaReader(this.#cluster, this.#topics, this.#settings);
      for await (const event of reader.events(points, ending)) yield sourceEvent(event);
    } catch (error) {
      throw contractError(error);
    }
  }

  /** Positions are the core's: nothing is committed to the cluster. */
  async ack(): Promise<void> {}

  async close(): Promise<void> {
    this.#closing.abort();
  }
}

function sourceEvent(event: ReaderEvent): SourceEvent {
  return event.type === 'records' ? recordsEvent(event, event.behind) : event;
}

type ReadRecords = Extract<ReaderEvent, { type: 'records' }>;

function recordsEvent(read: Omit<ReadRecords, 'type' | 'behind'>, behind: number | undefined): SourceEvent {
  const { topic, partition, records, nextOffset, topicId } = read;
  return {
    type: 'records',
    partition: partitionName(topic, partition),
    topic,
    partitionNumber: partition,
    records,
    position: positionText({ offset: nextOffset, topicId: topicIdText(topicId) }),
    behind,
  };
}

/** The contract's error for what src/kafka throws; anything else is a bug and passes. */
function contractError(error: unknown): unknown {
  if (error instanceof PartitionLost) return historyLost(error);
  if (error instanceof KafkaUnreachable) return new SourceUnavailable(error.message, { cause: error });
  if (error instanceof KafkaRefused) return new OptionsRejected(error.message, { cause: error });
  if (error instanceof KafkaDataError) return new OptionsRejected(error.message, { cause: error });
  return error;
}
