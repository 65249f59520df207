// The requests that have been taken and are not answered yet: handed to the core in the order in which they arrived, in batches
// that do not care where one request ends, and answered when the core has said what became of all their records.

import type { RecordRejection, SourceRecord } from '../contract.js';
import type { PushedRecord } from './pushed-record.js';

/** What became of a request. */
export type Outcome =
  | { readonly kind: 'durable'; readonly accepted: number; readonly rejections: Rejections }
  /** Some of its records may have been taken, or none: nobody knows. */
  | { readonly kind: 'stopped' };

/** Records of one request that went to the dead letters. */
export interface Rejections {
  count: number;
  /** The first {@link MOST_LISTED} of them; `index` is that of the record within the request. */
  readonly listed: ({ readonly index: number } & RecordRejection)[];
}

/** Records in the order of arrival, of one request or of several. */
export interface WaitingBatch {
  readonly records: readonly SourceRecord[];
  /** Offset after the last of them. */
  readonly next: number;
  /** Records that wait behind them. */
  readonly behind: number;
}

interface WaitingRequest {
  readonly records: readonly PushedRecord[];
  /** Offset of its first record. */
  readonly first: number;
  readonly cost: number;
  readonly rejections: Rejections;
  settle(outcome: Outcome): void;
}

export const MOST_LISTED = 100;

/** Records that the core takes in one turn. */
const BATCH_RECORDS = 1_000;
/** Beside the body: a connection with its request; a record (265 were measured) and one header of it (236). */
const REQUEST_BYTES = 16 * 1024;
const RECORD_BYTES = 512;
const HEADER_BYTES = 256;

/** What a request takes while it waits, roughly, in bytes of memory. */
export function costOf(bodyBytes: number, records: readonly PushedRecord[]): number {
  const headers = records.reduce((sum, record) => sum + (record.headers?.length ?? 0), 0);
  return bodyBytes + REQUEST_BYTES + records.length * RECORD_BYTES + headers * HEADER_BYTES;
}

/**
 * Invariant: offsets grow by one per record; a request is in `#requests` until it is settled, exactly once; `#cost` is
 * the sum of theirs and of what is reserved.
 */
export class WaitingRequests {
  readonly #requests: WaitingRequest[] = [];
  /** Offset of the record that comes after the last one taken in, and of the next one that is handed out. */
  #end: number;
  #next: number;
  #cost = 0;
  #wake: () => void = () => undefined;

  constructor(firstOffset: number) {
    this.#end = firstOffset;
    this.#next = firstOffset;
  }

  /** Whether a request that takes so much could be added. */
  hasRoom(cost: number, maxCost: number): boolean {
    return this.#requests.length === 0 || this.#cost + cost <= maxCost;
  }

  /** For what waits beside the requests; what it returns gives it back, once. */
  reserve(cost: number): () => void {
    this.#cost += cost;
    return () => void (this.#cost -= cost);
  }

  /** Resolves when it is known what became of them. */
  add(records: readonly PushedRecord[], cost: number): Promise<Outcome> {
    return new Promise((settle) => {
      this.#requests.push({
        ...{ records, first: this.#end, cost },
        ...{ rejections: { count: 0, listed: [] }, settle },
      });
      this.#end += records.length;
      this.#cost += cost;
      this.#wake();
    });
  }

  /** The next records that have not been handed out; undefined: there are none. */
  take(): WaitingBatch | undefined {
    const records: SourceRecord[] = [];
    for (const request of this.#requests) {
      const done = Math.max(0, this.#next - request.first);
      const most = done + BATCH_RECORDS - records.length;
      for (const record of request.records.slice(done, most))
        records.push({ ...record, offset: this.#next++ });
      if (records.length === BATCH_RECORDS) break;
    }
    if (records.length === 0) return undefined;
    return { records, next: this.#next, behind: this.#end - this.#next };
  }

  /** Resolves when there may be something to take, or `signal` aborts. One call at a time. */
  arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        resolve();
      };
      this.#wake = end;
      signal.addEventListener('abort', end);
      if (signal.aborted || this.#next < this.#end) end();
    });
  }

  /** A record that was handed out went to the dead letters. */
  rejected(offset: number, { stage, code }: RecordRejection): void {
    const request = this.#requests.find(({ first, records }) => offset < first + records.length);
    if (request === undefined || offset < request.first) return;
    const { rejections } = request;
    rejections.count++;
    if (rejections.listed.length < MOST_LISTED) {
      rejections.listed.push({ index: offset - request.first, stage, code });
    }
  }

  /** Everything before `next` is durable. */
  acknowledged(next: number): void {
    this.#settle(
      ({ first, records }) => first + records.length <= next,
      ({ records, rejections }) => ({
        kind: 'durable',
        accepted: records.length - rejections.count,
        rejections,
      }),
    );
  }

  /** What was handed out will not be acknowledged any more. */
  interrupt(): void {
    this.#settle(
      ({ first }) => first < this.#next,
      () => ({ kind: 'stopped' }),
    );
    this.#next = this.#requests[0]?.first ?? this.#end;
  }

  /** None of them will be. */
  stop(): void {
    this.#settle(
      () => true,
      () => ({ kind: 'stopped' }),
    );
    this.#next = this.#end;
  }

  /** Those in front that fit. */
  #settle(fits: (request: WaitingRequest) => boolean, outcomeOf: (request: WaitingRequest) => Outcome): void {
    const found = this.#requests.findIndex((request) => !fits(request));
    for (const request of this.#requests.splice(0, found < 0 ? this.#requests.length : found)) {
      this.#cost -= request.cost;
      request.settle(outcomeOf(request));
    }
  }
}
