// Several replicas of one partition: the nearest is read from, its death is no more than a pause, and a leader that has lost what
// we have read is found out.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';

import { kafkaCluster, type KafkaCluster } from '../../src/kafka/cluster.js';
import { PartitionLost } from '../../src/kafka/partition.js';
import { DEFAULT_READER, KafkaReader, type ReaderSettings } from '../../src/kafka/reader.js';
import { createTopic, produce, uniqueTopic, until, withAdmin } from '../support/kafka.js';
import { startCluster, type TestCluster } from '../support/kafka-cluster.js';

const PATIENCE_MS = 60_000;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster(3, (id) => ({
    'broker.rack': `rack-${id}`,
    'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
  }));
}, 120_000);
const readers: Reading[] = [];
afterAll(async () => {
  for (const each of readers) await each.stop();
  await cluster.close();
});

/** Reads partition 0 of a topic from its beginning, and sees over which connections. */
class Reading {
  readonly keys: string[] = [];
  readonly told: string[] = [];
  error: unknown;
  #gate: Promise<void> = Promise.resolve();
  #open = (): void => undefined;
  readonly #sockets: { readonly port: number; readonly socket: Socket }[] = [];
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(topic: string, settings: Partial<ReaderSettings> = {}) {
    this.#running = this.#run(topic, settings).catch((error: unknown) => void (this.error = error));
    readers.push(this);
  }

  /** From now on nothing is taken from the reader, until {@link open}. */
  close(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  /** From the broker at that port, over connections that fetch. */
  bytesFrom(port: number): number {
    const those = this.#sockets.filter((each) => each.port === port);
    return those.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
  }

  async stop(): Promise<void> {
    this.open();
    this.#ending.abort();
    await this.#running;
  }

  async #run(topic: string, settings: Partial<ReaderSettings>): Promise<void> {
    const inner = kafkaCluster({ brokers: cluster.brokers, clientId: 'test' });
    const seen: KafkaCluster = {
      metadata: (topics) => inner.metadata(topics),
      ends: (each) => inner.ends(each),
      offsetsAt: (each, timestampMs) => inner.offsetsAt(each, timestampMs),
      isCompacted: (each) => inner.isCompacted(each),
      explain: (address, error) => inner.explain(address, error),
      adopt: (access) => inner.adopt(access),
      openFetch: async (address) => {
        const opened = await inner.openFetch(address);
        this.#sockets.push({ port: address.port, socket: opened.socket });
        return opened;
      },
    };
    const topicId = (await inner.metadata([topic])).topics.get(topic)?.topicId;
    const reader = new KafkaReader(
      seen,
      { names: [topic], wants: () => true },
      { ...DEFAULT_READER, clientId: 'test', graceMs: 1_000, ...settings },
    );
    for await (const event of reader.events(
      [{ topic, partition: 0, topicId, offset: 0 }],
      this.#ending.signal,
    )) {
      if (event.type === 'records') {
        this.keys.push(...event.records.map(({ key }) => String(key)));
        if (event.records.length > 0) await this.#gate;
      } else if (event.type !== 'progress') this.told.push(event.type);
    }
  }
}

async function write(topic: string, keys: readonly string[], bytesEach = 1): Promise<void> {
  const messages = keys.map((key) => ({ key, value: 'x'.repeat(bytesEach) }));
  await produce(topic, messages, cluster.brokers);
}

async function partitionOf(topic: string): Promise<{ leader: number; isr: number[] }> {
  const { topics } = await withAdmin(
    (admin) => admin.fetchTopicMetadata({ topics: [topic] }),
    cluster.brokers,
  );
  return topics[0]?.partitions[0] ?? { leader: -1, isr: [] };
}

function numbered(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `k${from + n}`);
}

test('the replica in our rack is read from, and when it is killed the leader, at once and without a gap', async () => {
  const topic = await createTopic({ brokers: cluster.brokers });
  const { leader } = await partitionOf(topic);
  const near = leader === 1 ? 2 : 1;
  const [leaderPort, nearPort] = [cluster.node(leader).port, cluster.node(near).port];
  const seen = new Reading(topic, { rack: `rack-${near}` });
  await until('live', () => seen.told.includes('live'));
  await until('all in sync', async () => (await partitionOf(topic)).isr.length === 3, PATIENCE_MS);
  await write(topic, numbered(0, 20), 10_000);
  await until('the records', () => seen.keys.length === 20);
  expect(seen.bytesFrom(nearPort)).toBeGreaterThan(200_000);
  expect(seen.bytesFrom(leaderPort)).toBeLessThan(20_000);

  await cluster.node(near).kill('SIGKILL');
  await write(topic, numbered(20, 5), 10_000);
  await until('the records after', () => seen.keys.length === 25);
  expect(seen.bytesFrom(leaderPort)).toBeGreaterThan(50_000);
  expect([seen.keys, seen.told]).toEqual([numbered(0, 25), ['live']]);
  await seen.stop();
  await cluster.node(near).restart();
}, 120_000);

test('A11 a leader elected without our last records: a position above its end, and one that it has outgrown, are both lost histories', async () => {
  const topic = await cutBackTopic();
  await until('both in sync', async () => (await partitionOf(topic)).isr.length === 2, PATIENCE_MS);
  await write(topic, numbered(0, 5));
  const [quick, slow] = [new Reading(topic), new Reading(topic)];
  slow.close();
  await until('the first records', () => quick.keys.length === 5 && slow.keys.length === 5, PATIENCE_MS);

  await cluster.node(2).kill('SIGKILL');
  await until('one in sync', async () => (await partitionOf(topic)).isr.length === 1, PATIENCE_MS);
  await write(topic, numbered(5, 3), 10_000);
  await until('the next records', () => quick.keys.length === 8, PATIENCE_MS);
  await until('them on their way', () => slow.bytesFrom(cluster.node(1).port) > 30_000, PATIENCE_MS);
  await cluster.node(1).kill('SIGKILL');
  await cluster.node(2).restart();
  await until('another leader', async () => (await partitionOf(topic)).leader === 2, PATIENCE_MS);
  await until('the loss', () => quick.error !== undefined, PATIENCE_MS);
  expect(quick.error).toBeInstanceOf(PartitionLost);
  const loss = { fault: 'truncated', position: 8, divergedAt: 5 };
  expect(quick.error).toMatchObject({ loss });

  await write(topic, ['other'].concat(numbered(100, 9)));
  slow.open();
  await until('the loss', () => slow.error !== undefined);
  expect(slow.error).toMatchObject({ loss });
  expect(slow.keys).toEqual(numbered(0, 8));
  await cluster.node(1).restart();
}, 120_000);

/** Of two replicas, led by node 1; node 3 only votes. */
async function cutBackTopic(): Promise<string> {
  const topic = uniqueTopic();
  const configEntries = Object.entries({
    'unclean.leader.election.enable': 'true',
    'min.insync.replicas': '1',
  }).map(([name, value]) => ({ name, value }));
  const replicaAssignment = [{ partition: 0, replicas: [1, 2] }];
  await withAdmin(
    (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic, replicaAssignment, configEntries }] }),
    cluster.brokers,
  );
  return topic;
}
