// Messages of the stream to events of the contract: which records go together, where they stand, when a transaction is complete, and
// what a position covers already. Knows no connection; a transaction is never held, only the event that is being filled.

import type { SourceEvent, SourceRecord } from '../contract.js';
import { formatLsn } from './connection/lsn.js';
import { positionText, type StreamIdentity, type StreamPlace } from './position.js';
import type { Filled, RowUpdate, StreamedRows } from './streamed-rows.js';
import type { ByteScratch } from './wire/byte-scratch.js';
import type { PgOutputMessage } from './wire/pgoutput.js';

/** There is one order of all that a slot sends, so there is one partition. */
export const PARTITION = 'postgres';
export const EVENT_RECORDS = 1_000;
export const EVENT_BYTES = 256 * 1024;

export type PositionedEvent = Extract<SourceEvent, { type: 'records' | 'cleared' }>;

/** An update that does not say all, and nobody here knows the rest. */
export interface Gap {
  readonly rows: StreamedRows;
  readonly update: RowUpdate;
  /** Of the transaction: only when the server shows what it did is the row of now worth looking at. */
  readonly xid: number;
}

export interface TransactionEventsOptions {
  readonly identity: StreamIdentity;
  /** Topic of events that only move the position. */
  readonly publication: string;
  /** By oid. Changes of others are left out. Entries may be removed meanwhile. */
  readonly tables: ReadonlyMap<number, StreamedRows>;
  /** Into which the rows of `tables` are written. */
  readonly scratch: ByteScratch;
  /** What lies before it is not yielded again. */
  readonly from: StreamPlace;
}

/** An event that is not handed out yet, because the next message says whether the transaction goes on. */
interface Held {
  readonly type: PositionedEvent['type'];
  readonly topic: string;
  readonly records: SourceRecord[];
  bytes: number;
}

/** The one that is open. */
interface Transaction {
  readonly commitLsn: bigint;
  /** As people write it: offsets of records begin with it. */
  readonly lsnText: string;
  readonly committedAtMs: number;
  readonly xid: number;
  /** So many of its first changes were handed out before the stream was begun again. */
  readonly covered: number;
  /** How many changes have been applied. */
  done: number;
  /** A part of it was handed out with `more`. */
  isPartial: boolean;
}

/**
 * Invariant: for each message in order the caller asks {@link gap}, hands out {@link before}, then calls {@link apply} and hands out
 * {@link ready}; a position that is handed out covers what was, and nothing else. Records are valid until the next `apply`.
 */
export class TransactionEvents {
  readonly #options: TransactionEventsOptions;
  readonly #take = (key: Buffer, value: Buffer | null): void => this.#add(key, value);
  readonly #ready: PositionedEvent[] = [];
  #held: Held | undefined;
  #handedOut: StreamPlace;
  #transaction: Transaction | undefined;
  /** Before it all is done, the open transaction apart. */
  #doneUpTo: bigint;
  /** Of the change that is being applied. */
  #topic = '';
  #offset = '';

  constructor(options: TransactionEventsOptions) {
    this.#options = options;
    this.#handedOut = options.from;
    this.#doneUpTo = options.from.lsn;
  }

  /** After the last event that was handed out: where to go on. */
  get handedOut(): StreamPlace {
    return this.#handedOut;
  }

  /** All that was committed before it is handed out, or was nothing to be handed out. */
  get doneUpTo(): bigint {
    return this.#doneUpTo;
  }

  /** Between two transactions. */
  get isBetween(): boolean {
    return this.#transaction === undefined;
  }

