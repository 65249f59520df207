// Why records are rejected. A record that cannot be used never blocks those behind it and is never dropped without a trace: it is
// counted by code and handed to a dead-letter sink, of which src/dead-letters has several.

import type {
  DeadLetter as StorableLetter,
  DeadLetterSink as StoringSink,
} from '../dead-letters/dead-letter.js';
import type { DecodeFault } from '../decode/fault.js';
import type { MapFault } from '../map/rule.js';

/** Codes of this stage. */
export type IngestFault =
  /** A delete without a key says nothing about what to delete. */
  | 'no-key'
  /** Another key owns the path, and the source is configured to refuse that. */
  | 'contended'
  /** The source has as many paths as it may. */
  | 'too-many-paths';

/** Closed list: a metric label. What the codes mean is said where each part of the list is declared. */
export type RejectionCode = DecodeFault | MapFault | IngestFault;

export type RejectionStage = 'decode key' | 'decode value' | 'map' | 'own';

export interface Rejection {
  readonly stage: RejectionStage;
  readonly code: RejectionCode;
  /** Byte offset in the key or value where decoding failed, or the index of the rule that failed. */
  readonly at?: number;
}

/** A rejected record with its origin. */
export type DeadLetter = Rejection & Omit<StorableLetter, keyof Rejection>;

/** What ingest needs of a sink. Those of src/dead-letters are such; so is a function in a test. */
export interface DeadLetterSink extends Partial<Omit<StoringSink, 'write'>> {
  write(letter: DeadLetter): Promise<void> | void;
}

/** Structured log lines, never with payloads or keys. */
export interface IngestLog {
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
  error(event: string, facts?: Readonly<Record<string, unknown>>): void;
}
