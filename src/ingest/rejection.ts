// Rejected records: why, and where they go. A record that cannot be used never blocks those behind it and is never dropped
// without a trace: it is counted by code and handed to a dead-letter sink, whose first form is a log line.

import type { SourceRecord } from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import type { DecodeFault } from '../decode/fault.js';
import type { MapFault } from '../map/rule.js';
import type { Ms } from '../topic/update.js';

/** Codes of this stage. */
export type IngestFault =
  /** A delete without a key says nothing about what to delete. */
  | 'no-key'
  /** Another key owns the path, and the source is configured to refuse that. */
  | 'contended';

/** Closed list: a metric label. What the codes mean is said where each part of the list is declared. */
export type RejectionCode = DecodeFault | MapFault | IngestFault;

export type RejectionStage = 'decode key' | 'decode value' | 'map' | 'own';

export interface Rejection {
  readonly stage: RejectionStage;
  readonly code: RejectionCode;
  /** Byte offset in the key or value where decoding failed, or the index of the rule that failed. */
  readonly at?: number;
}

/** A rejected record with its origin. `record` is valid during the call that it is given to. */
export interface DeadLetter extends Rejection {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string | number;
  readonly record: SourceRecord;
}

/** Where rejected records go. What it returns must settle before the record is acknowledged upstream. */
export interface DeadLetterSink {
  write(letter: DeadLetter): Promise<void> | void;
}

/** Structured log lines, never with payloads or keys. */
export interface IngestLog {
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
  error(event: string, facts?: Readonly<Record<string, unknown>>): void;
}

const LINES_PER_SECOND = 5;
const SECOND: Ms = 1_000;

/** Invariant: at most LINES_PER_SECOND lines within one second; what is left out is counted in the next line. One per source. */
export class LoggedDeadLetters implements DeadLetterSink {
  readonly #log: IngestLog;
  readonly #clock: Clock;
  #since: Ms = 0;
  #lines = 0;
  #leftOut = 0;

  constructor(log: IngestLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  write({ source, topic, partition, offset, stage, code, at }: DeadLetter): void {
    const now = this.#clock.monotonic();
    if (now - this.#since >= SECOND) {
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_PER_SECOND) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    this.#log.warn('record-rejected', {
      source,
      topic,
      partition,
      offset,
      stage,
      code,
      at,
      leftOut: this.#leftOut,
    });
    this.#leftOut = 0;
  }
}
