// Where reading begins in every partition that there is: at its stored position, or where the options say.

import type { KafkaCluster } from '../../src/kafka/cluster.js';
import { UNKNOWN_TOPIC } from '../../src/kafka/error-codes.js';
import type { ClusterMetadata, TopicMetadata } from '../../src/kafka/metadata.js';
import { PartitionLost } from '../../src/kafka/partition.js';
import type { StartAt } from '../../src/kafka/reader.js';
import { HistoryLost, type Positions } from '../contract.js';
import type { Start } from './options.js';
import { parsePosition, partitionName, partitionOf, topicIdOf, topicIdText } from './position.js';
import type { TopicChoice } from './topics.js';

export interface StartingPoint extends StartAt {
  /** Whether it comes from a stored position. */
  readonly isStored: boolean;
}

/** What the positions leave open. */
export interface HowToStart {
  readonly topics: TopicChoice;
  /** Where all begins when there is no position at all. */
  readonly start: Start;
  readonly after: Positions;
  /** Partitions that had a position which is of no use any more, and where those begin. */
  readonly anew: { readonly partitions: ReadonlySet<string>; readonly start: Start };
}

/**
 * A partition without a position among others that have one has been added since and is read from its beginning. Throws
 * PartitionLost when a topic with a position is gone or another one; HistoryLost; the errors of KafkaCluster.
 */
export async function startingPoints(
  cluster: KafkaCluster,
  metadata: ClusterMetadata,
  { topics, start, after, anew }: HowToStart,
): Promise<StartingPoint[]> {
  const isFirst = after.size === 0 && anew.partitions.size === 0;
  const startOfNew: Start = isFirst ? start : { from: 'earliest' };
  const points: StartingPoint[] = [];
  for (const [name, text] of after) {
    const point = storedPoint(metadata, name, text);
    const isInternal = metadata.topics.get(point.topic)?.isInternal ?? false;
    if (!topics.wants({ topic: point.topic, isInternal }))
      throw new HistoryLost(
        `partition ${name} has a position, but is of none of the topics that are to be read`,
      );
    points.push(point);
  }
  for (const topic of metadata.topics.values()) {
    if (topic.errorCode !== 0 || !topics.wants(topic)) continue;
    const fresh = topic.partitions
      .map(({ partition }) => partition)
      .filter((partition) => !after.has(partitionName(topic.topic, partition)));
    const isLost = (partition: number): boolean => anew.partitions.has(partitionName(topic.topic, partition));
    const added = { partitions: fresh.filter((partition) => !isLost(partition)), start: startOfNew };
    points.push(...(await freshPoints(cluster, topic, added)));
    const lost = { partitions: fresh.filter(isLost), start: anew.start };
    points.push(...(await freshPoints(cluster, topic, lost)));
  }
  return points;
}

function storedPoint(metadata: ClusterMetadata, name: string, text: string): StartingPoint {
  const [place, position] = [partitionOf(name), parsePosition(text)];
  if (place === undefined || position === undefined)
    throw new HistoryLost(`partition ${name}: ${text} is no position`);
  const { offset } = position;
  const found = metadata.topics.get(place.topic);
  const isGone =
    found === undefined ||
    found.errorCode === UNKNOWN_TOPIC ||
    (found.errorCode === 0 && found.partitions.every(({ partition }) => partition !== place.partition));
  const isOther = found?.topicId !== undefined && position.topicId !== topicIdText(found.topicId);
  if (isOther && position.topicId !== '')
    throw new PartitionLost({ fault: 're-created', ...place, position: offset });
  if (isGone) throw new PartitionLost({ fault: 'deleted', ...place, position: offset });
  // Of a topic that we may not see just now, or that has no leader, the position still stands: the reader says what is wrong.
  return { ...place, topicId: found.topicId ?? topicIdOf(position), offset, isStored: true };
}

async function freshPoints(
  cluster: KafkaCluster,
  topic: TopicMetadata,
  which: { readonly partitions: readonly number[]; readonly start: Start },
): Promise<StartingPoint[]> {
  if (which.partitions.length === 0) return [];
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
