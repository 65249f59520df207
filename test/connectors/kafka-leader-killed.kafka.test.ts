// A1 with three brokers: the leader of what is read is killed while records are written and read, and another one takes over.

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { client, createTopic, until, withAdmin } from '../support/kafka.js';
import { startCluster, type TestCluster } from '../support/kafka-cluster.js';
import { collect, kafkaSource } from './collector.js';
import { isLong } from '../support/long.js';

const CYCLES = isLong ? 10 : 2;
const PARTITIONS = 3;
const PATIENCE_MS = 60_000;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster(3);
}, 120_000);
const writers: Writer[] = [];
afterAll(async () => {
  for (const each of writers) await each.stop();
  await cluster.close();
});

interface Writer {
  /** What is in the log for certain. */
  readonly acknowledged: string[];
  stop(): Promise<void>;
}

async function leaderOf(topic: string, partition: number): Promise<number> {
  const { topics } = await withAdmin(
    (admin) => admin.fetchTopicMetadata({ topics: [topic] }),
    cluster.brokers,
  );
  return topics[0]?.partitions.find((each) => each.partitionId === partition)?.leader ?? -1;
}

async function isrOf(topic: string): Promise<number[][]> {
  const { topics } = await withAdmin(
    (admin) => admin.fetchTopicMetadata({ topics: [topic] }),
    cluster.brokers,
  );
  return topics[0]?.partitions.map(({ isr }) => isr) ?? [[]];
}

/**
 * Writes numbered records, one after the other, until it is stopped. Never two partitions in one send: when one of them changes
 * its leader to a broker that has answered for the other, kafkajs drops its records and resolves.
 */
function keepWriting(topic: string): Writer {
  const producer = client(cluster.brokers).producer({ idempotent: true, allowAutoTopicCreation: false });
  const acknowledged: string[] = [];
  let isStopped = false;
  const run = async (): Promise<void> => {
    await producer.connect();
    for (let n = 0; !isStopped; n++) {
      const messages = [{ key: `k${n}`, value: 'v', partition: n % PARTITIONS }];
      const isStored = await producer.send({ topic, messages, acks: -1 }).then(
        () => true,
        () => false,
      );
      if (isStored) acknowledged.push(`k${n}=v`);
    }
    await producer.disconnect();
  };
  const running = run();
  const writer: Writer = {
    acknowledged,
    async stop() {
      isStopped = true;
      await running;
    },
  };
  writers.push(writer);
  return writer;
}

test('A1 when leader after leader is killed and comes back the reader goes on at the new one: no record lost, repeated or out of order', async () => {
  const { brokers } = cluster;
  const topic = await createTopic({ brokers, partitions: PARTITIONS });
  const seen = collect(kafkaSource({ topics: [topic], brokers }));
  await seen.live();
  const writing = keepWriting(topic);
  await until('records before', () => seen.values.length > 30, PATIENCE_MS);

  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const leader = await leaderOf(topic, 0);
    await cluster.node(leader).kill('SIGKILL');
    await until('another leader', async () => ![leader, -1].includes(await leaderOf(topic, 0)), PATIENCE_MS);
    const before = writing.acknowledged.length;
    await until('records after', () => writing.acknowledged.length > before + 30, PATIENCE_MS);
    await cluster.node(leader).restart();
    await until(
      'all in sync',
      async () => (await isrOf(topic)).every((isr) => isr.length === 3),
      PATIENCE_MS,
    );
  }
  await writing.stop();
  await until('all', () => isSubset(writing.acknowledged, seen.values), PATIENCE_MS);

  const again = collect(kafkaSource({ topics: [topic], brokers }));
  await again.live();
  expect(byPartition(seen)).toEqual(byPartition(again));
  for (const records of Object.values(byPartition(seen)))
    expect(records.map((each) => Number.parseInt(each, 10))).toEqual([...records.keys()]);
  expect(seen.told().at(-1)).toBe('live');
  await Promise.all([seen.stop(), again.stop()]);
}, 1_200_000);

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  const known = new Set(all);
  return some.every((each) => known.has(each));
}

/** Offsets and keys in the order received. */
function byPartition({ events }: ReturnType<typeof collect>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const event of events) {
    if (event.type !== 'records') continue;
    const list = (found[event.partition] ??= []);
    list.push(...event.records.map(({ offset, key }) => `${offset} ${String(key)}`));
  }
  return found;
}
