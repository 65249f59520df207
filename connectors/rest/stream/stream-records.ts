// The messages of a stream as events: every item of a message is a record, and what has arrived together is one event.

import type { Position, SourceEvent, SourceLog, SourceRecord } from '../../contract.js';
import { BadFeed } from '../format/bad-feed.js';
import type { FeedParser } from '../format/feed-parser.js';
import type { PageItems } from '../format/page-items.js';
import type { StreamMessage } from './stream-message.js';
import { StreamPosition } from './stream-position.js';

export interface StreamRecordsSettings {
  /** Of the endpoint. */
  readonly name: string;
  /** Among the endpoints. */
  readonly number: number;
  /** Of one message: `format: json`, `contentType: any`. */
  readonly parser: Pick<FeedParser, 'read'>;
  /** n of the item field that ends an item; undefined: there is none. */
  readonly deletedField: number | undefined;
  readonly log: SourceLog;
}

export type RecordsEvent = Extract<SourceEvent, { type: 'records' }>;

/** Of one event, where one message alone is not more. */
const MAX_RECORDS = 500;
const MAX_BYTES = 256 * 1024;

/**
 * Invariant: an event has whole messages only, and its position is after the last of them; whoever takes all events has taken
 * every message up to `lastEventId`.
 */
export class StreamRecords {
  readonly #settings: StreamRecordsSettings;
  readonly #position: StreamPosition;
  #records: SourceRecord[] = [];
  #bytes = 0;
  #hasMoved = false;
  #isBadSaid = false;

  /** `after`: of a former reading. `nowMs`: since 1970. */
  constructor(settings: StreamRecordsSettings, after: Position | undefined, nowMs: number) {
    this.#settings = settings;
    this.#position = new StreamPosition(after, nowMs);
  }

  /** Of the last message taken; undefined: none that the sender would know. A char a byte. */
  get lastEventId(): string | undefined {
    return this.#position.lastEventId;
  }

  /** Enough for one event. */
  get isFull(): boolean {
    return this.#records.length >= MAX_RECORDS || this.#bytes >= MAX_BYTES;
  }

  /** One that cannot be read is a record too, without key and with its bytes as they are: for the dead letters. */
  take({ document, isDelete, id }: StreamMessage): void {
    const name = this.#position.pass(id);
    this.#hasMoved = true;
    if (document === undefined) return;
    const items = this.#itemsOf(document);
    if (items === undefined) return this.#add({ key: undefined, value: document, offset: name });
    for (let i = 0; i < items.count; i++) {
      const isGone = isDelete || this.#isEnd(items, i);
      const value = isGone ? null : items.bytes.subarray(items.start(i), items.end(i));
      this.#add({ key: items.key(i), value, offset: i === 0 ? name : `${name}+${i}` });
    }
  }

  /** What was taken since the last call; undefined: nothing. */
  flush(): RecordsEvent | undefined {
    if (!this.#hasMoved) return undefined;
    const { name, number } = this.#settings;
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    this.#hasMoved = false;
    const origin = { partition: name, topic: name, partitionNumber: number };
    return { type: 'records', ...origin, records, position: this.#position.text };
  }

  #itemsOf(document: Buffer): PageItems | undefined {
    try {
      return this.#settings.parser.read(document, undefined);
    } catch (error) {
      if (!(error instanceof BadFeed)) throw error;
      const { name, log } = this.#settings;
      if (!this.#isBadSaid) log.warn('message-rejected', { endpoint: name, reason: error.message });
      this.#isBadSaid = true; // the others are counted as dead letters
      return undefined;
    }
  }

  #isEnd(items: PageItems, i: number): boolean {
    const { deletedField } = this.#settings;
    const said = deletedField === undefined ? undefined : items.field(i, deletedField);
    return said !== undefined && said !== 'false';
  }

  #add({ key, value, offset }: { key: string | undefined; value: Buffer | null; offset: string }): void {
    const record = {
      key: key === undefined ? null : Buffer.from(key),
      value,
      headers: undefined,
      timestampMs: -1,
      offset,
    };
    this.#records.push(record);
    this.#bytes += (record.key?.length ?? 0) + (value?.length ?? 0);
  }
}
