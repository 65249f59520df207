// An upstream of a harness read by the core itself, into a log that remembers what a reader of it would know.

import { OPEN_OUTBOUND } from '../../connectors/kit/open-outbound.js';
import type { ConnectorHarness, TestUpstream, Write } from '../../connectors/kit/harness.js';
import { systemClock } from '../../src/clock.js';
import { Ingest } from '../../src/ingest/ingest.js';
import type { IngestLog } from '../../src/ingest/rejection.js';
import { RecordedLog } from '../ingest/recorded-log.js';
import { mappingOf } from '../ingest/records.js';

export interface IngestedUpstream {
  readonly upstream: TestUpstream;
  readonly ingest: Ingest;
  /** Values by path, which is `p/` and the key. */
  readonly log: RecordedLog;
  /** The same, as what was written. */
  values(): Pick<Write, 'key' | 'value'>[];
  /** Events of the log for operators. */
  readonly events: readonly string[];
  close(): Promise<void>;
}

/** Reads at once. */
export async function ingestUpstream(harness: ConnectorHarness): Promise<IngestedUpstream> {
  const upstream = await harness.createUpstream(2);
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  const operator: IngestLog = { info: note, warn: note, error: note };
  const { type, outbound = OPEN_OUTBOUND } = harness;
  const source = type.create(upstream.options, { name: 's', log: operator, outbound });
  upstream.connected?.(source);
  const log = new RecordedLog();
  const ingest = new Ingest({
    ...{ name: 's', source, mapping: mappingOf([{ path: 'p/{key}' }]) },
    ...{ keyFormat: 'string', valueFormat: 'json', writer: log, clock: systemClock, log: operator },
    deadLetters: { write: () => undefined },
  });
  const textOf = (path: string, value: unknown): Pick<Write, 'key' | 'value'> => {
    const key = Buffer.from(decodeURIComponent(path.slice('p/'.length)));
    const bytes = Buffer.from(JSON.stringify(value));
    const record = { key, value: bytes, headers: undefined, timestampMs: -1, offset: 0 };
    return harness.textOf?.(record) ?? { key: String(key), value: String(bytes) };
  };
  const stopping = new AbortController();
  const running = ingest.run(stopping.signal);
  return {
    ...{ upstream, ingest, log, events },
    values: () => [...log.values].map(([path, value]) => textOf(path, value)),
    async close() {
      stopping.abort();
      await running;
      await upstream.close();
    },
  };
}
