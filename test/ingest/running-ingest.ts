// An ingest with a scripted source, a recorded log, and time that leaps: what tests of ingest start from.

import type { SourceEvent } from '../../connectors/contract.js';
import type { Clock } from '../../src/clock.js';
import { LoggedDeadLetters } from '../../src/dead-letters/logged.js';
import { Ingest } from '../../src/ingest/ingest.js';
import type { IngestLog } from '../../src/ingest/rejection.js';
import type { Mapping } from '../../src/map/mapping.js';
import { MemorySource, type Reading } from './memory-source.js';
import { RecordedLog } from './recorded-log.js';
import { batch, mappingOf, record } from './records.js';

/** Time that jumps over every wait at once, and notes how long it was. */
export function leapingClock(): Clock & { readonly waits: number[] } {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => 1_000 + now,
    monotonic: () => now,
    after(delayMs, task) {
      waits.push(delayMs);
      const timer = setImmediate(() => {
        now += delayMs;
        task();
      });
      return () => clearImmediate(timer);
    },
    nextTurn: (task) => void setImmediate(task),
    random: () => 0.5,
  };
}

export interface StartOptions {
  readonly completeState?: boolean;
  /** Whose lane it takes over; `begun` resolves when it has. */
  readonly former?: { readonly ingest: Ingest; readonly log: RecordedLog };
  readonly onFlood?: 'continue';
  readonly expireAfterMs?: number;
  readonly atomic?: boolean;
  /** Values that the mapping cannot use just now. */
  readonly refuses?: (value: string) => boolean;
}

/** An ingest that runs, and what it does to its log, its source and its operator. */
export function start(
  readings: readonly Reading[],
  { completeState = true, former, refuses = () => false, ...options }: StartOptions = {},
) {
  const mapping = mappingOf([{ path: 'p/{key}' }]);
  const { patterns, fields, reads } = mapping;
  const map: Mapping['map'] = (read, paths) =>
    refuses(read.value.text()) ? 'field-missing' : mapping.map(read, paths);
  const source = new MemorySource(readings, completeState);
  const log = former?.log ?? new RecordedLog();
  const clock = leapingClock();
  const lines: string[] = [];
  const write = (level: string) => (event: string) => void lines.push(`${level} ${event}`);
  const operator: IngestLog = { info: write('info'), warn: write('warn'), error: write('error') };
  const ingest = new Ingest({
    name: 's',
    source,
    ...options,
    mapping: { patterns, fields, reads, faultyRule: 0, map } as Mapping,
    keyFormat: 'string',
    valueFormat: 'json',
    writer: log,
    deadLetters: new LoggedDeadLetters(operator, clock),
    clock,
    log: operator,
  });
  const stop = new AbortController();
  const begun =
    former === undefined
      ? Promise.resolve()
      : former.ingest.release().then(() => ingest.inherit(former.ingest));
  const running = former === undefined ? ingest.run(stop.signal) : begun.then(() => ingest.run(stop.signal));
  const until = async (isSo: () => boolean) => {
    for (let turns = 0; !isSo(); turns++) {
      if (turns > 5_000) throw new Error(`never so: ${JSON.stringify(ingest.status)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { ingest, source, log, clock, lines, begun, running, until, stop: () => stop.abort() };
}

export const set = (key: string, position: string): SourceEvent => batch([record(key, { key })], 0, position);
export const LIVE: SourceEvent = { type: 'live' };
