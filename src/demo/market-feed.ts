// Carries the market's records into Kafka at the asked pace. A batch is tried until Kafka has it, and the market does not
// move meanwhile: however long the broker is away, nothing is lost and nothing overtakes.

import { setTimeout as wait } from 'node:timers/promises';

import kafkajs, { type Kafka, type Producer, type TopicMessages } from 'kafkajs';

import { ORDERS_TOPIC, QUOTES_TOPIC, type Market, type MarketRecord } from './market.js';

/** How often a batch leaves. */
const BATCH_EVERY_MS = 10;
/** After a pause the market goes on; it does not catch up. */
const MOST_IN_ONE_BATCH_MS = 100;
const RETRY_AFTER_MS = 200;

export const SLOWEST_RATE = 10;
export const FASTEST_RATE = 10_000;

export interface FeedOptions {
  readonly brokers: readonly string[];
  readonly market: Market;
  /** Records a second, {@link SLOWEST_RATE} to {@link FASTEST_RATE}. */
  readonly rate: number;
}

/** Invariant: at most one batch is under way, and the next is made only when Kafka has acknowledged it. */
export class MarketFeed {
  readonly #market: Market;
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly #stopping = new AbortController();
  #rate: number;
  #sent = 0;
  #running: Promise<void> = Promise.resolve();

  constructor({ brokers, market, rate }: FeedOptions) {
    this.#market = market;
    this.#rate = rate;
    this.#kafka = new kafkajs.Kafka({
      clientId: 'tailrace-demo-market',
      brokers: [...brokers],
      connectionTimeout: 2_000,
      requestTimeout: 3_000,
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 },
      logLevel: kafkajs.logLevel.NOTHING,
    });
    this.#producer = this.#kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  }

  /** Records that Kafka has acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  /** Records a second. */
  get rate(): number {
    return this.#rate;
  }

  set rate(perSecond: number) {
    this.#rate = Math.min(FASTEST_RATE, Math.max(SLOWEST_RATE, Math.round(perSecond)));
  }

  /** Makes the topics where they are missing and writes the whole market once. Throws when Kafka cannot be reached. */
  async open(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
      const topics = [QUOTES_TOPIC, ORDERS_TOPIC].map((topic) => ({
        topic,
        numPartitions: 1,
        configEntries,
      }));
      await admin.createTopics({ topics, waitForLeaders: true });
    } finally {
      await admin.disconnect();
    }
    await this.#producer.connect();
    await this.#send(this.#market.state());
  }

  /** Starts moving. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends within about a request's time. Idempotent. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#producer.disconnect().catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let last = performance.now();
    let owed = 0;
    while (!signal.aborted) {
      await wait(BATCH_EVERY_MS, undefined, { signal }).catch(() => undefined);
      const now = performance.now();
      owed += (Math.min(now - last, MOST_IN_ONE_BATCH_MS) * this.#rate) / 1_000;
      last = now;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0) await this.#sendUntilAcknowledged(this.#market.move(count));
    }
  }

  async #sendUntilAcknowledged(records: readonly MarketRecord[]): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#send(records);
        return;
      } catch {
        await wait(RETRY_AFTER_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** The record's timestamp is its event time: what the page measures its latency from. */
  async #send(records: readonly MarketRecord[]): Promise<void> {
    const timestamp = String(Date.now());
    const messagesOf = (topic: string): TopicMessages['messages'] =>
      records.filter((record) => record.topic === topic).map(({ key, value }) => ({ key, value, timestamp }));
    const topicMessages = [QUOTES_TOPIC, ORDERS_TOPIC]
      .map((topic) => ({ topic, messages: messagesOf(topic) }))
      .filter(({ messages }) => messages.length > 0);
    await this.#producer.sendBatch({ topicMessages, acks: -1 });
    this.#sent += records.length;
  }
}
