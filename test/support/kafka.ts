// What tests with a real broker start from: its address, topics of their own, records by kafkajs, waiting for a condition.

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka, type Message } from 'kafkajs';

import { KafkaRefused, KafkaUnreachable } from '../../src/kafka/access-error.js';
import { kafkaCluster } from '../../src/kafka/cluster.js';

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';

/** Addresses of the broker that test/setup started for this run. */
export function testBrokers(): string[] {
  const brokers = process.env['TAILRACE_TEST_BROKERS'];
  if (!brokers)
    throw new Error(
      'no test broker: run with npx jest --selectProjects kafka (it starts one), or set TAILRACE_TEST_BROKERS',
    );
  return brokers.split(',');
}

/** A topic name that no other test has. */
export function uniqueTopic(prefix = 'topic'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

export interface TopicSettings {
  /** Default: a unique one. */
  readonly topic?: string;
  /** Default 1. */
  readonly partitions?: number;
  /** Topic configuration, as `{ 'cleanup.policy': 'compact' }`. */
  readonly configs?: Readonly<Record<string, string>>;
  readonly brokers?: readonly string[];
}

/** Creates a topic, waits until it has leaders, and returns its name. */
export async function createTopic(settings: TopicSettings = {}): Promise<string> {
  const topic = settings.topic ?? uniqueTopic();
  const configEntries = Object.entries(settings.configs ?? {}).map(([name, value]) => ({ name, value }));
  const { partitions: numPartitions = 1, brokers = testBrokers() } = settings;
  await withAdmin(async (admin) => {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, configEntries }] });
  }, brokers);
  await until('leaders', () => isServed(topic, numPartitions, brokers), 30_000);
  return topic;
}

/** Whether each leader answers for its partition. One that does not yet makes kafkajs send a whole request twice. */
async function isServed(topic: string, partitions: number, brokers: readonly string[]): Promise<boolean> {
  try {
    return (await kafkaCluster({ brokers, clientId: 'tailrace-test' }).ends(topic)).size === partitions;
  } catch (error) {
    if (error instanceof KafkaUnreachable || error instanceof KafkaRefused) return false;
    throw error;
  }
}

/** Sends the messages with acks=all, in order, in one request per partition. */
export async function produce(
  topic: string,
  messages: readonly Message[],
  brokers: readonly string[] = testBrokers(),
): Promise<void> {
  const producer = client(brokers).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [...messages], acks: -1 });
  } finally {
    await producer.disconnect();
  }
}

/** Runs `use` with a connected kafkajs admin and closes it. */
export async function withAdmin<T>(
  use: (admin: Admin) => Promise<T>,
  brokers: readonly string[] = testBrokers(),
): Promise<T> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Resolves as soon as `holds` says so, looking every few ms; fails after `withinMs` with `what`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await wait(5);
  }
}

/** A quiet kafkajs client that retries for a few seconds. */
export function client(brokers: readonly string[] = testBrokers()): Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'tailrace-test',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
  });
}
