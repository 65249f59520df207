// A6 A7 A8 A11 A12 A21 from the broker to the socket: what a topic can do to those who follow it, and what its subscribers see.

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';

import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, uniqueTopic, until, withAdmin } from '../support/kafka.js';
import { startProxiedKafka, type ProxiedKafka } from '../support/proxied-kafka.js';
import { KafkaPipeline, untilHeld, type PipedSource } from './kafka-pipeline.js';
import { isLong } from '../support/long.js';

let started: ProxiedKafka;
let pipeline: KafkaPipeline | undefined;
beforeAll(async () => {
  started = await startProxiedKafka();
}, 60_000);
afterEach(async () => {
  started.proxy.heal();
  await pipeline?.stop();
  pipeline = undefined;
});
afterAll(() => started.close());

/** Through the proxy; tests themselves write past it. */
async function follow({ kafka, ...piped }: PipedSource): Promise<KafkaPipeline> {
  pipeline = await KafkaPipeline.start({ ...piped, kafka: { brokers: started.proxied, ...kafka } });
  return pipeline;
}

async function write(topic: string, messages: readonly Message[]): Promise<void> {
  await produce(topic, messages, started.brokers);
}

/** New partitions and lost history are found with the next connection. */
function reconnect(): void {
  started.proxy.heal();
}

test('A6 records that a producer sends again, any number of the last ones, are no change to anybody', async () => {
  const { brokers } = started;
  const topic = await createTopic({ brokers });
  const all = Array.from({ length: 1_000 }, (_, n) => ({ key: `k${n}`, value: JSON.stringify({ n }) }));
  await write(topic, all);
  const piped = await follow({ topics: [topic] });
  const watcher = await piped.watch();
  const changes = watcher.changes;
  expect(changes).toBe(1_000);
  const lengths = isLong
    ? Array.from({ length: 1_000 }, (_, n) => n + 1)
    : [1, 2, 3, 10, 100, 500, 999, 1_000];
  for (const length of lengths) await write(topic, all.slice(-length));
  const again = lengths.reduce((sum, length) => sum + length, 0);
  const unchanged = (): Promise<number> => piped.metric('tailrace_ingest_records_total{', '"unchanged"');
  await until('all read', async () => (await unchanged()) === again, 120_000);
  await write(topic, [{ key: 'last', value: '1' }]);
  await until('a change', () => watcher.values.has('prices/last'));
  expect(watcher.changes - changes).toBe(1);
}, 600_000);

test('A7 partitions added under load: with contended: newest each key ends with its newest record, whichever partition it came by', async () => {
  const { brokers } = started;
  const topic = await createTopic({ brokers, partitions: 4 });
  const truth = new Map<string, Value>();
  let now = Date.now();
  /** Later records are newer, but for those that come too late. */
  const round = async (version: number, partitionOf: (n: number) => number): Promise<void> => {
    now += 1_000;
    const records = Array.from({ length: 40 }, (_, n): Message => {
      truth.set(`prices/k${n}`, { version });
      const value = JSON.stringify({ version });
      return { key: `k${n}`, value, partition: partitionOf(n), timestamp: String(now) };
    });
    await write(topic, records);
  };
  await round(1, (n) => n % 4);
  const piped = await follow({ topics: [topic], source: { contended: 'newest' } });
  const watcher = await piped.watch();
  await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 8 }] }), brokers);
  await until('the partitions', async () => {
    const { topics } = await withAdmin((admin) => admin.fetchTopicMetadata({ topics: [topic] }), brokers);
    return topics[0]?.partitions.filter(({ leader }) => leader >= 0).length === 8;
  });
  await round(2, (n) => n % 8);
  reconnect();
  await untilHeld(watcher, truth);
  const late = { key: 'k5', value: '{"version":0}', partition: 1, timestamp: String(now - 500) };
  await write(topic, [late]);
  await round(3, (n) => (n + 1) % 8);
  await untilHeld(watcher, truth);
  expect(await piped.metric('tailrace_ingest_contended_total')).toBeGreaterThan(0);
  expect(await piped.letters()).toEqual([]);
}, 60_000);

test('A8 tombstone, empty value and JSON null are a delete, a rejection and a null, and a key that comes back has a whole value', async () => {
  const { brokers } = started;
  const topic = await createTopic({ brokers });
  const first = ['a', 'b', 'c'].map((key) => ({ key, value: '{"bid":1}' }));
  await write(topic, first);
  const piped = await follow({ topics: [topic] });
  const watcher = await piped.watch();
  const changes = watcher.changes;
  await write(topic, [
    { key: 'a', value: null },
    { key: 'b', value: '' },
    { key: 'c', value: 'null' },
  ]);
  await untilHeld(
    watcher,
    new Map<string, Value>([
      ['prices/b', { bid: 1 }],
      ['prices/c', null],
    ]),
  );
  await until('the mark', () => watcher.stale.size === 1);
  expect([...watcher.stale]).toEqual(['prices/b']);
  expect(watcher.changes - changes).toBe(2);
  await write(topic, first);
  await untilHeld(watcher, new Map(first.map(({ key }) => [`prices/${key}`, { bid: 1 }])));
  expect(watcher.stale.size).toBe(0);
});

