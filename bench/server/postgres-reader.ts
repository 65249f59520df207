// The measured process of the rows about Postgres: a source into the cache, as the product does it, and beside it the client library
// taking the messages of the same slot and looking at nothing but their kind.

import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { postgres as connector } from '../../connectors/postgres/postgres.js';
import { systemClock } from '../../src/clock.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import { Ingest } from '../../src/ingest/ingest.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import { compileMapping } from '../../src/map/compile.js';
import { createLog } from '../../src/telemetry/logger.js';
import { tuneV8 } from '../../src/v8-tuning.js';
import { serve } from '../process/remote.js';
import { CpuMeter } from './cpu.js';
import { profiledMethods, startProfile, stopProfile } from './profiled.js';
import { LIMITS, policyOf } from './tailrace.js';
import { createOutbound } from '../../src/outbound/outbound.js';

export interface PostgresReading {
  readonly url: string;
}

/** Of the write-ahead log, as the library writes messages: the kind is the first byte of the payload behind 25 bytes of head. */
const HEAD_BYTES = 25;
const CHANGES: ReadonlySet<number> = new Set(['I', 'U', 'D'].map((kind) => kind.charCodeAt(0)));

const meter = new CpuMeter();
let read = (): number => 0;
let close = (): Promise<void> => Promise.resolve();

const methods = {
  ...profiledMethods,

  /** CPU time until all rows that there are stand in the cache, in us. Goes on following. */
  async snapshot(reading: PostgresReading): Promise<number> {
    await startProfile();
    meter.start();
    await open(reading);
    const { cpuUs } = meter.stop();
    await stopProfile();
    return cpuUs;
  },

  /** Follows a slot with the library alone. */
  bare,

  async start(): Promise<void> {
    await startProfile();
    meter.start();
  },

  /** CPU time since `start`, in us, once so many changes have come. */
  async taken(changes: number): Promise<number> {
    const until = read() + changes;
    while (read() < until) await wait(1);
    const { cpuUs } = meter.stop();
    await stopProfile();
    return cpuUs;
  },

  close: (): Promise<void> => close(),
};

export type PostgresReader = typeof methods;

/** Resolves once it follows. */
async function open({ url }: PostgresReading): Promise<void> {
  const compiled = compileMapping([{ path: 'rows/{key.id}' }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes));
  const log = createLog({ level: 'error', style: 'text' });
  const fanOut = new FanOut({ clock: systemClock, policy: policyOf([]), limits: LIMITS, flushWindowMs: 0 });
  const ingest = new Ingest({
    ...{
      name: 'bench',
      source: connector.create({ url }, { name: 'bench', log, outbound: createOutbound({ allow: [] }) }),
      clock: systemClock,
      log,
    },
    ...{ mapping: compiled.mapping, keyFormat: 'json', valueFormat: 'json' },
    writer: new MemoryLog(systemClock, fanOut).claim('bench'),
    deadLetters: {
      write: ({ stage, code }) => {
        throw new Error(`a record was rejected: ${stage}, ${code}`);
      },
    },
  });
  const stopping = new AbortController();
  const running = ingest.run(stopping.signal);
  read = () => ingest.counts.records;
  close = async () => {
    stopping.abort();
    await running;
    fanOut.stop();
  };
  while (ingest.status.state !== 'live') {
    if (ingest.status.state === 'stopped') throw new Error(ingest.status.reason);
    await wait(1);
  }
}

async function bare({ url }: PostgresReading): Promise<void> {
  const client = new pg.Client({ connectionString: url, ...{ replication: 'database' } });
  client.on('error', () => undefined); // it is ended by destroying its socket
  await client.connect();
  await client.query('CREATE_REPLICATION_SLOT bare TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT');
  let changes = 0;
  const started = new Promise<void>((resolve) => client.connection.once('replicationStart', resolve));
  client.connection.on('copyData', ({ chunk }: { readonly chunk: Buffer }) => {
    if (CHANGES.has(chunk[HEAD_BYTES] ?? 0)) changes++;
  });
  const ended = client
    .query(`START_REPLICATION SLOT bare LOGICAL 0/0 (proto_version '1', publication_names 'tailrace')`)
    .catch(() => undefined);
  await started;
  read = () => changes;
  close = async () => {
    client.connection.stream.destroy();
    await ended;
  };
}

tuneV8(); // as src/main.ts does
serve(methods);
