// A dead letter as a record of a topic: key and value as they were, and headers that say where it came from and why, before the
// headers that it had.

import type { RecordHeader } from '../../connectors/contract.js';
import type { LetterStub } from './dead-letter.js';

/** `timestampMs` is when the record was rejected, so that the topic keeps it for its whole retention from then on. */
export interface LetterRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  readonly timestampMs: number;
}

const PREFIX = 'tailrace.';
/** Ends our headers: the record's own may have any name. */
const LAST = 'truncated';

export function letterRecord(stub: LetterStub): LetterRecord {
  const { key, value, headers, rejectedAtMs, at } = stub;
  const facts: readonly (readonly [string, string | number | boolean])[] = [
    ['source', stub.source],
    ['topic', stub.topic],
    ['partition', stub.partition],
    ['offset', stub.offset],
    ['timestamp', stub.timestampMs],
    ['rejected-at', rejectedAtMs],
    ['stage', stub.stage],
    ['code', stub.code],
    ...(at === undefined ? [] : [['at', at] as const]),
    ['value-bytes', stub.valueBytes],
    [LAST, stub.isTruncated],
  ];
  const ours = facts.map(([name, fact]) => ({ name: PREFIX + name, value: Buffer.from(String(fact)) }));
  return { key, value, headers: [...ours, ...headers], timestampMs: rejectedAtMs };
}

/** undefined: the record is no letter. */
export function letterFromRecord({
  key,
  value,
  headers = [],
}: {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[] | undefined;
}): LetterStub | undefined {
  const end = headers.findIndex(({ name }) => name === PREFIX + LAST);
  if (end < 0) return undefined;
  const facts = new Map(
    headers.slice(0, end + 1).map(({ name, value: fact }) => [name, fact?.toString() ?? '']),
  );
  const text = (name: string): string => facts.get(PREFIX + name) ?? '';
  const number = (name: string): number => (text(name) === '' ? NaN : Number(text(name)));
  const stub: LetterStub = {
    source: text('source'),
    topic: text('topic'),
    partition: number('partition'),
    offset: /^(0|[1-9]\d{0,14})$/.test(text('offset')) ? number('offset') : text('offset'),
    timestampMs: number('timestamp'),
    rejectedAtMs: number('rejected-at'),
    stage: text('stage'),
    code: text('code'),
    ...(facts.has(`${PREFIX}at`) && { at: number('at') }),
    ...{ key, value, valueBytes: number('value-bytes') },
    isTruncated: text(LAST) === 'true',
    headers: headers.slice(end + 1),
  };
  const numbers = [stub.partition, stub.timestampMs, stub.rejectedAtMs, stub.valueBytes, stub.at ?? 0];
  const isWhole = stub.source !== '' && stub.code !== '' && numbers.every(Number.isFinite);
  return isWhole ? stub : undefined;
}
