// A few sessions that watch all there is, at a high rate: dashboards, gateways, mirrors. And what a change is in bytes.

import { Arena, type Plan, type Slice } from '../arena.js';
import { figure, type Bench, type Figure, type RowGroup } from '../row.js';
import type { StrategyName } from '../server/strategy.js';
import { pathName, valueText } from '../server/workload.js';
import { median, ratioOf, spreadOf } from '../stats.js';
import { foreign, remarksOf } from './remarks.js';
import { RULES, sessions } from './sessions.js';

const PATHS = 2_000;
const SESSIONS = 20;
const PER_SECOND = 20_000;
const PER_FLUSH = 16;

export const everything: RowGroup = {
  rows: ['wide', 'bytes'],
  async run(bench) {
    const arena = await Arena.open(bench, {
      strategies: ['tailrace', 'naive'],
      workload: { shape: 'record', paths: PATHS, sharesMembers: bench.without !== 'deltas' },
      rules: RULES,
      flushWindowMs: 0,
    });
    const isShared = bench.without !== 'sharing';
    const names = Array.from({ length: PATHS }, (_, path) => pathName(path));
    await arena.join('tailrace', 'tailrace', sessions({ count: SESSIONS, paths: () => ['**'], isShared }));
    await arena.join('naive', 'naive', sessions({ count: SESSIONS, paths: () => names, isShared }));
    const perTurn = bench.without === 'batching' ? 1 : PER_FLUSH;
    const plan = (strategy: StrategyName, perSecond: number | undefined): Plan => ({
      strategy,
      group: strategy,
      receivers: SESSIONS,
      load: { firstPath: 0, paths: PATHS, perTurn, perSecond, durationMs: 200, isStamped: false },
    });
    const slices = await arena.rotate(bench.isQuick ? 6 : 15, {
      steady: plan('tailrace', PER_SECOND),
      flatOut: plan('tailrace', undefined),
      naive: plan('naive', undefined),
    });
    return figuresOf(bench, slices);
  },
};

type Slices = Record<'steady' | 'flatOut' | 'naive', Slice[]>;

function figuresOf(bench: Bench, { steady, flatOut, naive }: Slices): Figure[] {
  const rates = steady.map(({ deliveriesPerCore }) => deliveriesPerCore);
  const [cost, naiveCost] = [flatOut, naive].map((each) =>
    each.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
  );
  const bytes = steady.map(({ bytesPerDelivery }) => bytesPerDelivery);
  const fullBytes = valueText({
    shape: 'record',
    path: 1,
    version: 1,
    sharesMembers: bench.without !== 'deltas',
  }).length;
  const full = steady.map(() => fullBytes);
  return [
    figure({
      row: 'wide',
      figure: 'deliveries per second and core at 20,000 updates/s',
      unit: '/s',
      value: median(rates),
      spread: spreadOf(rates),
      bound: { is: 'at least', limit: 1_000_000, of: 'value' },
      foreignCores: foreign(steady),
      remarks: remarksOf(steady),
    }),
    figure({
      row: 'wide',
      figure: 'CPU per delivery, flat out',
      unit: 'us',
      value: median(cost ?? []),
      relative: ratioOf(cost ?? [], naiveCost ?? []),
      reference: `naive ${median(naiveCost ?? []).toFixed(2)} us`,
      foreignCores: foreign(flatOut),
      remarks: remarksOf(flatOut),
    }),
    figure({
      row: 'bytes',
      figure: 'on the wire per delivery, frames included',
      unit: 'B',
      value: median(bytes),
      relative: ratioOf(bytes, full),
      reference: `the value as JSON, ${fullBytes} B`,
      bound: { is: 'at most', limit: 0.2, of: 'ratio' },
      foreignCores: foreign(steady),
    }),
  ];
}
