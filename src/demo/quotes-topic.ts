// The demo's topic in Kafka: prices go into it, and Tailrace reads them from there.

import kafkajs, { type Kafka, type Producer } from 'kafkajs';

import type { QuoteRecord } from './market.js';

const TOPIC = 'demo.quotes';

/** Invariant: what `write` has resolved for, Kafka has acknowledged. */
export class QuotesTopic {
  readonly #kafka: Kafka;
  readonly #producer: Producer;

  constructor(brokers: readonly string[]) {
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

  /** Makes the topic where it is missing and writes all of these into it. Throws when Kafka cannot be reached. */
  async open(records: readonly QuoteRecord[]): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
      const topics = [{ topic: TOPIC, numPartitions: 1, configEntries }];
      await admin.createTopics({ topics, waitForLeaders: true });
    } finally {
      await admin.disconnect();
    }
    await this.#producer.connect();
    await this.write(records);
  }

  /** The record's timestamp is its event time: what the page measures its latency from. Throws when Kafka does not take them. */
  async write(records: readonly QuoteRecord[]): Promise<void> {
    const timestamp = String(Date.now());
    const messages = records.map(({ key, value }) => ({ key, value, timestamp }));
    await this.#producer.send({ topic: TOPIC, messages, acks: -1 });
  }

  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => undefined);
  }
}
