// One partition as the reader follows it, and the error that says its history is gone.

import type { FetchTarget } from './fetch-request.js';

/** Why what comes after our position cannot be read from the log any more. */
export type LossFault =
  /** The log starts after our position (retention, deleted records), or ends before it (truncated). */
  | 'out-of-range'
  /** A topic of this name exists but it is another one. */
  | 're-created'
  /** A topic found by pattern has been gone for a while. */
  | 'deleted';

export interface Loss {
  readonly fault: LossFault;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** Bounds of what can be read now, when known. */
  readonly ends?: { readonly low: number; readonly high: number };
}

/** Nothing is skipped silently: reading ends with this, and its user decides where to start anew. */
export class PartitionLost extends Error {
  override readonly name = 'PartitionLost';
  readonly loss: Loss;

  constructor(loss: Loss) {
    super(describe(loss));
    this.loss = loss;
  }
}

function describe({ fault, topic, partition, position, ends }: Loss): string {
  const where = `topic ${topic} partition ${partition}`;
  const range = ends === undefined ? '' : `, it holds ${ends.low} to ${ends.high}`;
  switch (fault) {
    case 'out-of-range':
      return `${where}: position ${position} is outside of the log${range}`;
    case 're-created':
      return `${where}: the topic was deleted and created again; position ${position} is of the old one${range}`;
    case 'deleted':
      return `${where}: the topic was deleted`;
  }
}

/** Empty answers in a row that are believed. */
const TAIL_IS_EMPTY = 3;

/**
 * Mutable state of one partition. Invariant: `from <= delivered <= position`; `position` moves when a response arrives,
 * `delivered` when its records have been taken.
 */
export class PartitionState implements FetchTarget {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: Buffer | undefined;
  /** Where reading began. */
  readonly from: number;
  position: number;
  delivered: number;
  /** End that counts as caught up; undefined until the broker has told it. */
  target: number | undefined = undefined;
  /** End of the log as the last fetch told it: what may be read ends there, or before it while a transaction is open. */
  end: number;
  /** What the user was told last of {@link behind}. */
  toldBehind = 0;
  /** Node that it is fetched from; -1: none at the moment. */
  node = -1;
  /** Offset at which the last fetch found a wrong checksum. */
  corruptAt: number | undefined = undefined;
  /** Fetches in a row that asked for it first and got nothing though the log says that there is more. */
  emptyTails = 0;

  constructor(start: { topic: string; partition: number; topicId: Buffer | undefined; offset: number }) {
    this.topic = start.topic;
    this.partition = start.partition;
    this.topicId = start.topicId;
    this.from = this.position = this.delivered = this.end = start.offset;
  }

  /** The log ends later, but nothing is left there to be read. */
  get isTailEmpty(): boolean {
    return this.emptyTails >= TAIL_IS_EMPTY;
  }

  /** Offsets that have not been taken yet: as many records, or fewer where the log has gaps. */
  get behind(): number {
    return this.isTailEmpty ? 0 : Math.max(0, this.end - this.delivered);
  }
}
