// Fetches from one broker: one connection, one request at a time with all partitions that this broker leads, paced.

import { setTimeout as wait } from 'node:timers/promises';

import { accessError } from './access-error.js';
import type { KafkaCluster } from './cluster.js';
import { KafkaDataError } from './data-error.js';
import { meaningOf } from './error-codes.js';
import { FetchConnection } from './fetch-connection.js';
import { fetchRequest, type FetchRequest, type FetchVersion } from './fetch-request.js';
import {
  readFetchResponse,
  topicIdKey,
  type FetchedPartition,
  type FetchResponse,
} from './fetch-response.js';
import type { PartitionState } from './partition.js';
import { scanRecordSet, type ScannedSet } from './record-set.js';

export interface LoopSettings {
  readonly clientId: string;
  /** Pause between two requests when the first brought data. */
  readonly fetchWindowMs: number;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly rack: string;
  readonly requestTimeoutMs: number;
}

/** Batches of one partition that nobody has decoded yet. */
export interface FetchedBatches {
  readonly state: PartitionState;
  readonly set: ScannedSet;
  /** Position that was asked for. */
  readonly from: number;
}

/** What the loop tells its reader. */
export interface LoopOwner {
  readonly cluster: KafkaCluster;
  addressOf(nodeId: number): { readonly host: string; readonly port: number } | undefined;
  /** Data arrived; call `taken` when all of it has been delivered. */
  onFetched(batches: readonly FetchedBatches[], taken: () => void): void;
  /** The broker answered for this partition. `end`: of what may be read. */
  onContact(state: PartitionState, end: number): void;
  /** No contact: the loop keeps the partitions and tries again; they may be taken away meanwhile. */
  onLost(states: Iterable<PartitionState>, reason: string): void;
  /** Not here: the partition has left the loop. `preferred`: the node to read from instead. */
  onMoved(state: PartitionState, reason: string, preferred?: number): void;
  onOutOfRange(state: PartitionState): void;
  onFailed(error: Error): void;
}

const MAX_UNDELIVERED = 2;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;

/** Invariant: at most MAX_UNDELIVERED responses wait to be taken; with one more in flight that bounds memory per broker. */
export class BrokerLoop {
  readonly nodeId: number;
  readonly #owner: LoopOwner;
  readonly #settings: LoopSettings;
  readonly #ending = new AbortController();
  #states: PartitionState[] = [];
  #connection: FetchConnection | undefined;
  #version: FetchVersion = 11;
  #request: FetchRequest<PartitionState> | undefined;
  #undelivered = 0;
  #wake: (() => void) | undefined;

  constructor(nodeId: number, owner: LoopOwner, settings: LoopSettings) {
    this.nodeId = nodeId;
    this.#owner = owner;
    this.#settings = settings;
  }

