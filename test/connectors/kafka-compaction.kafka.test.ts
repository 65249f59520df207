// A20 A8: topics that the broker's cleaner has been through: gaps, emptied batches, tombstones that are kept and that are gone.

import { expect, test } from '@jest/globals';

import { client, createTopic, produce } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';
import { COMPACT, compacted, others, readAll } from './compacted-topic.js';

test('A20 A8 a compacted topic with gaps is read to its end, with the newest value or tombstone of each key', async () => {
  const topic = await createTopic({ configs: COMPACT });
  const rounds = 5;
  for (let round = 1; round <= rounds; round++) {
    const value = (n: number): string | null => (round === rounds && n < 2 ? null : `${round}`);
    await produce(
      topic,
      Array.from({ length: 10 }, (_, n) => ({ key: `k${n}`, value: value(n) })),
    );
  }
  const rolls = await compacted(topic, (values) => others(values).length === 10);
  const { values, position } = await readAll(topic);
  expect(others(values)).toEqual(Array.from({ length: 10 }, (_, n) => `k${n}=${n < 2 ? '-' : rounds}`));
  expect(values.at(-1)).toBe(`roll=${rolls}`);
  expect(position).toBe(10 * rounds + rolls);

  const seen = collect(kafkaSource({ topics: [topic] }), new Map([[`${topic}/0`, '3']]));
  await seen.live();
  expect(others(seen.values)).toEqual(others(values));
  await seen.stop();
}, 60_000);

test('A20 tombstones that the cleaner took are passed like any other gap', async () => {
  const topic = await createTopic({ configs: { ...COMPACT, 'delete.retention.ms': '0' } });
  await produce(topic, [{ key: 'gone', value: '1' }]);
  await produce(topic, [{ key: 'gone', value: null }]);
  const rolls = await compacted(topic, (values) => others(values).length === 0);
  const { values, position } = await readAll(topic);
  expect(values.at(-1)).toBe(`roll=${rolls}`);
  expect(position).toBe(2 + rolls);
}, 60_000);

test("A20 a batch that the cleaner emptied and kept, as a producer's last one, moves the position and nothing else", async () => {
  const topic = await createTopic({ configs: COMPACT });
  const producer = client().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: [{ key: 'k', value: 'old' }] });
  await producer.disconnect();
  const large = 'x'.repeat(2_000);
  await produce(topic, [{ key: 'k', value: large }]);
  await compacted(topic, (values) => others(values).length === 1);

  // So little in one fetch that the emptied batch comes alone.
  const seen = collect(kafkaSource({ topics: [topic], maxBytesPerPartition: 1024 }));
  await seen.live();
  expect(others(seen.values)).toEqual([`k=${large}`]);
  expect(seen.events).toContainEqual(
    expect.objectContaining({ type: 'records', records: [], position: expect.stringMatching(/^1@/) }),
  );
  await seen.stop();
}, 60_000);
