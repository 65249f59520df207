// Short ways to write rules, records and batches in tests of ingest.

import type { SourceRecord } from '../../connectors/contract.js';
import type { SourceBatch } from '../../src/ingest/intake.js';
import { RecordIntake, type IntakeOptions } from '../../src/ingest/intake.js';
import type { DeadLetter } from '../../src/ingest/rejection.js';
import { compileMapping } from '../../src/map/compile.js';
import type { MapRule } from '../../src/map/rule.js';
import { RecordedLog } from './recorded-log.js';

export function mappingOf(rules: readonly MapRule[]) {
  const compiled = compileMapping(rules);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes));
  return compiled.mapping;
}

/** `value`: bytes or text as they are, null a tombstone, anything else as JSON. */
export function record(key: string | null, value: unknown, timestampMs = 1): SourceRecord {
  const bytes =
    value === null || Buffer.isBuffer(value)
      ? value
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return {
    key: key === null ? null : Buffer.from(key),
    value: bytes,
    headers: undefined,
    timestampMs,
    offset: 0,
  };
}

export function batch(records: readonly SourceRecord[], partitionNumber = 0, position = '1'): SourceBatch {
  return {
    type: 'records',
    partition: `t-${partitionNumber}`,
    topic: 't',
    partitionNumber,
    records,
    position,
  };
}

export function intakeOf(rules: readonly MapRule[], options: Partial<IntakeOptions> = {}) {
  const log = new RecordedLog();
  const letters: Pick<DeadLetter, 'stage' | 'code'>[] = [];
  const intake = new RecordIntake({
    name: 's',
    mapping: mappingOf(rules),
    keyFormat: 'string',
    valueFormat: 'json',
    writer: log,
    deadLetters: { write: ({ stage, code }) => void letters.push({ stage, code }) },
    ...options,
  });
  return { intake, log, letters, take: (...records: SourceRecord[]) => void intake.take(batch(records), 1) };
}
