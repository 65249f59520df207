// A1 A2: the broker is killed and comes back on the same port and data.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { client, createTopic, until } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';

let kafka: LocalKafka;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tailrace-kill-kafka-'));
  kafka = await startKafka({ dataDir });
}, 60_000);
afterAll(async () => {
  await kafka.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

test('A1 A2 a killed broker is said after the grace, retried, and nothing is lost or repeated', async () => {
  const { brokers } = kafka;
  const topic = await createTopic({ brokers, partitions: 2 });
  // Else kafkajs writes some twice when it has to try again.
  const producer = client(brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
  const write = async (from: number): Promise<void> => {
    await producer.connect();
    const messages = Array.from({ length: 20 }, (_, n) => ({
      ...{ key: `k${from + n}`, value: 'v', partition: n % 2 },
    }));
    await producer.send({ topic, messages });
    await producer.disconnect();
  };
  await write(0);
  const seen = collect(kafkaSource({ topics: [topic], brokers }));
  await seen.live();
  await kafka.kill('SIGKILL');
  await until('interrupted', () => seen.told().includes('interrupted'));
  await kafka.restart();
  await write(20);
  await seen.live(2);
  await until('all records', () => seen.values.length >= 40);
  await seen.stop();
  expect(seen.told()).toEqual(['live', 'interrupted', 'live']);
  expect([...seen.values].sort()).toEqual(Array.from({ length: 40 }, (_, n) => `k${n}=v`).sort());
}, 60_000);
