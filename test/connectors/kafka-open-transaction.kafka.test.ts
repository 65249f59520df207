// A10: a transaction that stays open. What the broker withholds because of it is not shown, not skipped, and comes later.

import { expect, test } from '@jest/globals';

import { client, createTopic, produce, until } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';

test('A10 an open transaction holds back what is behind it and nothing else; after the abort that comes', async () => {
  const topic = await createTopic({ partitions: 2 });
  const producer = client().producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  await produce(topic, [{ key: 'before', value: '1', partition: 0 }]);
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ key: 'open', value: '2', partition: 0 }] });
  await produce(topic, [
    { key: 'behind', value: '3', partition: 0 },
    { key: 'beside', value: '4', partition: 1 },
  ]);

  const early = collect(kafkaSource({ topics: [topic] }));
  await early.live();
  await produce(topic, [
    { key: 'also behind', value: '5', partition: 0 },
    { key: 'also beside', value: '6', partition: 1 },
  ]);
  await until('the other partition', () => early.values.includes('also beside=6'));
  expect([...early.values].sort()).toEqual(['also beside=6', 'before=1', 'beside=4']);
  expect(early.events).toContainEqual({ type: 'progress', done: 2, total: 2 });
  expect(early.positions.get(`${topic}/0`)).toMatch(/^1@/);
  await early.stop();

  const later = collect(kafkaSource({ topics: [topic] }), early.positions);
  await later.live();
  expect(later.values).toEqual([]);
  await transaction.abort();
  await until('what was behind', () => later.values.length === 2);
  await until(
    'the abort marker is passed',
    () => later.positions.get(`${topic}/0`)?.startsWith('5@') === true,
  );
  expect(later.values).toEqual(['behind=3', 'also behind=5']);
  expect(later.told()).toEqual(['live']);
  await later.stop();
  await producer.disconnect();
});

test('A10 what is in an open transaction comes when it commits, in the order of the log', async () => {
  const topic = await createTopic();
  const producer = client().producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ key: 'k', value: 'committed' }] });
  await produce(topic, [{ key: 'k', value: 'behind' }]);
  const seen = collect(kafkaSource({ topics: [topic] }));
  await seen.live();
  expect(seen.values).toEqual([]);
  await transaction.commit();
  await until('both', () => seen.values.length === 2);
  expect(seen.values).toEqual(['k=committed', 'k=behind']);
  await seen.stop();
  await producer.disconnect();
});
