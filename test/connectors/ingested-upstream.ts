// An upstream of a harness read by the core itself, into a log that remembers what a reader of it would know.

import type { ConnectorHarness, TestUpstream } from '../../connectors/kit/harness.js';
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
  const source = harness.type.create(upstream.options, { name: 's', log: operator });
  upstream.connected?.(source);
  const log = new RecordedLog();
  const ingest = new Ingest({
    ...{ name: 's', source, mapping: mappingOf([{ path: 'p/{key}' }]) },
    ...{ keyFormat: 'string', valueFormat: 'json', writer: log, clock: systemClock, log: operator },
    deadLetters: { write: () => undefined },
  });
  const stopping = new AbortController();
  const running = ingest.run(stopping.signal);
  return {
    ...{ upstream, ingest, log, events },
    async close() {
      stopping.abort();
      await running;
      await upstream.close();
    },
  };
}
