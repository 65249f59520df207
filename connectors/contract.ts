// What a source connector is. A connector imports this file and its own folder, nothing else of ours; the comments here
// must suffice to write one. A connector pulls from an upstream and yields what it reads; the core decodes, maps and stores it,
// and sets the pace: nothing is read ahead of the consumer of `read` but what the connector itself bounds.

import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/** One thing that the upstream says about one key. Bytes are valid until the next event is taken: copy what you keep. */
export interface SourceRecord {
  /** null: the upstream has no key for it. */
  readonly key: Buffer | null;
  /** null: the key no longer exists upstream (a tombstone). Empty bytes are a value. */
  readonly value: Buffer | null;
  /** In upstream order; names may repeat. undefined: none. */
  readonly headers: readonly RecordHeader[] | undefined;
  /** Event time, ms since 1970. Negative: the upstream does not say; the time of reading stands in for it. */
  readonly timestampMs: number;
  /** Position of this record within its partition, as a person would quote it (a Kafka offset). */
  readonly offset: string | number;
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** Where a reader is in one partition of the source; opaque to the core, equal positions have equal text. */
export type Position = string;

/** Positions by partition name. A partition that is not in it has not been read. */
export type Positions = ReadonlyMap<string, Position>;

export type SourceEvent =
  /** Records of one partition, in upstream order. `position` is after the last of them (and after what was skipped). */
  | {
      readonly type: 'records';
      /** Name of the partition: the unit of order and position. One constant name where the upstream has one. */
      readonly partition: string;
      /** The upstream's own name for what `records` belong to (a Kafka topic, a table). Keys of one topic are not those of another. */
      readonly topic: string;
      /** Number of the partition within `topic`; 0 where there is one. */
      readonly partitionNumber: number;
      /** May be empty: then only the position moves. */
      readonly records: readonly SourceRecord[];
      readonly position: Position;
      /**
       * How many records the upstream has after `position` in this partition, as far as it is known; undefined: not at all.
       * For operators: may exceed the records that will come, where the upstream counts what nobody is shown.
       */
      readonly behind?: number | undefined;
      /**
       * The next event with records belongs to the same transaction of the upstream, or continues it. Left out: with these records the
       * transaction is complete, as every event is where the upstream has none. Sources that are configured `atomic` are
       * shown a transaction as a whole.
       */
      readonly more?: boolean | undefined;
    }
  /** Every key of `topic` in this partition is gone: a table was truncated or dropped. Takes its place in the order as records do. */
  | {
      readonly type: 'cleared';
      readonly partition: string;
      readonly topic: string;
      readonly partitionNumber: number;
      readonly position: Position;
      readonly more?: boolean | undefined;
    }
  /**
   * What the upstream keeps for the sake of this reader, because it is not acknowledged. Sent when it has been looked at, every ten
   * seconds or so.
   */
  | { readonly type: 'retained'; readonly bytes: number }
  /** How far reading the current state has come. Sent a few times a second at most while it lasts. */
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  /**
   * All that existed when `read` was called, or when contact was regained, has been yielded. From now on it follows. Where `probe` came
   * right before, and has read what is there already, that may stand for what existed.
   */
  | { readonly type: 'live' }
  /** Contact is lost and the connector is trying again by itself; `live` ends it. `reason` is for operators. */
  | { readonly type: 'interrupted'; readonly reason: string };

/** Promises of a source type that the core relies on and a conformance kit tests. */
export interface Traits {
  /** `read` from no position yields every key that exists, so that what it does not yield is gone. */
  readonly completeState: boolean;
  /**
   * `read` from positions yields all that came after them. false: nobody upstream keeps it. What was not acknowledged is then the
   * sender's to send again (`push`), or a complete source throws HistoryLost and is read anew.
   */
  readonly resumes: boolean;
  /** `read` from positions may yield records again that lie before them. Harmless, but for what is counted. */
  readonly repeats: boolean;
}

export interface SourceContext {
  /** Name of the source in the configuration. */
  readonly name: string;
  readonly log: SourceLog;
  /** It only looks on, beside whoever serves the source (`tap`, `check --connect`): nothing upstream may be taken from them, or be left behind. Default: no. */
  readonly looksOn?: boolean;
  /** The way out for requests over HTTP. */
  readonly outbound: Outbound;
}

/**
 * Connects to the addresses that the operator allows and to no others, whatever a name resolves to and however an address is
 * written. A connection to any other fails with an error named `AddressRefused`, whose message says what to allow.
 */
export interface Outbound {
  /** For `http.request`. */
  readonly httpAgent: HttpAgent;
  /** For `https.request`; takes the TLS options of each request. */
  readonly httpsAgent: HttpsAgent;
  /**
   * For small answers, and for libraries that want a `fetch`: as the global one, but follows no redirect (it answers with
   * it), takes at most 1 MiB, and rejects after ten seconds where `signal` does not say less.
   */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** Structured log lines: an event name and its facts. Never put payloads, keys or secrets in them. */
export interface SourceLog {
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
}

export interface Source {
  /** May differ per source: a compacted Kafka topic is complete, one with retention is not. Valid after `probe`. */
  readonly traits: Traits;
  /**
   * Finds out whether the upstream is reachable, lets us in, and is set up as the options say. Called before the first `read`,
   * and again after SourceUnavailable. Throws one of the errors below.
   */
  probe(signal: AbortSignal): Promise<void>;
  /**
   * Yields events until `signal` aborts (then it returns) or an error below is thrown. No positions: the current state first, then what
   * changes. With positions: what came after them. At most one call runs at a time.
   */
  read(after: Positions, signal: AbortSignal): AsyncIterable<SourceEvent>;
  /** Everything of `partition` up to `position` is durable: in the log, or in the dead letters. Called in order, once per batch at most. */
  ack(partition: string, position: Position): Promise<void>;
  /** This record could not be used and went to the dead letters. Called before the `ack` of its batch; for sources that can tell their sender. */
  rejected?(partition: string, offset: string | number, reason: RecordRejection): void;
  /**
   * Goes on with other options than it was created with, from its next connection on: for passwords and certificates that change.
   * false: these options ask for other records, so that the core must make a new source and read that from its beginning.
   */
  adopt?(options: unknown): boolean;
  /** For a source that others send to: they do so on the admin port. */
  readonly receiver?: Receiver;
  /**
   * An operator says that what the source holds back, because it looks like a fault of the upstream, is right: it comes with the next
   * reading. What is let through, in half a sentence; undefined: nothing is held back.
   */
  confirm?(): string | undefined;
  /** Lets go of the upstream. Idempotent; done within 5 s. */
  close(): Promise<void>;
}

/** Why a record was refused. Both are from closed lists, and neither is made of data. */
export interface RecordRejection {
  /** `decode key`, `decode value`, `map`, `own`. */
  readonly stage: string;
  readonly code: string;
}

/** Takes what is sent to `POST /v1/push/<name of the source>` on the admin port. */
export interface Receiver {
  /** Who sends must have it as bearer token. undefined: the admin token. */
  readonly token: string | undefined;
  /** Larger requests are refused before they are read to their end. */
  readonly maxBodyBytes: number;
  /** Never rejects: what is wrong with a request is its answer. */
  receive(request: ReceivedRequest): Promise<ReceiverAnswer>;
}

export interface ReceivedRequest {
  readonly body: Buffer;
  /** Without parameters and in lower case: `application/json`. Empty: the sender did not say. */
  readonly contentType: string;
  /** Of the header `Idempotency-Key`. */
  readonly idempotencyKey: string | undefined;
  /** Aborts when the sender goes away. */
  readonly signal: AbortSignal;
}

export interface ReceiverAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Sent as JSON. */
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One connector: how its options look, and how a source is made of them. */
export interface SourceType<Options> {
  /** Name of the connector; of one that is built in, the key under which sources are configured: `kafka`, `postgres`, `rest`. */
  readonly type: string;
  /** JSON Schema (2020-12) of the options, with `description` and `default` on every property; unknown keys are refused. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the bytes of its keys are where the configuration does not say so. Default `string`. */
  readonly keyFormat?: 'string' | 'json';
  /** Its sources say which records belong to one transaction (`more`). Only these can be configured `atomic`. Default: no. */
  readonly transactions?: boolean;
  /** Of such a type: its sources are `atomic` unless the configuration says otherwise. Default: no. */
  readonly atomicByDefault?: boolean;
  /**
   * Reading its current state once costs the upstream no more than any other look: `check --connect` does so and shows what would
   * be published. Default: no.
   */
  readonly isCheapToRead?: boolean;
  /** Contacts nobody yet. What it throws counts as thrown by `probe`. */
  create(options: Options, context: SourceContext): Source;
}

/**
 * What the errors below have in common: `instanceof` goes by their name too. A connector that is loaded from elsewhere may have
 * a copy of this file of its own, or none, of whose errors no one is an instance of the core's classes.
 */
abstract class SourceError extends Error {
  static override [Symbol.hasInstance](error: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, error)) return true;
    return typeof error === 'object' && error !== null && 'name' in error && error.name === this.name;
  }
}

/** The upstream cannot be reached just now. The core marks the paths stale and tries again with growing, jittered waits. */
export class SourceUnavailable extends SourceError {
  override readonly name = 'SourceUnavailable';
}

/** What came after our position is gone upstream. A complete source is read anew and swept, any other stops. */
export class HistoryLost extends SourceError {
  override readonly name = 'HistoryLost';
}

/** The options cannot work as they are (wrong password, no such topic). The source stops; the process and the others go on. */
export class OptionsRejected extends SourceError {
  override readonly name = 'OptionsRejected';
}
