// The usual case: many paths, each session watches some of them, changes come one by one. What counts is how old they arrive.

import { Arena, type Plan, type Slice } from '../arena.js';
import { figure, type Figure, type RowGroup } from '../row.js';
import type { StrategyName } from '../server/strategy.js';
import { pathName } from '../server/workload.js';
import { median, ratioOf, spreadOf } from '../stats.js';
import { foreign, remarksOf } from './remarks.js';
import { RULES, sessions } from './sessions.js';
import { subsets } from './subsets-of-paths.js';

const PATHS = 2_000;
const PER_SESSION = 50;
const SESSIONS = 1_000;
const PER_SECOND = 1_000;

export const subsetsOfPaths: RowGroup = {
  rows: ['subsets'],
  async run(bench) {
    const strategies: readonly StrategyName[] = ['tailrace', 'naive', 'socket.io'];
    const arena = await Arena.open(bench, {
      strategies,
      workload: { shape: 'record', paths: PATHS, sharesMembers: bench.without !== 'deltas' },
      rules: RULES,
      flushWindowMs: 0,
    });
    const chosen = subsets({ of: PATHS, size: PER_SESSION, count: SESSIONS });
    const wanted = sessions({
      count: SESSIONS,
      paths: (session) => (chosen[session] ?? []).map(pathName),
      isShared: bench.without !== 'sharing',
    });
    for (const strategy of strategies) await arena.join(strategy, strategy, wanted);
    const plan = (strategy: StrategyName): Plan => ({
      strategy,
      group: strategy,
      receivers: (SESSIONS * PER_SESSION) / PATHS,
      load: {
        firstPath: 0,
        paths: PATHS,
        perTurn: 1,
        perSecond: PER_SECOND,
        durationMs: 1_000,
        isStamped: true,
      },
    });
    const slices = await arena.rotate(bench.isQuick ? 3 : 10, {
      tailrace: plan('tailrace'),
      naive: plan('naive'),
      rooms: plan('socket.io'),
    });
    return figuresOf(slices);
  },
};

function figuresOf({ tailrace, naive, rooms }: Record<'tailrace' | 'naive' | 'rooms', Slice[]>): Figure[] {
  const [p50, naiveP50] = [tailrace, naive].map((slices) =>
    slices.map(({ received }) => received.latency?.p50Ms ?? NaN),
  );
  const [p99, naiveP99] = [tailrace, naive].map((slices) =>
    slices.map(({ received }) => received.latency?.p99Ms ?? NaN),
  );
  const [cost, naiveCost, roomsCost] = [tailrace, naive, rooms].map((slices) =>
    slices.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
  );
  const shared = { row: 'subsets', foreignCores: foreign(tailrace) };
  return [
    figure({
      ...shared,
      figure: 'latency p50',
      unit: 'ms',
      value: median(p50 ?? []),
      spread: spreadOf(p50 ?? []),
      reference: `naive ${median(naiveP50 ?? []).toFixed(2)} ms`,
      bound: { is: 'at most', limit: 20, of: 'value' },
      remarks: remarksOf(tailrace),
    }),
    figure({
      ...shared,
      figure: 'latency p99',
      unit: 'ms',
      value: median(p99 ?? []),
      relative: ratioOf(p99 ?? [], naiveP99 ?? []),
      reference: `naive ${median(naiveP99 ?? []).toFixed(2)} ms`,
      bound: { is: 'at most', limit: 1.2, of: 'ratio' },
    }),
    figure({
      ...shared,
      figure: 'CPU per delivery',
      unit: 'us',
      value: median(cost ?? []),
      relative: ratioOf(cost ?? [], naiveCost ?? []),
      reference: `naive ${median(naiveCost ?? []).toFixed(1)} us, socket.io ${median(roomsCost ?? []).toFixed(1)} us`,
    }),
  ];
}
