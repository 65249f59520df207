// Reads a source in the background and keeps what it said, for tests to look at.

import { afterEach } from '@jest/globals';

import { kafka } from '../../connectors/kafka/kafka.js';
import type { KafkaOptions } from '../../connectors/kafka/options.js';
import type { Positions, Source, SourceEvent, SourceLog } from '../../connectors/contract.js';
import { testBrokers, until } from '../support/kafka.js';
import { loopbackOutbound } from '../support/outbound.js';

export interface Collected {
  readonly events: SourceEvent[];
  /** As `key=value`, in the order received; null as `-`. */
  readonly values: string[];
  readonly positions: Map<string, string>;
  /** Of the events that are not records. */
  readonly told: () => string[];
  /** What `read` threw; undefined while it goes on. */
  error(): unknown;
  live(times?: number): Promise<void>;
  stop(): Promise<void>;
}

const quiet: SourceLog = { info: () => undefined, warn: () => undefined };

export function kafkaSource(
  options: Partial<KafkaOptions> & { readonly topics: readonly string[] },
  log = quiet,
): Source {
  return kafka.create(
    { brokers: testBrokers(), interruptedAfter: '500ms', ...options },
    { name: 'test', log, outbound: loopbackOutbound },
  );
}

const open = new Set<Collected>();
afterEach(async () => {
  for (const each of open) await each.stop();
  open.clear();
});

/** Begins to read at once, until `stop` or the end of the test. */
export function collect(source: Source, after: Positions = new Map()): Collected {
  const ending = new AbortController();
  const events: SourceEvent[] = [];
  const values: string[] = [];
  const positions = new Map<string, string>();
  let error: unknown;
  const text = (bytes: Buffer | null): string => (bytes === null ? '-' : bytes.toString());
  const run = async (): Promise<void> => {
    for await (const event of source.read(after, ending.signal)) {
      events.push(event);
      if (event.type !== 'records') continue;
      for (const record of event.records) values.push(`${text(record.key)}=${text(record.value)}`);
      positions.set(event.partition, event.position);
    }
  };
  const running = run().catch((thrown: unknown) => void (error = thrown));
  const told = (): string[] =>
    events.flatMap(({ type }) => (type === 'records' || type === 'progress' ? [] : [type]));
  const collected: Collected = {
    ...{ events, values, positions, told },
    error: () => error,
    async live(times = 1) {
      await until(`${times} x live`, () => {
        if (error instanceof Error) throw error;
        return told().filter((type) => type === 'live').length >= times;
      });
    },
    async stop() {
      ending.abort();
      await running;
      await source.close();
    },
  };
  open.add(collected);
  return collected;
}
