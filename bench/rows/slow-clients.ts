// A fifth of the clients stops reading for a while: what the others notice, and what the slow ones are left with.

import { Arena, type Plan, type Slice } from '../arena.js';
import { figure, type RowGroup } from '../row.js';
import { pathName } from '../server/workload.js';
import { median, ratioOf } from '../stats.js';
import { foreign, remarksOf } from './remarks.js';
import { RULES, sessions } from './sessions.js';

const PATHS = 100;
const READING = 48;
const STALLED = 12;
const PER_SECOND = 500;
const STRATEGIES = ['tailrace', 'naive'] as const;

export const slowClients: RowGroup = {
  rows: ['slow'],
  async run(bench) {
    const arena = await Arena.open(bench, {
      strategies: STRATEGIES,
      workload: { shape: 'record', paths: PATHS, sharesMembers: bench.without !== 'deltas' },
      rules: RULES,
      flushWindowMs: 0,
    });
    const names = Array.from({ length: PATHS }, (_, path) => pathName(path));
    for (const strategy of STRATEGIES) {
      const wanted = { paths: () => names, isShared: bench.without !== 'sharing' };
      await arena.join(strategy, strategy, sessions({ ...wanted, count: READING }));
      await arena.join(`${strategy} slow`, strategy, sessions({ ...wanted, count: STALLED }));
    }
    const plan = (strategy: (typeof STRATEGIES)[number]): Plan => ({
      strategy,
      group: strategy,
      receivers: READING,
      load: {
        firstPath: 0,
        paths: PATHS,
        perTurn: 1,
        perSecond: PER_SECOND,
        durationMs: 1_000,
        isStamped: true,
      },
    });
    const plans = { tailrace: plan('tailrace'), naive: plan('naive') };
    const cycles = bench.isQuick ? 1 : 4;
    const before = await arena.rotate(cycles, plans);
    for (const strategy of STRATEGIES) await arena.client.call.stall(`${strategy} slow`, STALLED);
    const during = await arena.rotate(cycles, plans);
    const rssMiB = (await arena.server.call.memory()) / 2 ** 20;
    for (const strategy of STRATEGIES) await arena.client.call.stall(`${strategy} slow`, 0);
    const p99 = (slices: readonly Slice[]): number[] =>
      slices.map(({ received }) => received.latency?.p99Ms ?? NaN);
    const conflated = during.tailrace.reduce((sum, slice) => sum + slice.conflated, 0);
    return STRATEGIES.map((strategy) =>
      figure({
        row: 'slow',
        figure: `${strategy}: p99 of the others, with ${STALLED} of ${READING + STALLED} stalled`,
        unit: 'ms',
        value: median(p99(during[strategy])),
        relative: ratioOf(p99(during[strategy]), p99(before[strategy])),
        reference: `nobody stalled, ${median(p99(before[strategy])).toFixed(2)} ms`,
        foreignCores: foreign(during[strategy]),
        remarks:
          strategy === 'tailrace'
            ? [
                `${conflated} changes for stalled clients were merged; server ${rssMiB.toFixed(0)} MiB with both strategies`,
              ]
            : remarksOf(during.naive),
      }),
    );
  },
};
