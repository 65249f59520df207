// Reads partitions without a group: positions are the user's, every loss is said. Knows which broker leads what, follows leaders,
// finds new partitions and topics, and hands out records at the pace at which they are taken.

import { KafkaRefused } from './access-error.js';
import { Bandwidth, inOneSecond } from './bandwidth.js';
import { BrokerLoop, type FetchedBatches, type LoopOwner, type LoopSettings } from './broker-loop.js';
import type { KafkaCluster } from './cluster.js';
import { Contact } from './contact.js';
import { KafkaDataError } from './data-error.js';
import { TOPIC_DENIED } from './error-codes.js';
import type { ClusterMetadata, NodeAddress, TopicMetadata } from './metadata.js';
import { PartitionLost, PartitionState, withheldText } from './partition.js';
import type { KafkaRecord } from './record-batch.js';
import { decodeRecords, decodeWhatCanBe } from './record-set.js';
import { Refreshing, type RefreshOutcome } from './refreshing.js';
import { followedMetadata, TopicIdentity } from './topic-identity.js';

export interface ReaderSettings extends LoopSettings {
  /** A loss of contact shorter than this is not told. */
  readonly graceMs: number;
  readonly metadataRefreshMs: number;
  /** Limit of one batch after decompression. */
  readonly maxBatchBytes: number;
  /** Over all brokers. Infinity: no limit. */
  readonly maxBytesPerSecond: number;
  /** Where we are, for brokers that let one read from the nearest replica (KIP-392); empty: unknown. */
  readonly rack: string;
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
  maxBytesPerSecond: Infinity,
  openTransactionMs: 30_000,
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
  /** `isRefused`: the cluster does not let us in, or not read; somebody has to change something. */
  | { readonly type: 'interrupted'; readonly reason: string; readonly isRefused: boolean };

type Item =
  | { readonly type: 'fetched'; readonly batches: readonly FetchedBatches[]; taken(): void }
  | Extract<ReaderEvent, { type: 'interrupted' }>
  | { readonly type: 'failed'; readonly error: Error }
  /** Nothing to deliver, but this partition may be at its end; undefined: there is none to read. */
  | { readonly type: 'settled'; readonly state: PartitionState | undefined };

const PROGRESS_EVERY_MS = 250;
/** How long a leader is asked itself after a replica nearer to us has failed: it would send us there again. */
const LEADERS_ONLY_MS = 30_000;

/** Invariant: a partition is fetched by the loop of `state.node`, or by none while that is -1 and metadata is being asked for. */
export class KafkaReader implements LoopOwner {
  readonly cluster: KafkaCluster;
  bandwidth: Bandwidth;
  #settings: ReaderSettings;
  readonly #topics: ReaderTopics;
  readonly #states = new Map<string, PartitionState>();
  readonly #loops = new Map<number, BrokerLoop>();
  readonly #contact: Contact;
  readonly #queue: Item[] = [];
  readonly #identity: TopicIdentity;
  readonly #refreshing: Refreshing;
  #nodes: readonly NodeAddress[] = [];
  #wakeReader: (() => void) | undefined;
  #leadersOnlyUntil = 0;
  /** What keeps us from some partition, since contact with it was lost, is a refusal. */
  #isRefused = false;

  constructor(cluster: KafkaCluster, topics: ReaderTopics, settings: ReaderSettings) {
    this.cluster = cluster;
    this.#topics = topics;
    this.#settings = { ...settings, ...inOneSecond(settings) };
    this.#refreshing = new Refreshing(settings.metadataRefreshMs);
    this.bandwidth = new Bandwidth(settings.maxBytesPerSecond);
    this.#identity = new TopicIdentity({ isByPattern: topics.names === undefined });
    this.#contact = new Contact(settings.graceMs, (reason) =>
      this.#push({ type: 'interrupted', reason, isRefused: this.#isRefused }),
    );
  }

  /** Goes on with other settings at once, and on connections that are opened anew, one after the other. */
  adopt(settings: ReaderSettings): void {
    this.#settings = { ...settings, ...inOneSecond(settings) };
    this.bandwidth = new Bandwidth(settings.maxBytesPerSecond);
    this.#contact.graceMs = settings.graceMs;
    this.#refreshing.end();
    void this.#renewConnections();
  }

