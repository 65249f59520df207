// The bytes of a produce request and of its answer: version 7, which brokers from 2.1 on speak. One partition per request, so that
// the answer is about all of it or nothing.

import { Bytes } from './fetch-request.js';
import { ProtocolReader } from './protocol-reader.js';

export interface ProduceTarget {
  readonly topic: string;
  readonly partition: number;
}

export interface ProduceSettings {
  readonly clientId: string;
  /** How long the leader may wait for the replicas. */
  readonly timeoutMs: number;
}

const PRODUCE_API = 0;
const PRODUCE_VERSION = 7;
const NO_TRANSACTION = -1;
const ALL_IN_SYNC = -1;

/**
 * `batch`: as recordBatch makes it. Empty: nothing is stored, and the answer is INVALID_RECORD from a broker that would let us.
 */
export function produceRequest(
  { topic, partition }: ProduceTarget,
  batch: Buffer,
  { clientId, timeoutMs }: ProduceSettings,
): (correlationId: number) => Buffer {
  return (correlationId) => {
    const out = new Bytes(false);
    out.int32(0).int16(PRODUCE_API).int16(PRODUCE_VERSION).int32(correlationId).plainString(clientId);
    out.int16(NO_TRANSACTION).int16(ALL_IN_SYNC).int32(timeoutMs);
    out.count(1).string(topic).count(1).int32(partition).int32(batch.length).raw(batch);
    const bytes = out.finish();
    bytes.writeInt32BE(bytes.length - 4, 0);
    return bytes;
  };
}

/** The error code of the one partition. `bytes` is what follows the correlation id. Throws KafkaDataError. */
export function readProduceAnswer(bytes: Buffer): number {
  const input = new ProtocolReader(bytes, 0, { flexible: false });
  input.count();
  input.string();
  input.count();
  input.int32(); // partition
  return input.int16();
}
