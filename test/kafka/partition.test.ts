// What is known of one partition and of its topic, and how fast bytes may be taken: decisions without a broker.

import { expect, test } from '@jest/globals';

import { Bandwidth, inOneSecond } from '../../src/kafka/bandwidth.js';
import { TOPIC_DENIED, UNKNOWN_TOPIC } from '../../src/kafka/error-codes.js';
import type { TopicMetadata } from '../../src/kafka/metadata.js';
import { PartitionLost, PartitionState } from '../../src/kafka/partition.js';
import { TopicIdentity } from '../../src/kafka/topic-identity.js';

const ID = Buffer.alloc(16, 1);

function partition({ offset = 0, hasId = true } = {}): PartitionState {
  return new PartitionState({ topic: 't', partition: 0, topicId: hasId ? ID : undefined, offset });
}

function topics(change: Partial<TopicMetadata>): Map<string, TopicMetadata> {
  return new Map([
    ['t', { topic: 't', errorCode: 0, topicId: ID, isInternal: false, partitions: [], ...change }],
  ]);
}

test('A10 only an offset that stays the same, with nothing left before it, counts as withheld', () => {
  const state = partition({ offset: 5 });
  state.noteEnds(5, 9, 1_000);
  expect(state.withheldFrom(500, 1_499)).toBeUndefined();
  expect(state.withheldFrom(500, 1_500)).toBe(5);
  state.noteEnds(5, 9, 2_000);
  expect(state.withheldFrom(500, 2_000)).toBe(5);
  state.noteEnds(7, 9, 2_100); // one transaction has ended, the next is open
  expect(state.withheldFrom(500, 9_000)).toBeUndefined();
  state.position = 7;
  state.noteEnds(7, 9, 2_200);
  expect(state.withheldFrom(500, 2_699)).toBeUndefined();
  expect(state.withheldFrom(500, 2_700)).toBe(7);
  state.noteEnds(9, 9, 3_000);
  expect(state.withheldFrom(500, 9_000)).toBeUndefined();
});

test('A12 a topic found by a pattern is lost when it has been gone for ten seconds, one that is named is waited for', () => {
  const states = [partition()];
  const gone = topics({ errorCode: UNKNOWN_TOPIC });
  const byPattern = new TopicIdentity({ isByPattern: true });
  for (const now of [0, 5_000, 10_000]) byPattern.compare(states, gone, now);
  expect(byPattern.isGone('t')).toBe(true);
  expect(() => byPattern.compare(states, gone, 10_001)).toThrow(PartitionLost);
  const named = new TopicIdentity({ isByPattern: false });
  for (const now of [0, 60_000]) named.compare(states, gone, now);
  named.compare(states, topics({}), 61_000);
  expect(named.isGone('t')).toBe(false);
});

test('A12 A19 another id is another topic, without ids so is one that was gone; one that may not be seen is neither', () => {
  const identity = new TopicIdentity({ isByPattern: true });
  expect(() => identity.compare([partition()], topics({ topicId: Buffer.alloc(16, 2) }), 0)).toThrow(
    PartitionLost,
  );
  const old = new TopicIdentity({ isByPattern: false });
  const states = [partition({ hasId: false })];
  old.compare(states, topics({ topicId: undefined }), 0);
  old.compare(states, topics({ topicId: undefined, errorCode: UNKNOWN_TOPIC }), 1);
  expect(() => old.compare(states, topics({ topicId: undefined }), 2)).toThrow(PartitionLost);
  for (const now of [0, 60_000])
    identity.compare([partition()], topics({ errorCode: TOPIC_DENIED, topicId: undefined }), now);
});

test('bytes are paid for before the next are asked for, and none are saved up', () => {
  const bandwidth = new Bandwidth(1_000);
  expect(bandwidth.waitMs(0)).toBe(0);
  bandwidth.spend(500, 0);
  bandwidth.spend(250, 100);
  expect(bandwidth.waitMs(100)).toBe(650);
  bandwidth.spend(100, 60_000);
  expect(bandwidth.waitMs(60_000)).toBe(100);
  const free = new Bandwidth(Infinity);
  free.spend(1e9, 0);
  expect(free.waitMs(0)).toBe(0);
  const limits = { maxBytes: 8_000, maxBytesPerPartition: 500, maxBytesPerSecond: 1_000 };
  expect(inOneSecond(limits)).toEqual({ maxBytes: 1_000, maxBytesPerPartition: 500 });
});
