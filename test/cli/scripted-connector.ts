// A connector for tests of verbs that read a source: it yields what the test says, and keeps the options it was created with.

import type { Source, SourceEvent, SourceRecord, SourceType } from '../../connectors/contract.js';
import { MemorySource, type Reading } from '../ingest/memory-source.js';

export interface Scripted {
  readonly type: SourceType<unknown>;
  /** Options of each source that was created. */
  readonly created: Record<string, unknown>[];
  readonly sources: Source[];
}

export interface Script extends Partial<Reading> {
  /** Of its option `start`; undefined: it has none. */
  readonly start?: Readonly<Record<string, unknown>>;
  readonly probeError?: Error;
  readonly receiver?: Source['receiver'];
}

/** Configured under `scripted: {}`. */
export function scripted({ events = [], then = 'waits', start, probeError, receiver }: Script): Scripted {
  const created: Record<string, unknown>[] = [];
  const sources: Source[] = [];
  const type: SourceType<unknown> = {
    type: 'scripted',
    options: {
      type: 'object',
      description: 'What a test says.',
      additionalProperties: false,
      properties: start === undefined ? {} : { start },
    },
    create(options) {
      const source = new MemorySource([{ events, then }]);
      if (probeError !== undefined) source.probeErrors.push(probeError);
      created.push(options as Record<string, unknown>);
      const made = receiver === undefined ? source : Object.assign(source, { receiver });
      sources.push(made);
      return made;
    },
  };
  return { type, created, sources };
}

export function recordsOf(
  records: readonly Partial<SourceRecord>[],
  topic = 'orders',
): Extract<SourceEvent, { type: 'records' }> {
  const whole = records.map((record, index): SourceRecord => ({
    ...{ key: null, value: null, headers: undefined, timestampMs: 1_700_000_000_000, offset: index },
    ...record,
  }));
  return {
    type: 'records',
    partition: `${topic}/0`,
    topic,
    partitionNumber: 0,
    records: whole,
    position: '1',
  };
}

/** A record of text. */
export function record(key: string | null, value: string | null): Partial<SourceRecord> {
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  };
}
