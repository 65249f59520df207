// Fetches from one broker: one connection, one request at a time with all partitions that this broker leads, paced.

import { accessError, KafkaRefused } from './access-error.js';
import type { Bandwidth } from './bandwidth.js';
import { BrokerConnection, type OpenConnection } from './broker-connection.js';
import type { FetchSocket, KafkaCluster } from './cluster.js';
import { KafkaDataError } from './data-error.js';
import { meaningOf } from './error-codes.js';
import type { FetchConnection } from './fetch-connection.js';
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
  readonly requestTimeoutMs: number;
  /** An open transaction that withholds everything for so long is told. */
  readonly openTransactionMs: number;
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
  readonly bandwidth: Bandwidth;
  /** Rack to ask with, so that the leader may send us to a nearer replica; empty: none. */
  readonly rack: string;
  addressOf(nodeId: number): { readonly host: string; readonly port: number } | undefined;
  /** Data arrived; call `taken` when all of it has been delivered. */
  onFetched(batches: readonly FetchedBatches[], taken: () => void): void;
  /** The broker answered for this partition. `end`: of what may be read. */
  onContact(state: PartitionState, end: number): void;
  /** No contact: the loop keeps the partitions and tries again; they may be taken away meanwhile. */
  onLost(states: Iterable<PartitionState>, reason: string): void;
  /** The cluster does not let us in, or not read, as we are now; {@link onLost} or {@link onMoved} follows. */
  onRefused(): void;
  /** Not here: the partition has left the loop. `preferred`: the node to read from instead. */
  onMoved(state: PartitionState, reason: string, preferred?: number): void;
  /** The broker answered, but a transaction that began at `from` withholds everything. Told with every answer. */
  onWithheld(state: PartitionState, from: number): void;
  /** The broker says that its log has nothing at our position. The partition has left the loop. */
  onOutOfRange(state: PartitionState): void;
  /** Up to `divergedAt` the broker's log is what we have read, and then another one. The partition has left the loop. */
  onDiverged(state: PartitionState, divergedAt: number): void;
  onFailed(error: Error): void;
}

const MAX_UNDELIVERED = 2;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;
/** A login that is refused: some clusters lock out who tries too often. */
const FIRST_REFUSED_BACKOFF_MS = 1_000;
const LONGEST_REFUSED_BACKOFF_MS = 30_000;

/** Invariant: at most MAX_UNDELIVERED responses wait to be taken; with one more in flight that bounds memory per broker. */
export class BrokerLoop {
  readonly nodeId: number;
  readonly #owner: LoopOwner;
  #settings: LoopSettings;
  readonly #ending = new AbortController();
  #states: PartitionState[] = [];
  readonly #connection: BrokerConnection;
  #version: FetchVersion = 11;
  #request: FetchRequest<PartitionState> | undefined;
  /** Rack that the request names. */
  #rack = '';
  /** The broker has asked us not to send before: monotonic time. */
  #mutedUntil = 0;
  #undelivered = 0;
  #wake: (() => void) | undefined;
  #endWait = (): void => undefined;