  /** The server has sent all that was committed before `walEnd`. Means nothing within a transaction. */
  keepalive(walEnd: bigint): void {
    if (this.isBetween && walEnd > this.#doneUpTo) this.#doneUpTo = walEnd;
  }

  /** The place where it begins, as an event. */
  start(): PositionedEvent {
    return this.#event(this.#empty(), this.#handedOut, false);
  }

  /** There is something to move over that no event speaks of. */
  get canAdvance(): boolean {
    return this.isBetween && this.#doneUpTo > this.#handedOut.lsn;
  }

  /** An event without records that does so. */
  advance(): PositionedEvent | undefined {
    if (!this.canAdvance) return undefined;
    return this.#event(this.#empty(), wholeUpTo(this.#doneUpTo), false);
  }

  /** The table is no more: an event between two transactions. */
  clear(topic: string): PositionedEvent {
    return this.#event({ type: 'cleared', topic, records: [], bytes: 0 }, this.#handedOut, false);
  }

  /** The connection was lost: what was not handed out comes again, and must not find in memory what it has left there. */
  restart(): void {
    for (const rows of this.#options.tables.values()) rows.forget();
    this.#held = undefined;
    this.#ready.length = 0;
    this.#transaction = undefined;
    this.#doneUpTo = this.#handedOut.lsn;
  }

  /** What has to be found out before the message can be applied; undefined, as a rule: nothing. */
  gap(message: PgOutputMessage): Gap | undefined {
    if (message.kind !== 'update' || message.row.unchanged === 0) return undefined;
    const { xid, done, covered } = this.#open();
    const rows = this.#options.tables.get(message.oid);
    if (done < covered || rows === undefined || rows.isWhole(message)) return undefined;
    return { rows, update: message, xid };
  }

  /** The event that must be handed out before `message` is applied. */
  before(message: PgOutputMessage): PositionedEvent | undefined {
    switch (message.kind) {
      case 'insert':
      case 'update':
      case 'delete': {
        if (this.#held === undefined) return undefined;
        const topic = this.#options.tables.get(message.oid)?.table.topic;
        return topic === undefined || hasRoom(this.#held, topic) ? undefined : this.#release();
      }
      case 'truncate':
        return message.oids.some((oid) => this.#options.tables.has(oid)) ? this.#release() : undefined;
      case 'commit':
        return this.#complete(message.endLsn);
      case 'begin':
      case 'relation':
      case 'other':
        return undefined;
    }
  }

  /** `filled`: what was found out about the {@link gap}. Throws ProtocolFault. */
  apply(message: PgOutputMessage, filled?: Filled): void {
    switch (message.kind) {
      case 'begin':
        return this.#begin(message);
      case 'commit':
        this.#transaction = undefined;
        if (message.endLsn > this.#doneUpTo) this.#doneUpTo = message.endLsn;
        return;
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate': {
        const transaction = this.#open();
        if (transaction.done >= transaction.covered) {
          if (message.kind === 'truncate') this.#truncate(message.oids);
          else this.#change(message, filled);
        }
        transaction.done++;
        return;
      }
      case 'relation':
      case 'other':
        return;
    }
  }

  /** What the last message has completed; undefined: no more. */
  ready(): PositionedEvent | undefined {
    return this.#ready.shift();
  }

  #begin({ commitLsn, committedAtMs, xid }: Extract<PgOutputMessage, { kind: 'begin' }>): void {
    const { lsn, index } = this.#handedOut;
    const covered = commitLsn === lsn ? index : commitLsn < lsn ? Infinity : 0;
    const isPartial = commitLsn === lsn && index > 0;
    const lsnText = formatLsn(commitLsn);
    this.#transaction = { commitLsn, lsnText, committedAtMs, xid, covered, done: 0, isPartial };
  }

  #change(message: Parameters<StreamedRows['take']>[0], filled: Filled | undefined): void {
    const rows = this.#options.tables.get(message.oid);
    if (rows === undefined) return;
    if (this.#held === undefined) this.#options.scratch.reset();
    const { lsnText, done } = this.#open();
    this.#topic = rows.table.topic;
    this.#offset = `${lsnText}+${done + 1}`;
    rows.take(message, filled, this.#take);
  }

  #add(key: Buffer, value: Buffer | null): void {
    const held = (this.#held ??= { type: 'records', topic: this.#topic, records: [], bytes: 0 });
    const timestampMs = this.#open().committedAtMs;
    held.records.push({ key, value, headers: undefined, timestampMs, offset: this.#offset });
    held.bytes += key.length + (value === null ? 0 : value.length);
  }

  /** One event for each table. All but the last are ready, at the place before this change: it is done when the last is. */
  #truncate(oids: readonly number[]): void {
    for (const oid of oids) {
      const rows = this.#options.tables.get(oid);
      if (rows === undefined) continue;
      rows.forget();
      const former = this.#release();
      if (former !== undefined) this.#ready.push(former);
      this.#held = { type: 'cleared', topic: rows.table.topic, records: [], bytes: 0 };
    }
  }

  /** What is held, as a part of the open transaction. */
  #release(): PositionedEvent | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    const transaction = this.#open();
    this.#held = undefined;
    transaction.isPartial = true;
    return this.#event(held, { at: 'stream', lsn: transaction.commitLsn, index: transaction.done }, true);
  }

  /** What is held, as the end of the open transaction; something must say that it ends where a part is out. */
  #complete(endLsn: bigint): PositionedEvent | undefined {
    const held = this.#held ?? (this.#open().isPartial ? this.#empty() : undefined);
    this.#held = undefined;
    return held === undefined ? undefined : this.#event(held, wholeUpTo(endLsn), false);
  }

  #event({ type, topic, records }: Held, place: StreamPlace, more: boolean): PositionedEvent {
    this.#handedOut = place;
    const position = positionText(this.#options.identity, place);
    const common = { partition: PARTITION, topic, partitionNumber: 0, position, ...(more && { more }) };
    return type === 'cleared' ? { type, ...common } : { type, ...common, records };
  }

  #empty(): Held {
    return { type: 'records', topic: this.#options.publication, records: [], bytes: 0 };
  }

  #open(): Transaction {
    if (this.#transaction === undefined) throw new Error('the server sent a change outside of a transaction');
    return this.#transaction;
  }
}

function hasRoom({ type, topic, records, bytes }: Held, wanted: string): boolean {
  return type === 'records' && topic === wanted && records.length < EVENT_RECORDS && bytes < EVENT_BYTES;
}

/** After every transaction whose commit record ends there, or before. */
export function wholeUpTo(lsn: bigint): StreamPlace {
  return { at: 'stream', lsn, index: 0 };
}
