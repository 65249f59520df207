// A11 A12: what comes after our position is gone. Never passed over in silence: reading ends with it, or goes on as configured
// and says so.

import { expect, test } from '@jest/globals';

import { HistoryLost, type Positions } from '../../connectors/contract.js';
import { partitionName, positionText, topicIdText } from '../../connectors/kafka/position.js';
import { kafkaCluster } from '../../src/kafka/cluster.js';
import { createTopic, produce, testBrokers, uniqueTopic, until, withAdmin } from '../support/kafka.js';
import { collect, kafkaSource, type Collected } from './collector.js';

/** Stored positions: an offset for each partition. */
async function positions(topic: string, ...offsets: number[]): Promise<Positions> {
  const { topics } = await kafkaCluster({ brokers: testBrokers(), clientId: 'test' }).metadata([topic]);
  const topicId = topicIdText(topics.get(topic)?.topicId);
  return new Map(
    offsets.map((offset, partition) => [partitionName(topic, partition), positionText({ offset, topicId })]),
  );
}

async function write(topic: string, keys: readonly string[], partition = 0): Promise<void> {
  await produce(
    topic,
    keys.map((key) => ({ key, value: '1', partition })),
  );
}

async function deleteTopic(topic: string): Promise<void> {
  await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
  const isGone = async (admin: { listTopics(): Promise<string[]> }) =>
    !(await admin.listTopics()).includes(topic);
  await until('the topic is gone', () => withAdmin(isGone));
}

async function deleteRecords(topic: string, upTo: number): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(upTo) }] });
  });
}

async function untilLost(seen: Collected): Promise<string> {
  await until('the error', () => seen.error() !== undefined);
  expect(seen.error()).toBeInstanceOf(HistoryLost);
  return String(seen.error());
}

function reasonOf({ events }: Collected): string {
  const told = events.find(({ type }) => type === 'interrupted');
  return told?.type === 'interrupted' ? told.reason : '';
}

test('A11 a position below the beginning or above the end of the log is a lost history, with the bounds', async () => {
  const topic = await createTopic();
  await write(topic, ['a', 'b', 'c', 'd']);
  await deleteRecords(topic, 3);
  const below = collect(kafkaSource({ topics: [topic] }), await positions(topic, 1));
  expect(await untilLost(below)).toContain('position 1 is outside of the log, it holds 3 to 4');
  const above = collect(kafkaSource({ topics: [topic] }), await positions(topic, 9));
  expect(await untilLost(above)).toContain('position 9 is outside of the log, it holds 3 to 4');
  expect([...below.values, ...above.values]).toEqual([]);
});

test.each([
  ['earliest', ['d', 'next']],
  ['latest', ['next']],
] as const)(
  'A11 with onHistoryLost: %s reading goes on there by itself, says so once, and misses nothing of other partitions',
  async (onHistoryLost, expected) => {
    const topic = await createTopic({ partitions: 2 });
    await write(topic, ['a', 'b', 'c', 'd']);
    await write(topic, ['beside'], 1);
    await deleteRecords(topic, 3);
    const seen = collect(kafkaSource({ topics: [topic], onHistoryLost }), await positions(topic, 1, 0));
    await seen.live();
    await write(topic, ['next']);
    await until('the next record', () => seen.values.includes('next=1'));
    expect(seen.told()).toEqual(['interrupted', 'live']);
    expect(reasonOf(seen)).toContain(
      `position 1 is outside of the log, it holds 3 to 4; goes on from the ${onHistoryLost} record`,
    );
    expect([...seen.values].sort()).toEqual(['beside', ...expected].map((key) => `${key}=1`));
    await seen.stop();

    const again = collect(kafkaSource({ topics: [topic] }), seen.positions);
    await again.live();
    expect(again.values).toEqual([]);
  },
);

test.each([
  ['shorter', ['x']],
  ['as long', ['x', 'y']],
  ['longer', ['x', 'y', 'z']],
])(
  'A12 a topic that was deleted and re-created %s is a lost history: while reading, after, and goes on with onHistoryLost',
  async (_, keys) => {
    const topic = await createTopic();
    await write(topic, ['a', 'b']);
    const seen = collect(kafkaSource({ topics: [topic] }));
    const lenient = collect(kafkaSource({ topics: [topic], onHistoryLost: 'earliest' }));
    await Promise.all([seen.live(), lenient.live()]);
    await deleteTopic(topic);
    await createTopic({ topic });
    await write(topic, keys);
    expect(await untilLost(seen)).toContain('the topic was deleted and created again');
    expect(seen.values).toEqual(['a=1', 'b=1']);
    const after = collect(kafkaSource({ topics: [topic] }), seen.positions);
    expect(await untilLost(after)).toContain('the topic was deleted and created again');
    await until('the new records', () => lenient.values.length === 2 + keys.length);
    expect(lenient.values).toEqual(['a', 'b', ...keys].map((key) => `${key}=1`));
    await lenient.live(2);
  },
);

test('A12 a position in a topic that is not there any more is a lost history, and is left with onHistoryLost', async () => {
  const prefix = uniqueTopic();
  const [stays, goes] = [
    await createTopic({ topic: `${prefix}.a` }),
    await createTopic({ topic: `${prefix}.b` }),
  ];
  await write(stays, ['stays']);
  const after = new Map([...(await positions(stays, 0)), ...(await positions(goes, 0))]);
  await deleteTopic(goes);
  const seen = collect(kafkaSource({ topics: [`${prefix}.*`] }), after);
  expect(await untilLost(seen)).toContain(
    `topic ${goes} partition 0: position 0 is of a topic that was deleted`,
  );
  const lenient = collect(kafkaSource({ topics: [`${prefix}.*`], onHistoryLost: 'latest' }), after);
  await lenient.live();
  expect([lenient.values, lenient.told()]).toEqual([['stays=1'], ['interrupted', 'live']]);
});
