// What ingest costs per record while nobody watches, beside a bare JSON.parse of the same bytes.

import { systemClock } from '../../src/clock.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import { RecordIntake, type SourceBatch } from '../../src/ingest/intake.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import { compileMapping } from '../../src/map/compile.js';
import { LIMITS, policyOf } from './tailrace.js';
import { profiled } from './profiled.js';
import { valueText } from './workload.js';

/** Where records of the benchmark go: a path from a field of the value. */
export const MAPPING = [{ path: 'prices/{value.symbol}/spot' }];

const PATHS = 2_000;
const VERSIONS = 8;
/** Batches in one slice, for a slice of some 30 ms. */
const BATCHES = 5;

/** CPU per record in nanoseconds, by slice. */
export interface IngestCosts {
  readonly parse: readonly number[];
  readonly changed: readonly number[];
  readonly unchanged: readonly number[];
}

export interface IngestCostOptions {
  readonly slices: number;
  /** False: records that say the same come in other bytes each time. */
  readonly hasEqualBytes: boolean;
}

export async function ingestCosts({ slices, hasEqualBytes }: IngestCostOptions): Promise<IngestCosts> {
  const versions = Array.from({ length: VERSIONS }, (_, version) => batchOf(version, ''));
  const same = ['', hasEqualBytes ? '' : ' '].map((tail) => batchOf(0, tail));
  const changing = newIntake();
  const repeating = newIntake();
  const costs = { parse: [] as number[], changed: [] as number[], unchanged: [] as number[] };
  let at = 0;
  const next = (batches: readonly SourceBatch[]): SourceBatch =>
    batches[at++ % batches.length] as SourceBatch;
  const kinds: readonly [keyof IngestCosts, () => void][] = [
    ['parse', () => parseAll(next(versions))],
    ['changed', () => void changing.take(next(versions), 0)],
    ['unchanged', () => void repeating.take(next(same), 0)],
  ];
  for (let slice = -8; slice < slices; slice++) {
    for (const [kind, run] of kinds) {
      const nanos = kind === 'parse' ? nanosPerRecord(run) : await profiled(() => nanosPerRecord(run));
      if (slice >= 0) costs[kind].push(nanos);
    }
  }
  return costs;
}

function nanosPerRecord(run: () => void): number {
  const before = process.cpuUsage();
  for (let batch = 0; batch < BATCHES; batch++) run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / (BATCHES * PATHS);
}

/** The one thing that whoever reads JSON has to do. */
function parseAll(batch: SourceBatch): void {
  for (const { value } of batch.records) if (value !== null) JSON.parse(value.toString());
}

function newIntake(): RecordIntake {
  const compiled = compileMapping(MAPPING);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes));
  const fanOut = new FanOut({ clock: systemClock, policy: policyOf([]), limits: LIMITS, flushWindowMs: 0 });
  return new RecordIntake({
    name: 'bench',
    mapping: compiled.mapping,
    keyFormat: 'string',
    valueFormat: 'json',
    writer: new MemoryLog(systemClock, fanOut).claim('bench'),
    deadLetters: {
      write: ({ stage, code }) => {
        throw new Error(`a record was rejected: ${stage}, ${code}`);
      },
    },
  });
}

/** One record of each path, in one piece of memory as a fetch brings them. */
function batchOf(version: number, tail: string): SourceBatch {
  const records = Array.from({ length: PATHS }, (_, path) => {
    const text = valueText({ shape: 'record', path, version, sharesMembers: true }) + tail;
    return {
      key: Buffer.from(`S${path}`),
      value: Buffer.from(text),
      headers: undefined,
      timestampMs: 0,
      offset: path,
    };
  });
  return {
    type: 'records',
    partition: '0',
    topic: 'bench',
    partitionNumber: 0,
    records,
    position: String(version),
  };
}