  add(state: PartitionState): void {
    this.#states = [...this.#states, state].sort((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
    );
    this.#request = undefined;
    this.#wakeUp();
  }

  remove(state: PartitionState): void {
    this.#states = this.#states.filter((each) => each !== state);
    this.#request = undefined;
  }

  /** Runs until `close`. Never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    const ending = this.#ending.signal;
    while (!ending.aborted) {
      if (this.#states.length === 0 || this.#undelivered >= MAX_UNDELIVERED) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      try {
        const connection = await this.#connected();
        const sentAt = performance.now();
        const brought = await this.#fetch(connection);
        failures = 0;
        const pause = brought ? this.#settings.fetchWindowMs - (performance.now() - sentAt) : 0;
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      } catch (error) {
        this.#connection?.close();
        this.#connection = undefined;
        if (ending.aborted) return;
        if (error instanceof KafkaDataError) this.#owner.onFailed(error);
        this.#owner.onLost(this.#states, accessError(error, `broker ${this.nodeId}`).message);
        const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** failures++, LONGEST_BACKOFF_MS);
        await wait(backoff * (0.5 + Math.random() / 2), undefined, { signal: ending }).catch(() => undefined);
      }
    }
  }

  close(): void {
    this.#ending.abort();
    this.#connection?.close();
    this.#wakeUp();
  }

  async #connected(): Promise<FetchConnection> {
    if (this.#connection?.isLost === false) return this.#connection;
    const address = this.#owner.addressOf(this.nodeId);
    if (address === undefined) throw new Error(`broker ${this.nodeId} is not in the cluster's metadata`);
    const { socket, version } = await this.#owner.cluster.openFetch(address);
    this.#connection = new FetchConnection(socket, this.#settings.requestTimeoutMs);
    if (this.#ending.signal.aborted) this.#connection.close();
    this.#version = version;
    this.#request = undefined;
    return this.#connection;
  }

  /** Returns whether there was data. */
  async #fetch(connection: FetchConnection): Promise<boolean> {
    const request = (this.#request ??= this.#newRequest());
    const frame = await connection.exchange((correlationId) => request.bytes(correlationId));
    const response = readFetchResponse(frame, 0, request.version);
    if (response.errorCode !== 0) throw new Error(`fetch error ${response.errorCode}`);
    const batches: FetchedBatches[] = [];
    const starved: PartitionState[] = [];
    const known = this.#known(request);
    const into = { frame, response, batches, starved, first: request.targets[0] };
    for (const fetched of response.partitions) {
      const state = known(fetched);
      if (state !== undefined && state.node === this.nodeId) this.#take(state, fetched, into);
    }
    if (starved.length > 0 && starved[0] !== this.#states[0]) this.#putFirst(starved);
    if (batches.length === 0) return false;
    this.#undelivered++;
    this.#owner.onFetched(batches, () => {
      this.#undelivered--;
      this.#wakeUp();
    });
    return true;
  }

  #newRequest(): FetchRequest<PartitionState> {
    const version = this.#states.every((state) => state.topicId !== undefined) ? this.#version : 11;
    return fetchRequest({ ...this.#settings, version }, this.#states);
  }

  /** Brokers answer in the order of the request; anything else is looked up. */
  #known(request: FetchRequest<PartitionState>): (fetched: FetchedPartition) => PartitionState | undefined {
    const keyOf = (state: PartitionState): string =>
      request.version === 13 && state.topicId !== undefined ? topicIdKey(state.topicId) : state.topic;
    let next = 0;
    return (fetched) => {
      const expected = request.targets[next++];
      const fits = (state: PartitionState | undefined): boolean =>
        state?.partition === fetched.partition && keyOf(state) === fetched.topicKey;
      return fits(expected) ? expected : request.targets.find(fits);
    };
  }

  #take(
    state: PartitionState,
    fetched: FetchedPartition,
    into: {
      readonly frame: Buffer;
      readonly response: FetchResponse;
      readonly batches: FetchedBatches[];
      readonly starved: PartitionState[];
      readonly first: PartitionState | undefined;
    },
  ): void {
    switch (meaningOf(fetched.errorCode)) {
      case 'ok':
        break;
      case 'out-of-range':
        this.remove(state);
        return this.#owner.onOutOfRange(state);
      case 'corrupt':
        return this.#onCorrupt(state, state.position);
      case 'unknown-topic':
        return this.#leave(state, `topic ${state.topic} is unknown to broker ${this.nodeId}`);
      case 'denied':
        return this.#leave(state, `topic ${state.topic}: not allowed to read it`);
      case 'moved':
        return this.#leave(
          state,
          `topic ${state.topic} partition ${state.partition}: error ${fetched.errorCode}`,
        );
    }
    if (fetched.preferredReplica !== -1)
      return this.#leave(state, 'nearer replica', fetched.preferredReplica);
    const end = fetched.lastStableOffset >= 0 ? fetched.lastStableOffset : fetched.highWatermark;
    state.end = fetched.highWatermark;
    this.#scan(state, fetched, into);
    const asked = into.response.throttleMs === 0 && into.first === state;
    const nothing = fetched.start === fetched.end && state.position < end;
    if (nothing) into.starved.push(state);
    state.emptyTails = nothing && asked ? state.emptyTails + 1 : 0;
    this.#owner.onContact(state, end);
  }

  #scan(
    state: PartitionState,
    fetched: FetchedPartition,
    into: { frame: Buffer; batches: FetchedBatches[] },
  ): void {
    if (fetched.start === fetched.end) return;
    const from = state.position;
    let set: ScannedSet;
    try {
      set = scanRecordSet(into.frame, fetched, from, fetched.aborted);
    } catch (error) {
      throw error instanceof KafkaDataError
        ? new KafkaDataError(error.fault, error.detail, { ...state, offset: from })
        : error;
    }
    state.position = set.nextOffset;
    if (set.nextOffset > from) into.batches.push({ state, set, from });
    if (set.corruptAt !== undefined) this.#onCorrupt(state, set.corruptAt);
    else state.corruptAt = undefined;
  }

  /** Once may be the wire's fault: the next fetch asks for the same offset again. Twice is the log's. */
  #onCorrupt(state: PartitionState, offset: number): void {
    if (state.corruptAt !== offset) {
      state.corruptAt = offset;
      return;
    }
    this.remove(state);
    this.#owner.onFailed(new KafkaDataError('corrupt', 'checksum', { ...state, offset }));
  }

  #leave(state: PartitionState, reason: string, preferred?: number): void {
    this.remove(state);
    this.#owner.onMoved(state, reason, preferred);
  }

  /** A broker gives a batch larger than the limits only to the first partition that has data (KIP-74). */
  #putFirst(starved: readonly PartitionState[]): void {
    this.#states = [...starved, ...this.#states.filter((state) => !starved.includes(state))];
    this.#request = undefined;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
