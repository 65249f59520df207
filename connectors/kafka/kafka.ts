// A Kafka source: topics read without a group, from where the core says, as the contract wants it. How to fetch and to decode is
// src/kafka's; what a value means is the core's.

import { KafkaRefused, KafkaUnreachable } from '../../src/kafka/access-error.js';
import { kafkaCluster, type KafkaCluster } from '../../src/kafka/cluster.js';
import { KafkaDataError } from '../../src/kafka/data-error.js';
import { TOPIC_DENIED } from '../../src/kafka/error-codes.js';
import { PartitionLost } from '../../src/kafka/partition.js';
import { tryLeaders } from '../../src/kafka/reachability.js';
import {
  HistoryLost,
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
  parseStart,
  readerSettings,
  type KafkaOptions,
  type Start,
} from './options.js';
import { Reading, type ReadingOptions } from './reading.js';
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
  readonly #afterLoss: ReadingOptions['afterLoss'];
  readonly #context: SourceContext;
  readonly #closing = new AbortController();
  /** As it goes on now: see {@link adopt}. */
  #options: KafkaOptions;
  #reading: Reading | undefined;
  #traits: Traits = { completeState: false, resumes: true, repeats: false };

  constructor(options: KafkaOptions, context: SourceContext) {
    this.#context = context;
    this.#options = options;
    this.#cluster = kafkaCluster(clusterSettings(options), context.outbound);
    this.#topics = topicChoice(options.topics);
    this.#start = parseStart(options.start ?? 'earliest');
    const { onHistoryLost = 'halt' } = options;
    this.#afterLoss = onHistoryLost === 'halt' ? undefined : onHistoryLost;
  }

  /** Complete when every topic is compacted and nothing else, and read from its beginning. */
  get traits(): Traits {
    return this.#traits;
  }

  async probe(signal: AbortSignal): Promise<void> {
    try {
      await unlessAborted(this.#probe(), signal);
    } catch (error) {
      throw contractError(error);
    }
  }

  async #probe(): Promise<void> {
    const metadata = await this.#cluster.metadata(this.#topics.names);
    const denied = [...metadata.topics.values()].find(({ errorCode }) => errorCode === TOPIC_DENIED);
    if (denied !== undefined)
      throw new OptionsRejected(
        `topic ${denied.topic}: this user may not see it, or it does not exist (needs READ and DESCRIBE)`,
      );
    const missing = this.#topics.missing(metadata);
    if (missing.length > 0) {
      const all = await this.#cluster.metadata(undefined);
      throw new OptionsRejected(missingTopicsText(missing, all.topics.keys()));
    }
    const wanted = [...metadata.topics.values()].filter((topic) => this.#topics.wants(topic));
    const { brokers: bootstrap, clientId, requestTimeoutMs = 10_000 } = clusterSettings(this.#options);
    const how = { bootstrap, clientId, requestTimeoutMs };
    const brokers = await tryLeaders(this.#cluster, metadata, wanted, how);
    const completeState = await this.#isComplete(wanted.map(({ topic }) => topic));
    this.#traits = { ...this.#traits, completeState };
    const partitions = wanted.reduce((count, topic) => count + topic.partitions.length, 0);
    const kept = completeState ? 'every key' : 'not every key';
    this.#context.log.info('kafka-found', { topics: wanted.length, partitions, brokers, kept });
  }

  async #isComplete(topics: readonly string[]): Promise<boolean> {
    if (this.#start.from !== 'earliest') return false;
    try {
      return await this.#cluster.isCompacted(...topics);
    } catch (error) {
      if (!(error instanceof KafkaRefused)) throw error;
      this.#context.log.warn('kafka-topic-config-denied', { reason: error.message });
      return false;
    }
  }

  async *read(after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const { log } = this.#context;
    // A complete source is read anew by the core, which then knows what is gone.
    const afterLoss = this.#traits.completeState ? undefined : this.#afterLoss;
    const reading = new Reading(
      {
        ...{ cluster: this.#cluster, topics: this.#topics, start: this.#start },
        ...{ settings: readerSettings(this.#options), afterLoss, log },
      },
      after,
    );
    this.#reading = reading;
    try {
      yield* reading.events(AbortSignal.any([signal, this.#closing.signal]));
    } catch (error) {
      throw contractError(error);
    }
  }

  /** Topics and where to begin decide which records come; all else is how to get at them. */
  adopt(options: unknown): boolean {
    const next = options as KafkaOptions; // checked against KAFKA_OPTIONS, as those of `create`
    const what = ({ topics, start, onHistoryLost }: KafkaOptions): string =>
      JSON.stringify([topics, start ?? 'earliest', onHistoryLost ?? 'halt']);
    if (what(next) !== what(this.#options)) return false;
    this.#options = next;
    this.#cluster.adopt(clusterSettings(next));
    this.#reading?.adopt(readerSettings(next));
    return true;
  }

  /** Positions are the core's: nothing is committed to the cluster. */
  async ack(): Promise<void> {}

  async close(): Promise<void> {
    this.#closing.abort();
  }
}

/** Rejects with the signal's reason when that aborts first. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The contract's error for what src/kafka throws; anything else is a bug and passes. */
function contractError(error: unknown): unknown {
  if (error instanceof PartitionLost) return new HistoryLost(error.message, { cause: error });
  if (error instanceof KafkaUnreachable) return new SourceUnavailable(error.message, { cause: error });
  if (error instanceof KafkaRefused) return new OptionsRejected(error.message, { cause: error });
  if (error instanceof KafkaDataError) return new OptionsRejected(error.message, { cause: error });
  return error;
}