  async #renewConnections(): Promise<void> {
    for (const loop of this.#loops.values()) await loop.adopt(this.#settings);
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
      this.#refreshing.end();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const refresh = (): Promise<RefreshOutcome> =>
      this.#refresh(ending.signal).catch((error: unknown) => this.#onRefreshFailed(error));
    void this.#refreshing.run(refresh, ending.signal);
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
          if (item.state !== undefined && item.state.hasUntoldLag) yield this.#records(item.state, []);
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

  /** What cannot be decoded ends the reading, behind the records before it. */
  #decoded({ state, set, from }: FetchedBatches): ReaderEvent {
    const options = { fromOffset: from, maxBytes: this.#settings.maxBatchBytes };
    try {
      const records = decodeRecords(set, options);
      state.delivered = set.nextOffset;
      return this.#records(state, records);
    } catch (error) {
      if (!(error instanceof KafkaDataError)) throw error;
      const { records, nextOffset } = decodeWhatCanBe(set, options);
      const at = { topic: state.topic, partition: state.partition, offset: nextOffset };
      this.#queue.unshift({ type: 'failed', error: new KafkaDataError(error.fault, error.detail, at) });
      state.delivered = nextOffset;
      return this.#records(state, records);
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
    if (isBack) this.#isRefused = false;
    if (isBack || state.emptyTails > 0 || state.hasUntoldLag) this.#push({ type: 'settled', state });
  }

  onWithheld(state: PartitionState, from: number): void {
    const heldForMs = this.#settings.openTransactionMs;
    this.#contact.withhold(
      state,
      withheldText(state, { from, heldForMs, broker: this.addressOf(state.node) }),
    );
    if (state.hasUntoldLag) this.#push({ type: 'settled', state });
  }

  get rack(): string {
    return performance.now() < this.#leadersOnlyUntil ? '' : this.#settings.rack;
  }

  onRefused(): void {
    this.#isRefused = true;
  }

  onLost(states: Iterable<PartitionState>, reason: string): void {
    for (const state of states) {
      this.#distrustReplica(state);
      this.#contact.lose(state, reason);
    }
    this.#refreshing.hurry();
  }

  onMoved(state: PartitionState, reason: string, preferred?: number): void {
    if (preferred !== undefined && this.addressOf(preferred) !== undefined)
      return this.#assign(state, preferred);
    this.#distrustReplica(state);
    this.#release(state, reason);
  }

  onOutOfRange(state: PartitionState): void {
    const { topic, partition, position } = state;
    const lost = { fault: 'out-of-range', topic, partition, position } as const;
    this.#distrustReplica(state);
    this.cluster.ends(topic).then(
      (all) => {
        const ends = all.get(partition);
        // A replica that is behind says so of what it does not have yet: only the leader's word counts.
        if (ends !== undefined && ends.low <= position && position <= ends.high)
          this.#release(state, `topic ${topic} partition ${partition}: a replica is behind`);
        else this.onFailed(new PartitionLost(ends === undefined ? lost : { ...lost, ends }));
      },
      (error: unknown) => this.#release(state, error instanceof Error ? error.message : String(error)),
    );
  }

  onDiverged(state: PartitionState, divergedAt: number): void {
    const { topic, partition, position } = state;
    if (state.node !== state.leader)
      return this.onMoved(state, `topic ${topic} partition ${partition}: a replica is behind`);
    this.onFailed(new PartitionLost({ fault: 'truncated', topic, partition, position, divergedAt }));
  }

  /** Until metadata says where it is to be read. */
  #release(state: PartitionState, reason: string): void {
    this.#assign(state, -1);
    this.onLost([state], reason);
  }

  /** Something is wrong where the partition is read: not its leader, so that one is to be asked itself for a while. */
  #distrustReplica({ node, leader }: PartitionState): void {
    if (node !== -1 && node !== leader) this.#leadersOnlyUntil = performance.now() + LEADERS_ONLY_MS;
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

  #onRefreshFailed(error: unknown): RefreshOutcome {
    if (!(error instanceof Error)) throw error;
    const isRefused = error instanceof KafkaRefused;
    if (isRefused) this.onRefused();
    if (error instanceof PartitionLost) this.onFailed(error);
    for (const state of this.#states.values())
      if (state.node === -1) this.#contact.lose(state, error.message);
    return isRefused ? 'refused' : 'incomplete';
  }

  /** Complete when every partition has a leader. */
  async #refresh(ending: AbortSignal): Promise<RefreshOutcome> {
    const followed = [...this.#states.values()].map(({ topic }) => topic);
    const metadata = await followedMetadata(this.cluster, this.#topics.names, followed);
    await this.#addNew(metadata);
    if (ending.aborted) return 'complete';
    this.#nodes = metadata.nodes;
    this.#identity.compare(this.#states.values(), metadata.topics);
    let complete = true;
    for (const state of this.#states.values()) {
      const topic = metadata.topics.get(state.topic);
      const leader = topic?.partitions.find((each) => each.partition === state.partition)?.leader ?? -1;
      const reachable = this.addressOf(leader) !== undefined;
      state.leader = leader;
      this.#assign(state, reachable ? leader : -1);
      if (reachable) continue;
      complete = false;
      if (topic?.errorCode === TOPIC_DENIED) this.onRefused();
      const why =
        topic?.errorCode === TOPIC_DENIED
          ? 'not allowed to read it'
          : this.#identity.isGone(state.topic)
            ? 'unknown'
            : 'no leader';
      this.#contact.lose(state, `topic ${state.topic} partition ${state.partition}: ${why}`);
    }
    if (this.#states.size === 0) this.#push({ type: 'settled', state: undefined });
    return complete ? 'complete' : 'incomplete';
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
