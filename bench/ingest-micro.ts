// What ingest costs per record against a bare JSON.parse of the same bytes, in one process and one run: slices take turns, and
// medians count. Through decode, mapping, ownership, log and cache; nobody watches. Also: heap bytes per key.
// Run: npm run bench -- --help (it compiles), then node --expose-gc dist-bench/bench/ingest-micro.js

import { Cache } from '../src/cache/cache.js';
import { systemClock } from '../src/clock.js';
import { RecordIntake, type SourceBatch } from '../src/ingest/intake.js';
import { MemoryLog } from '../src/log/memory-log.js';
import { compileMapping } from '../src/map/compile.js';
import type { MapRule } from '../src/map/rule.js';
import { tuneV8 } from '../src/v8-tuning.js';

tuneV8(); // as src/main.ts does

const PATHS = 2_000;
const SLICES = 61;
const WARM_UP = 20;
const KEYS = 200_000;

interface Row {
  readonly name: string;
  readonly run: (batch: SourceBatch) => void;
  readonly nanos: number[];
}

function recordText(path: number, version: number): string {
  return JSON.stringify({
    symbol: `SYM${path}`,
    bid: 10_000 + version / 8,
    ask: 10_001 + version / 8,
    mid: 1.07135,
    size: 1_000_000,
    venue: 'EBS',
    currency: 'USD',
    base: 'EUR',
    sequence: 77_812,
    time: 1_700_000_000_000,
    desk: 'london',
    depth: 12,
    isFirm: true,
    note: null,
    kind: 'spot',
    spread: 99.5,
    source: 'aggregated',
    tier: 3,
    isHalted: false,
    text: 'text for people',
  });
}

function batchOf(version: number, first: number, count: number): SourceBatch {
  const records = Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`SYM${first + i}`),
    value: Buffer.from(recordText(first + i, version)),
    headers: undefined,
    timestampMs: 1_700_000_000_000 + version,
    offset: i,
  }));
  return {
    type: 'records',
    partition: 'quotes-0',
    topic: 'quotes',
    partitionNumber: 0,
    records,
    position: String(version),
  };
}

function intakeOf(rule: MapRule, cache = new Cache<never>()): RecordIntake {
  const compiled = compileMapping([rule]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes));
  const log = new MemoryLog(systemClock, {
    apply({ x, first, updates }) {
      for (const [i, update] of updates.entries()) cache.apply(x, first + i, update);
    },
    markSource() {},
    markPath() {},
    partitionAdded() {},
    partitionRemoved() {},
  });
  const deadLetters = {
    write({ code }: { code: string }) {
      throw new Error(`a record of the bench was rejected: ${code}`);
    },
  };
  const writer = log.claim('quotes');
  return new RecordIntake({
    name: 'quotes',
    mapping: compiled.mapping,
    keyFormat: 'string',
    valueFormat: 'json',
    writer,
    deadLetters,
  });
}

function measure(rows: readonly Row[], batches: readonly SourceBatch[]): void {
  for (let slice = 0; slice < SLICES + WARM_UP; slice++) {
    const batch = batches[slice % batches.length]!;
    for (const row of rows) {
      const start = process.hrtime.bigint();
      row.run(batch);
      if (slice >= WARM_UP) row.nanos.push(Number(process.hrtime.bigint() - start) / PATHS);
    }
  }
}

function median(nanos: readonly number[]): number {
  return nanos.toSorted((a, b) => a - b)[nanos.length >> 1]!;
}

function bytesPerKey(rule: MapRule): number {
  const cache = new Cache<never>();
  const intake = intakeOf(rule, cache);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let first = 0; first < KEYS; first += 1_000) void intake.take(batchOf(1, first, 1_000), 0);
  globalThis.gc?.();
  const used = process.memoryUsage().heapUsed - before - cache.textBytes;
  return used / intake.paths;
}

const batches = Array.from({ length: 8 }, (_, version) => batchOf(version, 0, PATHS));
const rule: MapRule = { path: 'prices/{value.symbol}/spot' };
const mapped = intakeOf(rule);
const unchanged = intakeOf(rule);
const omitting = intakeOf({ ...rule, value: { omit: ['/note'] } });
const parse: Row = {
  name: 'JSON.parse',
  run: ({ records }) => records.forEach(({ value }) => void JSON.parse(String(value))),
  nanos: [],
};
const rows: Row[] = [
  parse,
  { name: 'mapped', run: (batch) => void mapped.take(batch, 0), nanos: [] },
  { name: 'unchanged', run: () => void unchanged.take(batches[0]!, 0), nanos: [] },
  { name: 'mapped, omit', run: (batch) => void omitting.take(batch, 0), nanos: [] },
];
measure(rows, batches);
console.log(
  `records of ${batches[0]!.records[0]!.value!.length} B and 20 fields, ${PATHS} paths, medians of ${SLICES}`,
);
for (const { name, nanos } of rows) {
  console.log(
    `${name.padEnd(14)} ${median(nanos).toFixed(0).padStart(6)} ns  ${(median(nanos) / median(parse.nanos)).toFixed(2)} x JSON.parse`,
  );
}
console.log(
  `memory: ${bytesPerKey(rule).toFixed(0)} B of heap per key beside the value, ingest and cache together`,
);
