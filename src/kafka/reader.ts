// Reads partitions without a group: positions are the user's, every loss is said. Knows which broker leads what, follows leaders,
// finds new partitions and topics, and hands out records at the pace at which they are taken.

import { BrokerLoop, type FetchedBatches, type LoopOwner, type LoopSettings } from './broker-loop.js';
import type { KafkaCluster } from './cluster.js';
import { Contact } from './contact.js';
import { KafkaDataError } from './data-error.js';
import { TOPIC_DENIED, UNKNOWN_TOPIC } from './error-codes.js';
import type { ClusterMetadata, NodeAddress, TopicMetadata } from './metadata.js';
import { PartitionLost, PartitionState } from './partition.js';
import type { KafkaRecord } from './record-batch.js';
import { decodeRecords } from './record-set.js';

export interface ReaderSettings extends LoopSettings {
  /** A loss of contact shorter than this is not told. */
  readonly graceMs: number;
  readonly metadataRefreshMs: number;
  /** Limit of one batch after decompression. */
  readonly maxBatchBytes: number;
}

export const DEFAULT_READER: Omit<ReaderSettings, 'clientId'> = {
  fetchWindowMs: 10,
  maxWaitMs: 250,
  maxBytes: 8 << 20,
  maxBytesPerPartition: 256 << 10,
  rack: '',
  requestTimeoutMs: 10_000,
  graceMs: 2_000,
  metadataRefreshMs: 30_000,
  maxBatchBytes: 64 << 20,
};

/** What to read. */
export interface ReaderTopics {
  /** To ask the cluster for; undefined: all, and `wants` chooses. */
  readonly names: readonly string[] | undefined;
  wants(topic: TopicMetadata): boolean;
}

export interface StartAt {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: Buffer | undefined;
  readonly offset: number;
}

export type ReaderEvent =
  /** Records of one partition in order; none when only invisible batches were passed. */
  | {
      readonly type: 'records';
      readonly topic: string;
      readonly partition: number;
      readonly topicId: Buffer | undefined;
      readonly records: readonly KafkaRecord[];
      /** Position after them. */
      readonly nextOffset: number;
      /** Offsets between that and the end of the log: as many records, or fewer where the log has gaps. */
      readonly behind: number;
    }
  /** In offsets, which exceed records where the log has gaps. */
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'live' }
  | { readonly type: 'interrupted'; readonly reason: string };

type Item =
  | { readonly type: 'fetched'; readonly batches: readonly FetchedBatches[]; taken(): void }
  | { readonly type: 'interrupted'; readonly reason: string }
  | { readonly type: 'failed'; readonly error: Error }
  /** Nothing to deliver, but this partition may be at its end; undefined: there is none to read. */
  | { readonly type: 'settled'; readonly state: PartitionState | undefined };

const PROGRESS_EVERY_MS = 250;
/** A topic found by pattern counts as deleted when it has been gone for this long. */
const GONE_MS = 10_000;
const FIRST_HURRY_MS = 50;
const LONGEST_HURRY_MS = 2_000;
const CALM_MS = 5_000;

/** Invariant: a partition is fetched by the loop of `state.node`, or by none while that is -1 and metadata is being asked for. */
export class KafkaReader implements LoopOwner {
  readonly cluster: KafkaCluster;
  readonly #settings: ReaderSettings;
  readonly #topics: ReaderTopics;
  readonly #states = new Map<string, PartitionState>();
  readonly #loops = new Map<number, BrokerLoop>();
  readonly #contact: Contact;
  readonly #queue: Item[] = [];
  /** Followed topics that the last metadata did not have, and since when. */
  readonly #gone = new Map<string, number>();
  #nodes: readonly NodeAddress[] = [];
  #wakeReader: (() => void) | undefined;
  #endPause: (() => void) | undefined;
  /** Whether the pause between two metadata requests is the long one. */
  #isCalm = false;

  constructor(cluster: KafkaCluster, topics: ReaderTopics, settings: ReaderSettings) {
    this.cluster = cluster;
    this.#topics = topics;
    this.#settings = settings;
    this.#contact = new Contact(settings.graceMs, (reason) => this.#push({ type: 'interrupted', reason }));
  }

