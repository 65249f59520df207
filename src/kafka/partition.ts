// One partition as the reader follows it, and the error that says its history is gone.

import type { FetchTarget } from './fetch-request.js';

/** Why what comes after our position cannot be read from the log any more. */
export type LossFault =
  /** The log starts after our position (retention, deleted records), or ends before it (truncated). */
  | 'out-of-range'
  /** An unclean election has cut the log back to before our position, and it has grown beyond that again. */
  | 'truncated'
  /** A topic of this name exists but it is another one. */
  | 're-created'
  /** A topic found by pattern has been gone for a while, or one that has a stored position is not there. */
  | 'deleted';

export interface Loss {
  readonly fault: LossFault;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** Bounds of what can be read now, when known. */
  readonly ends?: { readonly low: number; readonly high: number };
  /** For `truncated`: up to where the log still is what we have read. */
  readonly divergedAt?: number;
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

function describe({ fault, topic, partition, position, ends, divergedAt }: Loss): string {
  const where = `topic ${topic} partition ${partition}`;
  const range = ends === undefined ? '' : `, it holds ${ends.low} to ${ends.high}`;
  switch (fault) {
    case 'out-of-range':
      return `${where}: position ${position} is outside of the log${range}`;
    case 'truncated':
      return `${where}: brokers have lost records that were read before position ${position}: from ${divergedAt ?? 'there'} on the log is another one (an unclean leader election)`;
    case 're-created':
      return `${where}: the topic was deleted and created again; position ${position} is of the old one${range}`;
    case 'deleted':
      return `${where}: position ${position} is of a topic that was deleted`;
  }
}

/** Why nothing comes of a partition although there is contact, and how an operator ends it. */
export function withheldText(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  held: {
    readonly from: number;
    readonly heldForMs: number;
    readonly broker: { readonly host: string; readonly port: number } | undefined;
  },
): string {
  const { from, heldForMs, broker = { host: 'BROKER', port: 9092 } } = held;
  const abort = `kafka-transactions.sh --bootstrap-server ${broker.host}:${broker.port} abort --topic ${topic} --partition ${partition} --start-offset ${from}`;
  return (
    `topic ${topic} partition ${partition}: a transaction that began at offset ${from} has been open for over ` +
    `${heldForMs / 1_000} s, and brokers withhold all that comes after it; if its producer is gone, end it with: ${abort}`
  );
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
  epoch = -1;
  delivered: number;
  /** End that counts as caught up; undefined until the broker has told it. */
  target: number | undefined = undefined;
  /** End of the log as the last fetch told it: what may be read ends there, or before it while a transaction is open. */
  end: number;
  /** What the user was told last of {@link behind}. */
  toldBehind = 0;
  /** Node that it is fetched from; -1: none at the moment. */
  node = -1;
  /** Node that leads it; where it is fetched from another one, that is a replica nearer to us. */
  leader = -1;
  /** Offset at which the last fetch found a wrong checksum. */
  corruptAt: number | undefined = undefined;
  /** Fetches in a row that asked for it first and got nothing though the log says that there is more. */
  emptyTails = 0;
  /** Set while an open transaction lets nothing be read: the offset at which it began, and since when, in monotonic ms. */
  #withheld: { readonly from: number; readonly since: number } | undefined;

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

  /** The log goes on but nothing of it may be read, because a transaction is open: that is no silence, and is told. */
  get hasUntoldLag(): boolean {
    return this.position === this.delivered && this.behind !== this.toldBehind;
  }

  /** Takes note of what a fetch told at `now`: what may be read ends at `readableEnd`, the log at `end`. */
  noteEnds(readableEnd: number, end: number, now: number): void {
    this.end = end;
    const isAtReadableEnd = this.position >= readableEnd || this.isTailEmpty;
    if (!isAtReadableEnd || end <= readableEnd) this.#withheld = undefined;
    else if (this.#withheld?.from !== readableEnd) this.#withheld = { from: readableEnd, since: now };
  }

  /** Where the transaction began that has been withholding everything for at least `forMs`. */
  withheldFrom(forMs: number, now: number): number | undefined {
    const withheld = this.#withheld;
    return withheld !== undefined && now - withheld.since >= forMs ? withheld.from : undefined;
  }

  /** Offsets that have not been taken yet: as many records, or fewer where the log has gaps. */
  get behind(): number {
    return this.isTailEmpty ? 0 : Math.max(0, this.end - this.delivered);
  }
}
