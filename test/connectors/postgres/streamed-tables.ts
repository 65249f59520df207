// Two tables of which a stream brings changes, and what drives TransactionEvents as a connection does.

import type { SourceRecord } from '../../../connectors/contract.js';
import type { StreamPlace } from '../../../connectors/postgres/position.js';
import { StreamedRows, type Filled } from '../../../connectors/postgres/streamed-rows.js';
import { ToastMemory } from '../../../connectors/postgres/toast-memory.js';
import {
  TransactionEvents,
  wholeUpTo,
  type Gap,
  type PositionedEvent,
} from '../../../connectors/postgres/transaction-events.js';
import { ByteScratch } from '../../../connectors/postgres/wire/byte-scratch.js';
import { decodeMessage } from '../../../connectors/postgres/wire/pgoutput.js';
import type { Table } from '../../../connectors/postgres/wire/table.js';
import { KINDS, tableOf, TYPE } from './sample-table.js';

export const ORDERS = 7;
export const NOTES = 8;
/** Of a table that is not read. */
export const OTHER = 9;

const COLUMNS = [
  { name: 'id', type: TYPE.int4, isKey: true },
  { name: 'text', type: TYPE.text },
];
const IDENTITY = { systemId: '1', generation: 'A-0' };

/** A record as text, or that a table is empty. */
export type Said = string;

export interface StreamOptions {
  readonly from?: StreamPlace;
  readonly memory?: ToastMemory;
  /** Answers where nobody here knows a value. */
  readonly fill?: (gap: Gap) => Filled;
  readonly replicaIdentity?: Table['replicaIdentity'];
}

/** Invariant: `said` is what all events have brought, in order, with `|` after each that completes a transaction. */
export class StreamedTables {
  readonly events: TransactionEvents;
  readonly handedOut: { readonly event: PositionedEvent; readonly place: StreamPlace }[] = [];
  readonly said: Said[] = [];
  readonly #fill: StreamOptions['fill'];

  constructor({ from = wholeUpTo(0n), memory, fill, replicaIdentity = 'default' }: StreamOptions = {}) {
    const scratch = new ByteScratch();
    const shared = { types: KINDS, scratch, memory: memory ?? new ToastMemory(100_000) };
    const rowsOf = (oid: number, name: string): [number, StreamedRows] => {
      const table = { ...tableOf(COLUMNS), oid, name, topic: `public.${name}`, replicaIdentity };
      return [oid, new StreamedRows({ ...shared, table })];
    };
    const tables = new Map([rowsOf(ORDERS, 'orders'), rowsOf(NOTES, 'notes')]);
    this.events = new TransactionEvents({ identity: IDENTITY, publication: 'p', tables, scratch, from });
    this.#fill = fill;
  }

  /** One after the other; after as many events as that, nobody takes any more. */
  send(payloads: readonly Buffer[], events = Infinity): void {
    for (const payload of payloads) {
      const message = decodeMessage(payload);
      const gap = this.events.gap(message);
      const filled = gap === undefined ? undefined : this.#fill?.(gap);
      const before = this.events.before(message);
      if (before !== undefined) this.#take(before);
      if (this.handedOut.length >= events) return;
      this.events.apply(message, filled);
      for (let next = this.events.ready(); next !== undefined; next = this.events.ready()) {
        this.#take(next);
        if (this.handedOut.length >= events) return;
      }
    }
  }

  #take(event: PositionedEvent): void {
    this.handedOut.push({ event, place: this.events.handedOut });
    if (event.type === 'cleared') this.said.push(`${event.topic} is empty`);
    else for (const record of event.records) this.said.push(saidOf(event.topic, record));
    if (event.more !== true) this.said.push('|');
  }
}

/** Copied: the bytes are overwritten by what comes next. */
function saidOf(topic: string, { key, value }: SourceRecord): Said {
  return `${topic} ${String(key)} = ${value === null ? 'gone' : String(value)}`;
}
