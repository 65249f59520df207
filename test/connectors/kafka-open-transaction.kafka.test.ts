// A10: a transaction that stays open. What the broker withholds because of it is not shown, not skipped, and comes later.

import { expect, test } from '@jest/globals';

import { javaProduce } from '../support/java-producer.js';
import { kafkaToolAsTold } from '../support/kafka-tool.js';
import { client, createTopic, produce, testBrokers, until } from '../support/kafka.js';
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

test('A10 G13 a transaction whose producer died is told with the command that ends it, and what it withheld comes then', async () => {
  const topic = await createTopic({ partitions: 2 });
  await produce(
    topic,
    [0, 1].map((partition) => ({ key: 'before', value: `${partition}`, partition })),
  );
  await javaProduce(testBrokers(), [
    { step: 'open', producer: 'A', transactionalId: topic },
    { step: 'begin', producer: 'A' },
    { step: 'send', producer: 'A', topic, partition: 1, key: 'open', value: 'never' },
    { step: 'halt' },
  ]);
  const seen = collect(kafkaSource({ topics: [topic], openTransactionAfter: '700ms' }));
  await seen.live();
  await produce(topic, [{ key: 'behind', value: '2', partition: 1 }]);
  const lag = (): number | undefined =>
    seen.events.flatMap((event) => (event.type === 'records' ? [event.behind ?? 0] : [])).at(-1);
  await until('the lag', () => lag() === 2);
  expect(seen.told()).toEqual(['live']);
  await until('the alarm', () => seen.told().includes('interrupted'));
  const [alarm] = seen.events.filter((event) => event.type === 'interrupted');
  const reason = alarm?.type === 'interrupted' ? alarm.reason : '';
  const at = Number.parseInt(seen.positions.get(`${topic}/1`) ?? '', 10);
  expect(reason).toContain(
    `topic ${topic} partition 1: a transaction that began at offset ${at} has been open`,
  );

  await produce(topic, [{ key: 'beside', value: '3', partition: 0 }]);
  await until('the other partition', () => seen.values.includes('beside=3'));
  await kafkaToolAsTold(reason);
  await until('what was behind', () => seen.values.includes('behind=2'));
  await seen.live(2);
  expect(seen.told()).toEqual(['live', 'interrupted', 'live']);
  expect(seen.values.filter((each) => each.includes('never'))).toEqual([]);
  expect(lag()).toBe(0);
  await seen.stop();
}, 60_000);
