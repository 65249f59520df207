// A3: the network between the reader and the broker fails, by a proxy behind which the broker advertises itself.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { kafkaCluster } from '../../src/kafka/cluster.js';
import { DEFAULT_READER, KafkaReader, type ReaderEvent } from '../../src/kafka/reader.js';
import { collect, kafkaSource } from '../connectors/collector.js';
import { createTopic, produce, until } from '../support/kafka.js';
import { startProxiedKafka, type ProxiedKafka } from '../support/proxied-kafka.js';
import type { Direction, TcpProxy } from '../support/tcp-proxy.js';
import { isLong } from '../support/long.js';

let started: ProxiedKafka;
let proxy: TcpProxy;
let brokers: readonly string[];
let proxied: readonly string[];
beforeAll(async () => {
  started = await startProxiedKafka();
  ({ proxy, brokers, proxied } = started);
}, 60_000);
afterAll(() => started.close());

const BATCHES = 8;
const RECORDS_PER_BATCH = 20;
const PARTITIONS = 2;
const EXPECTED = Array.from({ length: BATCHES * RECORDS_PER_BATCH }, (_, n) => `record ${n}`);

/** Writes the same records into each partition, in batches of about 20 KB. */
async function writtenTopic(): Promise<string> {
  const topic = await createTopic({ brokers, partitions: PARTITIONS });
  for (let batch = 0; batch < BATCHES; batch++) {
    const records = EXPECTED.slice(batch * RECORDS_PER_BATCH, (batch + 1) * RECORDS_PER_BATCH);
    const messages = Array.from({ length: PARTITIONS }, (_, partition) =>
      records.map((key) => ({ key, value: 'x'.repeat(1_000), partition })),
    );
    await produce(topic, messages.flat(), brokers);
  }
  return topic;
}

/** Reads the topic through the proxy from its beginning until it is live. */
async function readUntilLive(topic: string): Promise<ReaderEvent[]> {
  const metadata = await kafkaCluster({ brokers, clientId: 'test' }).metadata([topic]);
  const topicId = metadata.topics.get(topic)?.topicId;
  const cluster = kafkaCluster({ brokers: proxied, clientId: 'test' });
  const reader = new KafkaReader(
    cluster,
    { names: [topic], wants: () => true },
    { ...DEFAULT_READER, clientId: 'test', maxBytesPerPartition: 30_000 },
  );
  const starts = Array.from({ length: PARTITIONS }, (_, partition) => ({
    ...{ topic, partition, topicId, offset: 0 },
  }));
  const ending = new AbortController();
  const events: ReaderEvent[] = [];
  for await (const event of reader.events(starts, ending.signal)) {
    events.push(event.type === 'records' ? { ...event, records: event.records.map(copyOf) } : event);
    if (event.type === 'live') ending.abort();
  }
  return events;
}

/** Its bytes are valid until the next event is taken. */
function copyOf<Of extends { readonly key: Buffer | null; readonly value: Buffer | null }>(record: Of): Of {
  const { key, value } = record;
  return { ...record, key: key && Buffer.from(key), value: value && Buffer.from(value) };
}

function expectWhole(events: readonly ReaderEvent[]): void {
  const read = Array.from({ length: PARTITIONS }, (): string[] => []);
  for (const event of events) {
    if (event.type !== 'records') continue;
    expect(event.records.length % RECORDS_PER_BATCH).toBe(0);
    const keys = read[event.partition];
    for (const { key, offset, value } of event.records) {
      expect([offset, value?.length]).toEqual([keys?.length, 1_000]);
      keys?.push(String(key));
    }
    expect(event.nextOffset).toBe(keys?.length);
  }
  expect(read).toEqual(Array.from({ length: PARTITIONS }, () => EXPECTED));
}

test('A3 a connection cut behind any byte, of answers and of requests, loses, repeats and halves nothing', async () => {
  const topic = await writtenTopic();
  expectWhole(await readUntilLive(topic));
  const inAnswers = fc.sample(fc.integer({ min: 1, max: 330_000 }), isLong ? 140 : 10);
  const inRequests = fc.sample(fc.integer({ min: 1, max: 1_000 }), isLong ? 60 : 4);
  const cuts: [number, Direction][] = [
    ...inAnswers.map((bytes): [number, Direction] => [bytes, 'from-server']),
    ...inRequests.map((bytes): [number, Direction] => [bytes, 'to-server']),
  ];
  for (const [index, [bytes, direction]] of cuts.entries()) {
    proxy.cutAfter(bytes, direction);
    try {
      expectWhole(await readUntilLive(topic));
      expect(proxy.cuts).toBe(index + 1);
    } catch (cause) {
      throw new Error(`cut after ${bytes} bytes ${direction}`, { cause });
    }
  }
}, 600_000);

test.each(['swallow', 'refuse'] as const)(
  'A3 a network that begins to %s is noticed within the request timeout, and all is there when it is well again',
  async (fault) => {
    const topic = await createTopic({ brokers });
    await produce(topic, [{ key: 'before', value: '1' }], brokers);
    const source = kafkaSource({
      ...{ topics: [topic], brokers: proxied, requestTimeout: '1s', interruptedAfter: '300ms' },
    });
    const seen = collect(source);
    await seen.live();
    proxy[fault]();
    await until('interrupted', () => seen.told().includes('interrupted'));
    await produce(topic, [{ key: 'meanwhile', value: '2' }], brokers);
    proxy.heal();
    await seen.live(2);
    await seen.stop();
    expect(seen.values).toEqual(['before=1', 'meanwhile=2']);
    expect(seen.told()).toEqual(['live', 'interrupted', 'live']);
  },
);
