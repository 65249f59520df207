// The newest records of topics, for somebody who wants to know what they hold: few of them, within bounds of time and memory.

import type { SourceRecord } from '../../../connectors/contract.js';
import { KafkaRefused, KafkaUnreachable } from '../../kafka/access-error.js';
import type { KafkaCluster } from '../../kafka/cluster.js';
import { KafkaDataError } from '../../kafka/data-error.js';
import type { TopicMetadata } from '../../kafka/metadata.js';
import { PartitionLost } from '../../kafka/partition.js';
import { DEFAULT_READER, KafkaReader, type StartAt } from '../../kafka/reader.js';
import type { Ms } from '../../topic/update.js';

/** What was found of one topic. */
export interface TopicSample {
  readonly topic: string;
  readonly partitions: number;
  /** Whether it keeps the newest record of every key; undefined: this user may not know. */
  readonly isCompacted: boolean | undefined;
  /** The newest of each partition that was looked at, oldest first. Their bytes are copies. */
  readonly records: readonly SourceRecord[];
  /** Why there are none, or not all that were wanted. */
  readonly trouble: string | undefined;
}

export interface SamplingOptions {
  readonly topics: readonly TopicMetadata[];
  /** Told when a topic is done. */
  readonly onSampled: (done: number) => void;
  readonly signal: AbortSignal;
}

const RECORDS_PER_TOPIC = 50;
const BYTES_PER_TOPIC = 8 * 1024 * 1024;
/** Others would hardly say anything else. */
const PARTITIONS_PER_TOPIC = 10;
const TIME_PER_TOPIC: Ms = 5_000;
const TOPICS_AT_ONCE = 4;
/** Offsets that are no records: gaps of compaction, ends of transactions. */
const OFFSETS_PER_RECORD = 4;
const CLIENT_ID = 'tailrace-init';

/** In the order of `topics`. Rejects with KafkaUnreachable where the cluster does not answer. */
export async function sampleTopics(
  cluster: KafkaCluster,
  { topics, onSampled, signal }: SamplingOptions,
): Promise<readonly TopicSample[]> {
  const samples: TopicSample[] = [];
  const left = [...topics.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined && !signal.aborted; next = left.shift()) {
      const [index, topic] = next;
      samples[index] = await sampleTopic(cluster, topic, signal);
      onSampled(samples.filter(Boolean).length);
    }
  };
  await Promise.all(Array.from({ length: TOPICS_AT_ONCE }, work));
  signal.throwIfAborted();
  return samples;
}

async function sampleTopic(
  cluster: KafkaCluster,
  topic: TopicMetadata,
  signal: AbortSignal,
): Promise<TopicSample> {
  const known = { topic: topic.topic, partitions: topic.partitions.length };
  const isCompacted = await cluster.isCompacted(topic.topic).catch((error: unknown) => {
    if (error instanceof KafkaUnreachable) throw error;
    return undefined;
  });
  const kept = new NewestRecords();
  try {
    const starts = await startsOf(cluster, topic);
    await read(cluster, starts, kept, signal);
    return { ...known, isCompacted, records: kept.all(), trouble: undefined };
  } catch (error) {
    return { ...known, isCompacted, records: kept.all(), trouble: troubleOf(error) };
  }
}

/** Unknown errors are bugs and go on; a cluster that is gone ends the whole. */
function troubleOf(error: unknown): string {
  if (error instanceof KafkaRefused || error instanceof KafkaDataError || error instanceof PartitionLost)
    return error.message;
  throw error;
}

/** Shortly before the ends of those partitions that hold something. */
async function startsOf(cluster: KafkaCluster, { topic, topicId }: TopicMetadata): Promise<StartAt[]> {
  const ends = [...(await cluster.ends(topic))].filter(([, { low, high }]) => high > low);
  const chosen = ends.slice(0, PARTITIONS_PER_TOPIC);
  const offsets = Math.ceil((RECORDS_PER_TOPIC * OFFSETS_PER_RECORD) / Math.max(1, chosen.length));
  return chosen.map(([partition, { low, high }]) => ({
    ...{ topic, partition, topicId, offset: Math.max(low, high - offsets) },
  }));
}

async function read(
  cluster: KafkaCluster,
  starts: readonly StartAt[],
  kept: NewestRecords,
  signal: AbortSignal,
): Promise<void> {
  const [first] = starts;
  if (first === undefined) return;
  const ending = AbortSignal.any([signal, AbortSignal.timeout(TIME_PER_TOPIC)]);
  const followed = new Set(starts.map(({ partition }) => partition));
  const topics = { names: [first.topic], wants: () => false };
  const reader = new KafkaReader(cluster, topics, { ...DEFAULT_READER, clientId: CLIENT_ID });
  for await (const event of reader.events(starts, ending)) {
    if (event.type === 'records' && followed.has(event.partition))
      kept.add(event.partition, event.records, Math.ceil(RECORDS_PER_TOPIC / starts.length));
    if (event.type === 'live' || event.type === 'interrupted' || kept.bytes > BYTES_PER_TOPIC) return;
  }
}

/** Invariant: of each partition the newest records that were added, and `bytes` is what they hold. */
class NewestRecords {
  bytes = 0;
  readonly #partitions = new Map<number, SourceRecord[]>();

  add(partition: number, records: readonly SourceRecord[], most: number): void {
    const kept = this.#partitions.get(partition) ?? [];
    for (const record of records.slice(-most)) {
      kept.push(copyOf(record));
      this.bytes += sizeOf(record);
    }
    for (const old of kept.splice(0, Math.max(0, kept.length - most))) this.bytes -= sizeOf(old);
    this.#partitions.set(partition, kept);
  }

  all(): readonly SourceRecord[] {
    return [...this.#partitions.values()].flat();
  }
}

function sizeOf({ key, value }: SourceRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

function copyOf({ key, value, headers, timestampMs, offset }: SourceRecord): SourceRecord {
  const copy = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));
  return {
    key: copy(key),
    value: copy(value),
    headers: headers?.map((header) => ({ name: header.name, value: copy(header.value) })),
    timestampMs,
    offset,
  };
}
