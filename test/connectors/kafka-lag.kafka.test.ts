// How far behind a Kafka source says that it is.

import { expect, test } from '@jest/globals';

import { client, createTopic, produce, until } from '../support/kafka.js';
import { collect, kafkaSource, type Collected } from './collector.js';

/** What the record events of a partition said, in order. */
function told({ events }: Collected): (number | undefined)[] {
  return events.flatMap((event) => (event.type === 'records' ? [event.behind] : []));
}

test('behind counts the offsets up to the end of the log, and is 0 there', async () => {
  const topic = await createTopic();
  const value = 'x'.repeat(10_000);
  for (let i = 0; i < 4; i++) await produce(topic, [{ key: `k${i}`, value }]);
  const source = kafkaSource({ topics: [topic], maxBytesPerPartition: 16_000 });
  const collected = collect(source);
  await collected.live();
  expect(told(collected)).toEqual([undefined, 3, 2, 1, 0]);
  await collected.stop();
});

test('A10 behind grows while an open transaction holds everything back, though no record comes', async () => {
  const topic = await createTopic();
  const producer = client().producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  await produce(topic, [{ key: 'before', value: '1' }]);
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ key: 'open', value: '2' }] });
  const collected = collect(kafkaSource({ topics: [topic] }));
  await until('the record before', () => collected.values.length === 1);
  await until('the open one', () => told(collected).at(-1) === 1);
  await produce(topic, [
    { key: 'behind', value: '3' },
    { key: 'behind', value: '4' },
  ]);
  await until('those behind', () => told(collected).at(-1) === 3);
  await transaction.commit();
  await until('the end', () => told(collected).at(-1) === 0);
  expect(collected.values).toEqual(['before=1', 'open=2', 'behind=3', 'behind=4']);
  await collected.stop();
  await producer.disconnect();
});

test('A20 behind reaches 0 at a tail of aborted records and markers alone, and where reading begins in it', async () => {
  const topic = await createTopic();
  const producer = client().producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  await produce(topic, [{ key: 'before', value: '1' }]);
  const collected = collect(kafkaSource({ topics: [topic] }));
  await collected.live();
  for (let n = 0; n < 3; n++) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: 'aborted', value: `${n}` }] });
    await transaction.abort();
  }
  const position = (): string | undefined => collected.positions.get(`${topic}/0`);
  await until('the end', () => position()?.startsWith('7@') === true && told(collected).at(-1) === 0);
  const id = position()?.slice(1) ?? '';
  const within = collect(kafkaSource({ topics: [topic] }), new Map([[`${topic}/0`, `3${id}`]]));
  await within.live();
  expect([collected.values, within.values, told(within).at(-1)]).toEqual([['before=1'], [], 0]);
  await Promise.all([collected.stop(), within.stop(), producer.disconnect()]);
});
