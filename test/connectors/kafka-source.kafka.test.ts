// The Kafka connector against a real broker: what it reads, and from where.

import { afterEach, expect, test } from '@jest/globals';

import { OptionsRejected, SourceUnavailable } from '../../connectors/contract.js';
import { javaProduce, type JavaStep } from '../support/java-producer.js';
import { createTopic, produce, testBrokers, uniqueTopic, until } from '../support/kafka.js';
import { collect, kafkaSource, type Collected } from './collector.js';

const open: Collected[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});
function reading(...args: Parameters<typeof collect>): Collected {
  const collected = collect(...args);
  open.push(collected);
  return collected;
}

test('A8 reads to the end with progress, says live, then follows; tombstone, empty and null stay apart', async () => {
  const topic = await createTopic();
  await produce(topic, [
    { key: 'a', value: '1' },
    { key: 'b', value: null },
    { key: 'c', value: '' },
    { key: 'd', value: 'null' },
  ]);
  const source = kafkaSource({ topics: [topic] });
  await source.probe(AbortSignal.timeout(5_000));
  const seen = reading(source);
  await seen.live();
  expect(seen.values).toEqual(['a=1', 'b=-', 'c=', 'd=null']);
  expect(seen.events).toContainEqual({ type: 'progress', done: 4, total: 4 });
  await produce(topic, [{ key: 'e', value: '5' }]);
  await until('the new record', () => seen.values.includes('e=5'));
});

test('goes on after a stored position, and finds it again with nothing new', async () => {
  const topic = await createTopic({ partitions: 2 });
  await produce(
    topic,
    [0, 1].map((partition) => ({ key: `k${partition}`, value: 'old', partition })),
  );
  const first = reading(kafkaSource({ topics: [topic] }));
  await first.live();
  await first.stop();
  await produce(topic, [{ key: 'k0', value: 'new', partition: 0 }]);
  const second = reading(kafkaSource({ topics: [topic] }), first.positions);
  await second.live();
  expect(second.values).toEqual(['k0=new']);
});

test('start: latest, a duration and a time leave out what is older', async () => {
  const topic = await createTopic();
  const old = String(Date.now() - 3_600_000);
  await produce(topic, [
    { key: 'old', value: '1', timestamp: old },
    { key: 'recent', value: '2' },
  ]);
  const latest = reading(kafkaSource({ topics: [topic], start: 'latest' }));
  const ago = reading(kafkaSource({ topics: [topic], start: '10m' }));
  const time = reading(kafkaSource({ topics: [topic], start: new Date(Date.now() - 600_000).toISOString() }));
  await Promise.all([latest.live(), ago.live(), time.live()]);
  expect([latest.values, ago.values, time.values]).toEqual([[], ['recent=2'], ['recent=2']]);
  expect(latest.positions.size).toBe(1);
  await produce(topic, [{ key: 'new', value: '3' }]);
  await until('the new record', () => latest.values.includes('new=3'));
});

test('A10 A17 every codec of the Java producer is read, and aborted transactions never show', async () => {
  const topic = await createTopic();
  const steps: JavaStep[] = [];
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    steps.push({ step: 'open', producer: codec, codec });
    for (let n = 0; n < 50; n++)
      steps.push({ step: 'queue', producer: codec, topic, key: codec, value: `${n}`.padStart(200, 'x') });
    steps.push({ step: 'flush', producer: codec });
  }
  const zero = Buffer.alloc(4);
  for (const producer of ['A', 'B'])
    steps.push({ step: 'open', producer, transactionalId: `${topic}-${producer}` });
  steps.push({ step: 'begin', producer: 'A' }, { step: 'begin', producer: 'B' });
  steps.push({ step: 'send', producer: 'A', topic, key: zero, value: 'aborted' });
  steps.push(
    { step: 'send', producer: 'B', topic, key: 'b', value: 'aborted' },
    { step: 'abort', producer: 'B' },
  );
  steps.push(
    { step: 'send', producer: 'A', topic, key: 'a', value: 'aborted' },
    { step: 'abort', producer: 'A' },
  );
  steps.push({ step: 'send', producer: 'none', topic, key: 'end', value: 'ok' });
  await javaProduce(testBrokers(), steps);
  const seen = reading(kafkaSource({ topics: [topic] }));
  await seen.live();
  expect(seen.values).toHaveLength(251);
  expect(seen.values.filter((each) => each.includes('aborted'))).toEqual([]);
  expect(seen.values.at(-1)).toBe('end=ok');
});

test('A16 a batch far larger than the fetch size is read, beside other partitions', async () => {
  const topic = await createTopic({ partitions: 2, configs: { 'max.message.bytes': '2000000' } });
  await produce(topic, [
    { key: 'big', value: 'x'.repeat(900_000), partition: 1 },
    { key: 'small', value: '1', partition: 0 },
  ]);
  const seen = reading(kafkaSource({ topics: [topic], maxBytesPerPartition: 1024 }));
  await seen.live();
  expect(seen.values.map((each) => each.length).sort((a, b) => a - b)).toEqual([7, 900_004]);
});

test('A20 a topic of control and compacted batches is live at its end', async () => {
  const topic = await createTopic();
  await javaProduce(testBrokers(), [
    { step: 'open', producer: 'A', transactionalId: `${topic}-A` },
    { step: 'begin', producer: 'A' },
    { step: 'send', producer: 'A', topic, key: 'a', value: 'aborted' },
    { step: 'abort', producer: 'A' },
  ]);
  const seen = reading(kafkaSource({ topics: [topic] }));
  await seen.live();
  expect(seen.values).toEqual([]);
  expect([...seen.positions.values()][0]).toMatch(/^2@/);
});

test('A21 a pattern finds topics named like built-ins; compacted topics are complete', async () => {
  const prefix = uniqueTopic('p');
  for (const name of ['constructor', '__proto__', 'toString']) {
    const topic = await createTopic({ topic: `${prefix}.${name}`, configs: { 'cleanup.policy': 'compact' } });
    await produce(topic, [{ key: 'k', value: name }]);
  }
  await createTopic({ topic: 'constructor' });
  const source = kafkaSource({ topics: [`${prefix}.*`, 'constructor'] });
  await source.probe(AbortSignal.timeout(5_000));
  expect(source.traits.completeState).toBe(false);
  const seen = reading(source);
  await seen.live();
  expect([...seen.values].sort()).toEqual(['k=__proto__', 'k=constructor', 'k=toString']);
  const compacted = kafkaSource({ topics: [`${prefix}.*`] });
  await compacted.probe(AbortSignal.timeout(5_000));
  expect(compacted.traits.completeState).toBe(true);
});

test('an unknown topic is rejected with names that are near, and no broker is unavailable', async () => {
  const topic = await createTopic();
  const wrong = kafkaSource({ topics: [`${topic}x`] }).probe(AbortSignal.timeout(5_000));
  await expect(wrong).rejects.toThrow(OptionsRejected);
  await expect(wrong).rejects.toThrow(`did you mean ${topic}`);
  const nowhere = kafkaSource({ topics: [topic], brokers: ['127.0.0.1:1'] }).probe(
    AbortSignal.timeout(5_000),
  );
  await expect(nowhere).rejects.toThrow(SourceUnavailable);
});
