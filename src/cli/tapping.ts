// Reads a source as the running system would, and tells what each record becomes: decoded and mapped by the same functions,
// written nowhere, acknowledged to nobody. What is shown of it is tap.ts.

import type { Source, SourceRecord } from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import { SchemasUnavailable } from '../decode/decoder.js';
import type { RecordReader } from '../ingest/record-reader.js';
import { pause, retryWait } from '../ingest/retry.js';
import type { TappedRecord } from './tap-lines.js';

export interface TappingOptions {
  readonly source: Source;
  readonly reader: RecordReader;
  readonly clock: Clock;
  readonly listener: TapListener;
}

export interface TapListener {
  /** Not called again before what it returned has settled. */
  record(tapped: TappedRecord): Promise<void> | undefined;
  /** All that there was has been told, or contact is regained. */
  live(): void;
  interrupted(reason: string): void;
  /** Every key of the topic is gone. */
  cleared(topic: string): void;
  /** A schema registry does not answer; it is asked again and again. */
  waitsForSchemas(reason: string): void;
}

/** Returns when the source ends or `signal` aborts. Throws what sources throw. */
export async function readTapped(options: TappingOptions, signal: AbortSignal): Promise<void> {
  const { source, listener } = options;
  for await (const event of source.read(new Map(), signal)) {
    switch (event.type) {
      case 'records':
        for (const record of event.records) {
          if (signal.aborted) return;
          await readOne(record, { topic: event.topic, partition: event.partitionNumber }, options, signal);
        }
        break;
      case 'live':
        listener.live();
        break;
      case 'interrupted':
        listener.interrupted(event.reason);
        break;
      case 'cleared':
        listener.cleared(event.topic);
        break;
      case 'progress':
      case 'retained':
        break;
    }
    if (signal.aborted) return;
  }
}

async function readOne(
  record: SourceRecord,
  { topic, partition }: Pick<TappedRecord, 'topic' | 'partition'>,
  { reader, listener, clock }: TappingOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; reader.needsSchemas && !signal.aborted; attempt++) {
    try {
      const wait = reader.prepare(record);
      if (wait !== undefined) await wait;
      break;
    } catch (error) {
      if (!(error instanceof SchemasUnavailable)) throw error;
      if (attempt === 1) listener.waitsForSchemas(error.message);
      await pause(clock, retryWait(attempt, clock.random()), signal);
    }
  }
  if (signal.aborted) return;
  const sampled = reader.sample(record, { topic, partitionNumber: partition });
  const shown = listener.record({ topic, partition, record, sampled });
  if (shown !== undefined) await shown;
}
