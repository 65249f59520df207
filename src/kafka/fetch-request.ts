// The bytes of a fetch request (KIP-98 isolation, no fetch session). Written once for a set of partitions; for each send only
// the correlation id, the positions and their epochs are patched in place.

import { writeInt64 } from './int64.js';

/** 13 names topics by id and so notices a re-created topic (Kafka 3.1 and later), 11 by name. */
export type FetchVersion = 11 | 13;

/** A partition as a request needs it; the reader's own state object satisfies it. */
export interface FetchTarget {
  readonly topic: string;
  /** 16 bytes; must be there for version 13. */
  readonly topicId: Buffer | undefined;
  readonly partition: number;
  /** First offset wanted. */
  readonly position: number;
  /**
   * Leader epoch of the batch before it, -1: unknown. By it a broker notices that its log was cut back behind our position and
   * has grown beyond it since (KIP-320, KIP-595); from version 12 on.
   */
  readonly epoch: number;
}

export interface FetchSettings {
  readonly version: FetchVersion;
  readonly clientId: string;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** Where the client is, for brokers that let it read from the nearest replica (KIP-392); empty: unknown. */
  readonly rack: string;
}

export interface FetchRequest<T extends FetchTarget> {
  readonly version: FetchVersion;
  /** In the order of the request: the broker fills them in this order until `maxBytes` is reached. */
  readonly targets: readonly T[];
  /** The bytes to send now; valid until the next call. */
  bytes(correlationId: number): Buffer;
}

const FETCH_API = 1;
const CORRELATION_AT = 8;
const READ_COMMITTED = 1;
const CONSUMER_REPLICA = -1;

/** Builds the request for `targets` in their order; partitions of one topic need not be neighbours. */
export function fetchRequest<T extends FetchTarget>(
  settings: FetchSettings,
  targets: readonly T[],
): FetchRequest<T> {
  const out = new Bytes(settings.version >= 12);
  out.int32(0).int16(FETCH_API).int16(settings.version).int32(0).plainString(settings.clientId).tags();
  out
    .int32(CONSUMER_REPLICA)
    .int32(settings.maxWaitMs)
    .int32(1)
    .int32(settings.maxBytes)
    .int8(READ_COMMITTED);
  out.int32(0).int32(-1); // no session
  const positionsAt: number[] = [];
  const topics = neighbours(targets);
  out.count(topics.length);
  for (const group of topics) {
    const [first] = group;
    if (settings.version === 13) out.raw(first?.topicId ?? Buffer.alloc(16));
    else out.string(first?.topic ?? '');
    out.count(group.length);
    for (const target of group) {
      out.int32(target.partition).int32(-1);
      positionsAt.push(out.length);
      out.int64();
      if (settings.version >= 12) out.int32(-1); // epoch of what was fetched last, patched too
      out.int32(-1).int32(-1); // log start offset, of followers only
      out.int32(settings.maxBytesPerPartition).tags();
    }
    out.tags();
  }
  out.count(0).string(settings.rack).tags();
  const bytes = out.finish();
  bytes.writeInt32BE(bytes.length - 4, 0);
  return {
    version: settings.version,
    targets,
    bytes(correlationId) {
      bytes.writeInt32BE(correlationId, CORRELATION_AT);
      for (let index = 0; index < positionsAt.length; index++) {
        const [target, at] = [targets[index], positionsAt[index]];
        if (target === undefined || at === undefined) continue;
        writeInt64(bytes, target.position, at);
        if (settings.version >= 12) bytes.writeInt32BE(target.epoch, at + 8);
      }
      return bytes;
    },
  };
}

/** Runs of the same topic. */
function neighbours<T extends FetchTarget>(targets: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const target of targets) {
    const group = groups.at(-1);
    if (group !== undefined && group[0]?.topic === target.topic) group.push(target);
    else groups.push([target]);
  }
  return groups;
}

/** Kafka's primitive types, in the plain and in the flexible encoding (KIP-482). */
export class Bytes {
  readonly #parts: Buffer[] = [];
  readonly #flexible: boolean;
  length = 0;

  constructor(flexible: boolean) {
    this.#flexible = flexible;
  }

  raw(part: Buffer): this {
    this.#parts.push(part);
    this.length += part.length;
    return this;
  }

  int8(value: number): this {
    return this.raw(Buffer.of(value & 255));
  }

  int16(value: number): this {
    const part = Buffer.allocUnsafe(2);
    part.writeInt16BE(value);
    return this.raw(part);
  }

  int32(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value);
    return this.raw(part);
  }

  /** Zero, to be patched. */
  int64(): this {
    return this.raw(Buffer.alloc(8));
  }

  /** Length of an array. */
  count(count: number): this {
    return this.#flexible ? this.#uvarint(count + 1) : this.int32(count);
  }

  string(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    if (!this.#flexible) return this.int16(bytes.length).raw(bytes);
    return this.#uvarint(bytes.length + 1).raw(bytes);
  }

  /** The client id in a request header, which is never flexible. */
  plainString(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    return this.int16(bytes.length).raw(bytes);
  }

  /** No tagged fields. */
  tags(): this {
    return this.#flexible ? this.int8(0) : this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.length);
  }

  #uvarint(value: number): this {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>>= 7) {
      if (rest < 0x80) {
        bytes.push(rest);
        return this.raw(Buffer.from(bytes));
      }
      bytes.push((rest & 0x7f) | 0x80);
    }
  }
}
