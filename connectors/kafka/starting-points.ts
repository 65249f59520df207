// Where reading begins in every partition that there is: at its stored position, or where the options say.

import type { KafkaCluster } from '../../src/kafka/cluster.js';
import type { ClusterMetadata, TopicMetadata } from '../../src/kafka/metadata.js';
import { PartitionLost } from '../../src/kafka/partition.js';
import type { StartAt } from '../../src/kafka/reader.js';
import { HistoryLost, type Positions } from '../contract.js';
import type { Start } from './options.js';
import { parsePosition, partitionName, topicIdText } from './position.js';
import type { TopicChoice } from './topics.js';

export interface StartingPoint extends StartAt {
  /** Whether it comes from a stored position. */
  readonly isStored: boolean;
}

/**
 * A partition without a position among others that have one has been added since and is read from its beginning. Throws HistoryLost
 * when a topic with a position is gone or another one; the errors of KafkaCluster.
 */
export async function startingPoints(
  cluster: KafkaCluster,
  metadata: ClusterMetadata,
  how: { readonly topics: TopicChoice; readonly start: Start; readonly after: Positions },
): Promise<StartingPoint[]> {
  const { topics, after } = how;
  const start: Start = after.size === 0 ? how.start : { from: 'earliest' };
  const points: StartingPoint[] = [];
  const found = new Set<string>();
  for (const topic of metadata.topics.values()) {
    if (topic.errorCode !== 0 || !topics.wants(topic)) continue;
    const fresh: number[] = [];
    for (const { partition } of topic.partitions) {
      const name = partitionName(topic.topic, partition);
      const stored = after.get(name);
      found.add(name);
      if (stored === undefined) fresh.push(partition);
      else points.push(storedPoint(topic, partition, stored));
    }
    if (fresh.length > 0) points.push(...(await freshPoints(cluster, topic, { partitions: fresh, start })));
  }
  for (const name of after.keys()) {
    if (!found.has(name))
      throw new HistoryLost(`partition ${name} has a position but the cluster does not have it any more`);
  }
  return points;
}

function storedPoint(topic: TopicMetadata, partition: number, text: string): StartingPoint {
  const position = parsePosition(text);
  if (position === undefined)
    throw new HistoryLost(`partition ${partitionName(topic.topic, partition)}: ${text} is no position`);
  const { offset, topicId } = position;
  const isOther = topicId !== '' && topicId !== topicIdText(topic.topicId);
  if (isOther)
    throw historyLost(
      new PartitionLost({ fault: 're-created', topic: topic.topic, partition, position: offset }),
    );
  return { topic: topic.topic, partition, topicId: topic.topicId, offset, isStored: true };
}

async function freshPoints(
  cluster: KafkaCluster,
  topic: TopicMetadata,
  which: { readonly partitions: readonly number[]; readonly start: Start },
): Promise<StartingPoint[]> {
  const offsets = await startOffsets(cluster, topic.topic, which.start);
  return which.partitions.flatMap((partition) => {
    const offset = offsets.get(partition);
    return offset === undefined
      ? []
      : [{ topic: topic.topic, partition, topicId: topic.topicId, offset, isStored: false }];
  });
}

async function startOffsets(
  cluster: KafkaCluster,
  topic: string,
  start: Start,
): Promise<ReadonlyMap<number, number>> {
  switch (start.from) {
    case 'earliest':
    case 'latest': {
      const ends = await cluster.ends(topic);
      return new Map(
        [...ends].map(([partition, { low, high }]) => [partition, start.from === 'earliest' ? low : high]),
      );
    }
    case 'time':
      return cluster.offsetsAt(topic, start.timestampMs);
    case 'ago':
      return cluster.offsetsAt(topic, Date.now() - start.durationMs);
  }
}

/** The contract's error for the reader's. */
export function historyLost(lost: PartitionLost): HistoryLost {
  return new HistoryLost(lost.message, { cause: lost });
}