  /**
   * Reads from `starts` on until `signal` aborts. Partitions that appear later are read from their beginning. Throws PartitionLost,
   * KafkaDataError. Call once.
   */
  async *events(starts: readonly StartAt[], signal: AbortSignal): AsyncGenerator<ReaderEvent> {
    for (const start of starts) this.#follow(start);
    const ending = new AbortController();
    const onAbort = (): void => {
      ending.abort();
      this.#wakeReader?.();
      this.#endPause?.();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    void this.#keepMetadata(ending.signal);
    try {
      yield* this.#deliver(ending.signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      onAbort();
      this.#contact.close();
      for (const loop of this.#loops.values()) loop.close();
    }
  }

  async *#deliver(ending: AbortSignal): AsyncGenerator<ReaderEvent> {
    let progressAt = performance.now();
    while (!ending.aborted) {
      const item = this.#queue.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => (this.#wakeReader = resolve));
        continue;
      }
      switch (item.type) {
        case 'failed':
          throw item.error;
        case 'interrupted':
          yield item;
          break;
        case 'settled':
          if (item.state !== undefined && isToTell(item.state)) yield this.#records(item.state, []);
          if (item.state === undefined ? this.#contact.becomesLive() : this.#contact.settle(item.state))
            yield { type: 'live' };
          break;
        case 'fetched':
          for (const fetched of item.batches) {
            yield this.#decoded(fetched);
            if (this.#contact.settle(fetched.state)) yield* [this.#progress(), { type: 'live' } as const];
          }
          item.taken();
          break;
      }
      if (this.#contact.state === 'catching-up' && performance.now() - progressAt > PROGRESS_EVERY_MS) {
        progressAt = performance.now();
        yield this.#progress();
      }
    }
  }

  #decoded({ state, set, from }: FetchedBatches): ReaderEvent {
    const { topic, partition } = state;
    try {
      const records = decodeRecords(set, { fromOffset: from, maxBytes: this.#settings.maxBatchBytes });
      state.delivered = set.nextOffset;
      return this.#records(state, records);
    } catch (error) {
      if (!(error instanceof KafkaDataError)) throw error;
      throw new KafkaDataError(error.fault, error.detail, { topic, partition, offset: from });
    }
  }

  #records(state: PartitionState, records: readonly KafkaRecord[]): ReaderEvent {
    const { topic, partition, topicId, delivered, behind } = state;
    state.toldBehind = behind;
    return { type: 'records', topic, partition, topicId, records, nextOffset: delivered, behind };
  }

  #progress(): ReaderEvent {
    let done = 0;
    let total = 0;
    for (const { from, delivered, target } of this.#states.values()) {
      done += delivered - from;
      total += Math.max(target ?? delivered, delivered) - from;
    }
    return { type: 'progress', done, total };
  }

  addressOf(nodeId: number): NodeAddress | undefined {
    return this.#nodes.find((node) => node.nodeId === nodeId);
  }

  onFetched(batches: readonly FetchedBatches[], taken: () => void): void {
    this.#push({ type: 'fetched', batches, taken });
  }

  onContact(state: PartitionState, end: number): void {
    const isBack = this.#contact.regain(state, end);
    if (isBack || state.emptyTails > 0 || isToTell(state)) this.#push({ type: 'settled', state });
  }

  onLost(states: Iterable<PartitionState>, reason: string): void {
    for (const state of states) this.#contact.lose(state, reason);
    if (this.#isCalm) this.#endPause?.();
  }

  onMoved(state: PartitionState, reason: string, preferred?: number): void {
    state.node = -1;
    if (preferred !== undefined && this.addressOf(preferred) !== undefined)
      return this.#assign(state, preferred);
    this.onLost([state], reason);
  }

  onOutOfRange(state: PartitionState): void {
    const { topic, partition, position } = state;
    const lost = { fault: 'out-of-range', topic, partition, position } as const;
    this.cluster.ends(topic).then(
      (all) => {
        const ends = all.get(partition);
        this.onFailed(new PartitionLost(ends === undefined ? lost : { ...lost, ends }));
      },
      () => this.onFailed(new PartitionLost(lost)),
    );
  }

  onFailed(error: Error): void {
    this.#push({ type: 'failed', error });
  }

  #push(item: Item): void {
    this.#queue.push(item);
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }

  #follow(start: StartAt): void {
    const state = new PartitionState(start);
    this.#states.set(`${start.topic}/${start.partition}`, state);
    this.#contact.add(state);
  }