  constructor(nodeId: number, owner: LoopOwner, settings: LoopSettings) {
    this.nodeId = nodeId;
    this.#owner = owner;
    this.#settings = settings;
    this.#connection = new BrokerConnection(
      () => this.#open(),
      () => this.#settings.requestTimeoutMs,
    );
  }

  /** Goes on with these from the next request on, and with a connection that is opened anew. Resolves when that is there, or has failed. */
  async adopt(settings: LoopSettings): Promise<void> {
    this.#settings = settings;
    this.#request = undefined;
    this.#endWait();
    await this.#connection.renew();
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
        const connection = this.#ready(await this.#connection.take());
        const sentAt = performance.now();
        const brought = await this.#fetch(connection);
        failures = 0;
        await this.#pause(brought ? sentAt + this.#settings.fetchWindowMs : 0);
      } catch (error) {
        this.#connection.drop();
        if (ending.aborted) return;
        if (error instanceof KafkaDataError) this.#owner.onFailed(error);
        const why = accessError(error, `broker ${this.nodeId}`);
        const isRefused = why instanceof KafkaRefused;
        if (isRefused) this.#owner.onRefused();
        this.#owner.onLost(this.#states, why.message);
        await this.#wait(backoffMs(failures++, { isRefused }));
      }
    }
  }

  /** Until the next request may be sent: not before `at`, not before the broker wants it, and not faster than configured. */
  async #pause(at: number): Promise<void> {
    const now = performance.now();
    const pause = Math.max(at - now, this.#mutedUntil - now, this.#owner.bandwidth.waitMs(now));
    if (pause > 0 && !this.#ending.signal.aborted) await this.#wait(pause);
  }

  /** Ends early with the loop. */
  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#ending.abort();
    this.#connection.close();
    this.#endWait();
    this.#wakeUp();
  }

  async #open(): Promise<FetchSocket> {
    const address = this.#owner.addressOf(this.nodeId);
    if (address === undefined) throw new Error(`broker ${this.nodeId} is not in the cluster's metadata`);
    return this.#owner.cluster.openFetch(address);
  }

  #ready({ connection, version }: OpenConnection): FetchConnection {
    if (version !== this.#version) this.#request = undefined;
    this.#version = version;
    return connection;
  }

  /** Returns whether there was data. */
  async #fetch(connection: FetchConnection): Promise<boolean> {
    if (this.#rack !== this.#owner.rack) this.#request = undefined;
    const request = (this.#request ??= this.#newRequest());
    const frame = await connection.exchange((correlationId) => request.bytes(correlationId));
    const response = readFetchResponse(frame, 0, request.version);
    const now = performance.now();
    this.#owner.bandwidth.spend(frame.length, now);
    // Since KIP-219 a broker answers at once and does not listen meanwhile: what is sent then only times out.
    this.#mutedUntil = now + response.throttleMs;
    if (response.errorCode !== 0) throw new Error(`fetch error ${response.errorCode}`);
    const batches: FetchedBatches[] = [];
    const starved: PartitionState[] = [];
    const known = this.#known(request);
    const into = { frame, response, batches, starved, now, first: request.targets[0] };
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
    this.#rack = this.#owner.rack;
    return fetchRequest({ ...this.#settings, version, rack: this.#rack }, this.#states);
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
      readonly now: number;
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
        this.#owner.onRefused();
        return this.#leave(state, `topic ${state.topic}: not allowed to read it`);
      case 'moved':
        return this.#leave(
          state,
          `topic ${state.topic} partition ${state.partition}: error ${fetched.errorCode}`,
        );
    }
    if (fetched.preferredReplica !== -1)
      return this.#leave(state, 'nearer replica', fetched.preferredReplica);
    if (fetched.divergedAt !== undefined) {
      this.remove(state);
      return this.#owner.onDiverged(state, fetched.divergedAt);
    }
    const end = fetched.lastStableOffset >= 0 ? fetched.lastStableOffset : fetched.highWatermark;
    this.#scan(state, fetched, into);
    state.noteEnds(end, fetched.highWatermark, into.now);
    const asked = into.response.throttleMs === 0 && into.first === state;
    const nothing = fetched.start === fetched.end && state.position < end;
    if (nothing) into.starved.push(state);
    state.emptyTails = nothing && asked ? state.emptyTails + 1 : 0;
    const withheldFrom = state.withheldFrom(this.#settings.openTransactionMs, into.now);
    if (withheldFrom === undefined) this.#owner.onContact(state, end);
    else this.#owner.onWithheld(state, withheldFrom);
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
    state.epoch = set.epoch ?? state.epoch;
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

function backoffMs(failures: number, { isRefused }: { readonly isRefused: boolean }): number {
  const [first, longest] = isRefused
    ? [FIRST_REFUSED_BACKOFF_MS, LONGEST_REFUSED_BACKOFF_MS]
    : [FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS];
  return Math.min(first * 2 ** Math.min(failures, 20), longest) * (0.5 + Math.random() / 2);
}
