// Whether an event is of the form that the contract gives it. The compiler says so to those who write TypeScript; here it is
// said to everybody.

import type { SourceEvent, SourceRecord } from '../contract.js';
import { demand } from './expectation.js';

/** Throws NotConformant. */
export function demandShape(event: SourceEvent): void {
  switch (event.type) {
    case 'records':
      demandPlace(event);
      return demandBatch(event);
    case 'cleared':
      return demandPlace(event);
    case 'retained':
      return demand(
        Number.isFinite(event.bytes) && event.bytes >= 0,
        'retained must have its bytes, 0 or more',
      );
    case 'progress':
      return demand(
        Number.isFinite(event.done) && Number.isFinite(event.total) && event.done >= 0 && event.total >= 0,
        `progress must have numbers done and total; it has ${event.done} and ${event.total}`,
      );
    case 'interrupted':
      return demand(
        typeof event.reason === 'string' && event.reason !== '',
        'interrupted must have a reason, for operators',
      );
    case 'live':
      return;
    default:
      demand(false, `there is no event of type ${JSON.stringify((event as { type?: unknown }).type)}`);
  }
}

function demandPlace(event: Extract<SourceEvent, { type: 'records' | 'cleared' }>): void {
  const { type, partition, topic, partitionNumber, position, more } = event;
  demand(isText(partition), `${type} must name the partition`);
  demand(isText(topic), `${type} must name the topic: what the upstream calls what records belong to`);
  demand(
    Number.isInteger(partitionNumber) && partitionNumber >= 0,
    'partitionNumber must be 0 or a whole number above',
  );
  demand(isText(position), `${type} must have a position, as text that is not empty`);
  demand(more === undefined || typeof more === 'boolean', 'more must be true, false or left out');
}

function demandBatch({ records, behind }: Extract<SourceEvent, { type: 'records' }>): void {
  demand(Array.isArray(records), 'records must be a list; an empty one moves the position only');
  demand(behind === undefined || (Number.isFinite(behind) && behind >= 0), 'behind must be 0 or more');
  records.forEach(demandRecord);
}

function demandRecord({ key, value, headers, timestampMs, offset }: SourceRecord): void {
  demand(key === null || Buffer.isBuffer(key), 'the key of a record must be a Buffer or null');
  demand(value === null || Buffer.isBuffer(value), 'the value of a record must be a Buffer or null');
  demand(
    Number.isFinite(timestampMs),
    'timestampMs must be a number; a negative one where the upstream says none',
  );
  demand(isText(offset) || Number.isFinite(offset), 'offset must be text or a number');
  const isOfHeaders =
    headers === undefined ||
    (Array.isArray(headers) &&
      headers.every(
        ({ name, value: bytes }) => typeof name === 'string' && (bytes === null || Buffer.isBuffer(bytes)),
      ));
  demand(isOfHeaders, 'headers must be a list of { name, value: Buffer or null }, or undefined');
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
