// The connector alone, read as the core reads it: rows by path, read anew and swept when its history is lost.

import { HistoryLost, type Source, type SourceEvent } from '../../../connectors/contract.js';
import type { PostgresOptions } from '../../../connectors/postgres/options.js';
import { postgres } from '../../../connectors/postgres/postgres.js';
import type { Json } from '../../../src/topic/json.js';
import { escapeSegment } from '../../../src/topic/path.js';
import { until } from '../../support/kafka.js';
import { loopbackOutbound } from '../../support/outbound.js';

export interface ReadTables {
  readonly source: Source;
  /** As a subscriber would hold them, under the paths of table-oracle.ts. */
  readonly rows: ReadonlyMap<string, Json>;
  /** Every event that came, records by their paths; null: deleted. */
  readonly events: readonly ReadEvent[];
  /** Why its history was lost, each time. */
  readonly losses: readonly string[];
  /** Of the events that are neither records nor progress, and `lost` for each loss. */
  told(): readonly string[];
  untilTold(what: string, times?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ReadEvent {
  readonly type: SourceEvent['type'] | 'lost';
  readonly changes: readonly (readonly [path: string, value: Json])[];
  readonly more: boolean;
}

export interface Reading {
  readonly options: PostgresOptions;
  /** Awaited before each event is taken: what the core does when it is slow. */
  readonly pace?: () => Promise<void>;
}

/** Begins at once. What it throws but a lost history, `untilTold` and `stop` throw. */
export function readTables({ options, pace }: Reading): ReadTables {
  const log = { info: () => undefined, warn: () => undefined };
  const source = postgres.create(options, { name: 'rows', log, outbound: loopbackOutbound });
  const ending = new AbortController();
  const rows = new Map<string, Json>();
  const events: ReadEvent[] = [];
  const losses: string[] = [];
  let error: unknown;
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await source.probe(ending.signal);
        await readOnce();
      } catch (thrown) {
        if (!(thrown instanceof HistoryLost)) throw thrown;
        losses.push(thrown.message);
        events.push({ type: 'lost', changes: [], more: false });
      }
    }
  };
  const readOnce = async (): Promise<void> => {
    const before = new Set(rows.keys());
    let isSwept = false;
    for await (const event of source.read(new Map(), ending.signal)) {
      await pace?.();
      const read = readEvent(event);
      events.push(read);
      for (const [path, value] of read.changes) {
        before.delete(path);
        if (value === null) rows.delete(path);
        else rows.set(path, value);
      }
      if (event.type === 'cleared') clear(rows, event.topic);
      if (event.type === 'live' && !isSwept) {
        for (const path of before) rows.delete(path);
        isSwept = true;
      }
      if (event.type === 'records' || event.type === 'cleared')
        await source.ack(event.partition, event.position);
    }
  };
  const running = run().catch((thrown: unknown) => (error = thrown));
  const told = (): string[] =>
    events.flatMap(({ type }) => (['records', 'progress', 'retained'].includes(type) ? [] : [type]));
  const rethrow = (): void => {
    if (error !== undefined) throw error as Error;
  };
  return {
    ...{ source, rows, events, losses, told },
    async untilTold(what, times = 1) {
      await until(`${times} x ${what}`, () => {
        rethrow();
        return told().filter((each) => each === what).length >= times;
      });
    },
    async stop() {
      ending.abort();
      await running;
      await source.close();
      rethrow();
    },
  };
}

/** Its bytes are valid only now. */
function readEvent(event: SourceEvent): ReadEvent {
  if (event.type !== 'records')
    return { type: event.type, changes: [], more: 'more' in event && event.more === true };
  const changes = event.records.map(({ key, value }) => {
    const path = `rows/${event.topic}/${escapeSegment(String(key))}`;
    return [path, value === null ? null : (JSON.parse(exactNumbers(String(value))) as Json)] as const;
  });
  return { type: event.type, changes, more: event.more === true };
}

/** Whole numbers that no double holds become text, as the core makes them. */
function exactNumbers(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|-?\d{16,}(?![\d.eE])/g, (found, text: string | undefined) =>
    text !== undefined || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
  );
}

function clear(rows: Map<string, Json>, topic: string): void {
  for (const path of rows.keys()) if (path.startsWith(`rows/${topic}/`)) rows.delete(path);
}
