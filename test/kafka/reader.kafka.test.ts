// The group-less reader against a real broker: partitions and topics that appear later.

import { expect, test } from '@jest/globals';

import { kafkaCluster } from '../../src/kafka/cluster.js';
import { DEFAULT_READER, KafkaReader } from '../../src/kafka/reader.js';
import { createTopic, produce, testBrokers, uniqueTopic, until, withAdmin } from '../support/kafka.js';

test('partitions added and topics created later are read from their beginning', async () => {
  const prefix = uniqueTopic('late');
  const topic = await createTopic({ topic: `${prefix}.a` });
  const cluster = kafkaCluster({ brokers: testBrokers(), clientId: 'test' });
  const topics = { names: undefined, wants: (each: { topic: string }) => each.topic.startsWith(prefix) };
  const reader = new KafkaReader(cluster, topics, {
    ...DEFAULT_READER,
    clientId: 'test',
    metadataRefreshMs: 200,
  });
  const ending = new AbortController();
  const seen: string[] = [];
  const running = (async () => {
    for await (const event of reader.events([], ending.signal)) {
      if (event.type === 'records') seen.push(...event.records.map(({ value }) => value?.toString() ?? '-'));
    }
  })();
  await produce(topic, [{ value: 'first' }]);
  await until('the first record', () => seen.includes('first'));
  await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
  await createTopic({ topic: `${prefix}.b` });
  await produce(topic, [{ value: 'new partition', partition: 1 }]);
  await produce(`${prefix}.b`, [{ value: 'new topic' }]);
  await until('both', () => seen.length === 3);
  ending.abort();
  await running;
  expect([...seen].sort()).toEqual(['first', 'new partition', 'new topic']);
});