test('A12 G7 a compacted topic that is deleted and re-created is read anew: what it lacks is deleted, nothing else blinks', async () => {
  const { brokers } = started;
  const configs = { 'cleanup.policy': 'compact' };
  const topic = await createTopic({ brokers, configs });
  const record = (key: string, value: string): Message => ({ key, value });
  await write(
    topic,
    Array.from({ length: 20 }, (_, n) => record(`k${n}`, '1')),
  );
  const piped = await follow({ topics: [topic] });
  const watcher = await piped.watch();
  const changes = watcher.changes;
  await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }), brokers);
  const isGone = async (admin: { listTopics(): Promise<string[]> }) =>
    !(await admin.listTopics()).includes(topic);
  await until('the topic is gone', () => withAdmin(isGone, brokers));
  await createTopic({ brokers, topic, configs });
  await write(topic, [...Array.from({ length: 5 }, (_, n) => record(`k${n}`, '1')), record('new', '2')]);
  const left = new Map<string, Value>(Array.from({ length: 5 }, (_, n) => [`prices/k${n}`, 1]));
  await untilHeld(watcher, left.set('prices/new', 2), 60_000);
  await until('fresh', () => watcher.stale.size === 0);
  // 15 deletes and one new path.
  expect(watcher.changes - changes).toBe(16);
  expect(await piped.metric('tailrace_ingest_swept_total')).toBe(15);
  expect(await piped.metric('tailrace_source_errors_total', 'history_lost')).toBe(1);
}, 90_000);

test.each([
  ['halt', true],
  ['earliest', false],
] as const)(
  'A11 G13 records deleted before they were read, with onHistoryLost: %s, keep all values and leave them stale only until that is decided',
  async (onHistoryLost, areStale) => {
    const { brokers, proxy } = started;
    const topic = await createTopic({ brokers });
    await write(topic, [
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
    ]);
    const piped = await follow({ topics: [topic], kafka: { onHistoryLost } });
    const watcher = await piped.watch();
    proxy.refuse();
    await until('stale', () => watcher.stale.size === 2);
    await write(topic, [
      { key: 'a', value: '2' },
      { key: 'b', value: '2' },
      { key: 'c', value: '2' },
    ]);
    await withAdmin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    }, brokers);
    proxy.heal();
    if (onHistoryLost === 'halt') {
      await until('stopped', async () => (await piped.metric('tailrace_source_state{', '"stopped"')) === 1);
      watcher.expect(
        new Map([
          ['prices/a', 1],
          ['prices/b', 1],
        ]),
        { areStale },
      );
      return;
    }
    await until('fresh', () => watcher.values.has('prices/c') && watcher.stale.size === 0, 20_000);
    watcher.expect(
      new Map([
        ['prices/a', 1],
        ['prices/b', 2],
        ['prices/c', 2],
      ]),
      { areStale },
    );
    expect(piped.lines.filter(({ event }) => event === 'kafka-history-lost')).toHaveLength(1);
  },
  60_000,
);

test('A21 topics, keys, headers, members and paths named like built-ins of JavaScript are names like any other', async () => {
  const { brokers } = started;
  const prefix = uniqueTopic('n');
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__'];
  const truth = new Map<string, Value>();
  for (const name of names) {
    const topic = await createTopic({ brokers, topic: `${prefix}.${name}` });
    const value = `{"constructor":${JSON.stringify(name)},"toString":1}`;
    await write(
      topic,
      names.map((key) => ({ key, value, headers: { [`x-${name}`]: '1', constructor: key } })),
    );
    for (const key of names) truth.set(`${prefix}.${name}/${key}/${key}/${name}`, JSON.parse(value) as Value);
  }
  const map = [{ path: '{topic}/{key}/{headers.constructor}/{value.constructor}' }];
  const piped = await follow({ topics: [`${prefix}.*`], source: { map } });
  const watcher = await piped.watch();
  await untilHeld(watcher, truth);
  expect(watcher.values.size).toBe(25);
  expect(await piped.letters()).toEqual([]);
  expect(({} as Record<string, unknown>)['x-constructor']).toBeUndefined();
});
