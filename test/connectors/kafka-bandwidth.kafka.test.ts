// How fast a source takes bytes: as its options say, and as the brokers' quotas say.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { KafkaOptions } from '../../connectors/kafka/options.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { kafkaTool } from '../support/kafka-tool.js';
import { createTopic, produce } from '../support/kafka.js';
import { collect, kafkaSource, type Collected } from './collector.js';

const BATCH_BYTES = 50_000;

let kafka: LocalKafka;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tailrace-quota-kafka-'));
  // Quotas are kept over 2 s, not over 10.
  kafka = await startKafka({ dataDir, properties: { 'quota.window.num': '3' } });
}, 60_000);
afterAll(async () => {
  await kafka.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function topicOf(bytes: number): Promise<string> {
  const topic = await createTopic(kafka);
  for (let at = 0; at < bytes; at += BATCH_BYTES)
    await produce(topic, [{ key: `k${at}`, value: randomBytes(BATCH_BYTES) }], kafka.brokers);
  return topic;
}

/** Reads to the end; ms that it took. */
async function readAll(
  topic: string,
  options: Partial<KafkaOptions>,
): Promise<{ ms: number; seen: Collected }> {
  const startedAt = performance.now();
  const seen = collect(kafkaSource({ topics: [topic], brokers: kafka.brokers, ...options }));
  await seen.live();
  const ms = performance.now() - startedAt;
  await seen.stop();
  return { ms, seen };
}

test('maxBytesPerSecond is kept: half of it takes twice as long, and all is read', async () => {
  const bytes = 1_000_000;
  const topic = await topicOf(bytes);
  const slow = await readAll(topic, { maxBytesPerSecond: bytes / 2 });
  const fast = await readAll(topic, { maxBytesPerSecond: bytes });
  const free = await readAll(topic, {});
  for (const { seen } of [slow, fast, free]) expect(seen.values).toHaveLength(bytes / BATCH_BYTES);
  // The last answer is paid for when nobody waits any more: 3/4 of 2 s, and 3/4 of 1 s.
  expect(slow.ms).toBeGreaterThan(1_400);
  expect(slow.ms / fast.ms).toBeGreaterThan(1.4);
  expect(slow.ms / fast.ms).toBeLessThan(2.8);
  expect(free.ms).toBeLessThan(fast.ms);
});

test("a broker's quota is waited out, longer than a request may take, without losing contact", async () => {
  const topic = await topicOf(650_000);
  const clientId = 'throttled';
  const quota = ['--alter', '--add-config', 'consumer_byte_rate=150000'];
  const who = ['--entity-type', 'clients', '--entity-name', clientId];
  await kafkaTool('kafka-configs.sh', ['--bootstrap-server', kafka.brokers.join(','), ...quota, ...who]);
  const { ms, seen } = await readAll(topic, { clientId, requestTimeout: '1s', interruptedAfter: '100ms' });
  expect(seen.values).toHaveLength(13);
  expect(seen.told()).toEqual(['live']);
  expect(ms).toBeGreaterThan(1_500);
});