  #assign(state: PartitionState, node: number): void {
    if (state.node === node) return;
    this.#loops.get(state.node)?.remove(state);
    state.node = node;
    if (node === -1) return;
    let loop = this.#loops.get(node);
    if (loop === undefined) {
      loop = new BrokerLoop(node, this, this.#settings);
      this.#loops.set(node, loop);
      void loop.run();
    }
    loop.add(state);
  }

  /** Asks for metadata at once, then regularly, and sooner while some partition cannot be read where it is believed to be. */
  async #keepMetadata(ending: AbortSignal): Promise<void> {
    for (let hurried = 0; !ending.aborted; hurried++) {
      const complete = await this.#refresh(ending).catch((error: unknown) => this.#onRefreshFailed(error));
      if (ending.aborted) return;
      this.#isCalm = complete;
      const calmFrom = performance.now();
      if (complete) await this.#pause(this.#settings.metadataRefreshMs);
      this.#isCalm = false;
      if (performance.now() - calmFrom > CALM_MS) hurried = 0;
      if (!ending.aborted)
        await this.#pause(
          Math.min(FIRST_HURRY_MS * 2 ** hurried, LONGEST_HURRY_MS) * (0.5 + Math.random() / 2),
        );
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #onRefreshFailed(error: unknown): boolean {
    if (!(error instanceof Error)) throw error;
    if (error instanceof PartitionLost) this.onFailed(error);
    for (const state of this.#states.values())
      if (state.node === -1) this.#contact.lose(state, error.message);
    return false;
  }

  /** Returns whether every partition has a leader. */
  async #refresh(ending: AbortSignal): Promise<boolean> {
    const metadata = await this.cluster.metadata(this.#topics.names);
    await this.#addNew(metadata);
    if (ending.aborted) return true;
    this.#nodes = metadata.nodes;
    this.#compareIdentity(metadata);
    let complete = true;
    for (const state of this.#states.values()) {
      const topic = metadata.topics.get(state.topic);
      const leader = topic?.partitions.find((each) => each.partition === state.partition)?.leader ?? -1;
      const reachable = this.addressOf(leader) !== undefined;
      this.#assign(state, reachable ? leader : -1);
      if (reachable) continue;
      complete = false;
      const why =
        topic?.errorCode === TOPIC_DENIED
          ? 'not allowed to read it'
          : this.#gone.has(state.topic)
            ? 'unknown'
            : 'no leader';
      this.#contact.lose(state, `topic ${state.topic} partition ${state.partition}: ${why}`);
    }
    if (this.#states.size === 0) this.#push({ type: 'settled', state: undefined });
    return complete;
  }

  /** Throws PartitionLost when a followed topic is another one than before, or is gone for good. */
  #compareIdentity(metadata: ClusterMetadata): void {
    const now = performance.now();
    const wasGone = new Map(this.#gone);
    for (const { topic: name, partition, delivered, topicId } of this.#states.values()) {
      const topic = metadata.topics.get(name);
      const lost = { topic: name, partition, position: delivered };
      if (topic === undefined || topic.errorCode === UNKNOWN_TOPIC) {
        const since = wasGone.get(name) ?? now;
        this.#gone.set(name, since);
        if (this.#topics.names === undefined && now - since > GONE_MS)
          throw new PartitionLost({ fault: 'deleted', ...lost });
        continue;
      }
      if (topic.errorCode !== 0) continue;
      // Without topic ids, having been unknown in between is the only sign of a new topic.
      const isOther = topicId === undefined ? wasGone.has(name) : topic.topicId?.equals(topicId) === false;
      if (isOther) throw new PartitionLost({ fault: 're-created', ...lost });
      this.#gone.delete(name);
    }
  }

  async #addNew(metadata: ClusterMetadata): Promise<void> {
    for (const topic of metadata.topics.values()) {
      if (topic.errorCode !== 0 || !this.#topics.wants(topic)) continue;
      const unknown = topic.partitions.filter(
        ({ partition }) => !this.#states.has(`${topic.topic}/${partition}`),
      );
      if (unknown.length === 0) continue;
      const ends = await this.cluster.ends(topic.topic);
      for (const { partition } of unknown) {
        const offset = ends.get(partition)?.low;
        if (offset !== undefined)
          this.#follow({ topic: topic.topic, partition, topicId: topic.topicId, offset });
      }
    }
  }
}

/** The log goes on but nothing of it may be read, because a transaction is open: that is no silence, and is told. */
function isToTell({ position, delivered, behind, toldBehind }: PartitionState): boolean {
  return position === delivered && behind !== toldBehind;
}
