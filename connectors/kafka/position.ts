// The text of a position: the next offset, and the id of the topic that it counts in, so that an offset of a deleted topic is
// never applied to a new one of the same name.

import type { Position } from '../contract.js';

export interface KafkaPosition {
  /** First offset that has not been read. */
  readonly offset: number;
  /** Topic id in base64url; empty where the cluster has none (before Kafka 2.8). */
  readonly topicId: string;
}

/** `4711@tVgIpCVpQ6aB-pL9qZkBWQ`, or `4711`. */
export function positionText({ offset, topicId }: KafkaPosition): Position {
  return topicId === '' ? String(offset) : `${offset}@${topicId}`;
}

/** undefined: it is no position of ours. */
export function parsePosition(text: Position): KafkaPosition | undefined {
  const match = /^([0-9]{1,16})(?:@([A-Za-z0-9_-]{22}))?$/.exec(text);
  if (match === null) return undefined;
  return { offset: Number(match[1]), topicId: match[2] ?? '' };
}

/** undefined: there is none. */
export function topicIdOf({ topicId }: KafkaPosition): Buffer | undefined {
  return topicId === '' ? undefined : Buffer.from(topicId, 'base64url');
}

export function topicIdText(id: Buffer | undefined): string {
  return id === undefined ? '' : id.toString('base64url');
}

/** Name of a partition in events: `topic/0`. Topic names have no slash. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** The parts of such a name; undefined: it is none of ours. */
export function partitionOf(name: string): { topic: string; partition: number } | undefined {
  const match = /^([^/]+)\/([0-9]{1,10})$/.exec(name);
  return match?.[1] === undefined ? undefined : { topic: match[1], partition: Number(match[2]) };
}
