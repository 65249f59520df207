// Which topics there are, with their ids, partitions and leaders: Metadata version 10, which kafkajs does not speak and which alone
// tells topic ids (Kafka 2.8 and later).

import { Bytes } from './fetch-request.js';
import { ProtocolReader } from './protocol-reader.js';

export interface NodeAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface TopicMetadata {
  readonly topic: string;
  /** 0, or why there is nothing to say about it: 3 unknown, 29 not allowed, 17 no valid name. */
  readonly errorCode: number;
  /** 16 bytes; undefined on brokers that have none. */
  readonly topicId: Buffer | undefined;
  /** Made by Kafka itself. */
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id; -1 while there is none. */
  readonly leader: number;
}

export interface ClusterMetadata {
  readonly nodes: readonly NodeAddress[];
  /** By name: a Map, since topics may be called `constructor`. */
  readonly topics: ReadonlyMap<string, TopicMetadata>;
}

export const METADATA_API = 3;
export const METADATA_VERSION = 10;

/** The request after its header's client id. `topics`: undefined asks for all. */
export function metadataRequest(topics: readonly string[] | undefined): Buffer {
  const out = new Bytes(true).tags(); // of the request header, which kafkajs writes without
  out.count(topics?.length ?? -1);
  for (const topic of topics ?? []) out.raw(Buffer.alloc(16)).string(topic).tags();
  const no = 0;
  return out.int8(no).int8(no).int8(no).tags().finish(); // do not create topics, do not list operations
}

/** `bytes` is what follows the correlation id. Throws KafkaDataError. */
export function readMetadataResponse(bytes: Buffer): ClusterMetadata {
  const input = new ProtocolReader(bytes, 0, { flexible: true });
  input.tags();
  input.int32(); // throttle
  const nodes: NodeAddress[] = [];
  for (let left = input.count(); left > 0; left--) {
    nodes.push({ nodeId: input.int32(), host: input.string(), port: input.int32() });
    input.string(); // rack
    input.tags();
  }
  input.string(); // cluster id
  input.int32(); // controller
  const topics = new Map<string, TopicMetadata>();
  for (let left = input.count(); left > 0; left--) {
    const topic = readTopic(input);
    topics.set(topic.topic, topic);
  }
  return { nodes, topics };
}

function readTopic(input: ProtocolReader): TopicMetadata {
  const errorCode = input.int16();
  const topic = input.string();
  const topicId = Buffer.from(input.uuid());
  const isInternal = input.int8() !== 0;
  const partitions: PartitionMetadata[] = [];
  for (let left = input.count(); left > 0; left--) {
    input.int16(); // error: a missing leader is -1 anyway
    partitions.push({ partition: input.int32(), leader: input.int32() });
    input.int32(); // leader epoch
    for (let lists = 3; lists > 0; lists--) for (let nodes = input.count(); nodes > 0; nodes--) input.int32();
    input.tags();
  }
  input.int32(); // allowed operations
  input.tags();
  return {
    topic,
    errorCode,
    topicId: topicId.every((byte) => byte === 0) ? undefined : topicId,
    isInternal,
    partitions,
  };
}
