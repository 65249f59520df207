// Reads a fetch response in place: per partition the error code, the ends of the log, the aborted transactions, and where the
// record batches lie in the response.

import type { FetchVersion } from './fetch-request.js';
import { ProtocolReader } from './protocol-reader.js';
import type { AbortedTransaction } from './record-set.js';

export interface FetchedPartition {
  /** Number within the topic. */
  readonly partition: number;
  /** Which topic: the name (version 11) or the id (version 13), as `topicIdKey` writes it. */
  readonly topicKey: string;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** End of what a committed read may see. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Node to read this partition from instead, -1: stay. */
  readonly preferredReplica: number;
  /** Where this broker's log parts from the one that we have read: what we have from there on is not in it. */
  readonly divergedAt: number | undefined;
  /** Record batches: `bytes[start, end)`. */
  readonly start: number;
  readonly end: number;
}

export interface FetchResponse {
  /** 0, or the error of the whole request. */
  readonly errorCode: number;
  readonly throttleMs: number;
  readonly partitions: readonly FetchedPartition[];
}

const NO_ABORTS: readonly AbortedTransaction[] = [];

/** `bytes` from `at` on is what follows the correlation id. Throws KafkaDataError. */
export function readFetchResponse(bytes: Buffer, at: number, version: FetchVersion): FetchResponse {
  const input = new ProtocolReader(bytes, at, { flexible: version >= 12 });
  input.tags();
  const throttleMs = input.int32();
  const errorCode = input.int16();
  input.int32(); // session id
  const partitions: FetchedPartition[] = [];
  for (let topics = input.count(); topics > 0; topics--) {
    const topicKey = version === 13 ? topicIdKey(input.uuid()) : input.string();
    for (let left = input.count(); left > 0; left--) partitions.push(readPartition(input, topicKey));
    input.tags();
  }
  return { errorCode, throttleMs, partitions };
}

/** How a topic id is written in `topicKey`. */
export function topicIdKey(id: Buffer): string {
  return id.toString('latin1');
}

function readPartition(input: ProtocolReader, topicKey: string): FetchedPartition {
  const partition = input.int32();
  const errorCode = input.int16();
  const highWatermark = input.int64();
  const lastStableOffset = input.int64();
  const logStartOffset = input.int64();
  const aborted = readAborted(input);
  const preferredReplica = input.int32();
  const length = input.byteField();
  const end = input.at;
  const divergedAt = readDivergence(input);
  return {
    ...{
      partition,
      topicKey,
      errorCode,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      aborted,
      preferredReplica,
      divergedAt,
    },
    ...{ start: end - length, end },
  };
}

const DIVERGING_EPOCH = 0;

/** The tagged field with the largest epoch that both logs have, and where that ends in the broker's. */
function readDivergence(input: ProtocolReader): number | undefined {
  let divergedAt: number | undefined;
  input.tags((tag) => {
    if (tag !== DIVERGING_EPOCH) return;
    input.int32(); // the epoch
    divergedAt = input.int64();
  });
  return divergedAt;
}

function readAborted(input: ProtocolReader): readonly AbortedTransaction[] {
  const count = input.count();
  if (count === 0) return NO_ABORTS;
  const aborted: AbortedTransaction[] = [];
  for (let left = count; left > 0; left--) {
    aborted.push({ producerId: input.int64(), firstOffset: input.int64() });
    input.tags();
  }
  return aborted;
}
