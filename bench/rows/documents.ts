// Large values of which little changes: 8 kB, two members of 100.

import { Arena, type Plan } from '../arena.js';
import { figure, type RowGroup } from '../row.js';
import type { StrategyName } from '../server/strategy.js';
import { pathName } from '../server/workload.js';
import { median, ratioOf } from '../stats.js';
import { foreign, remarksOf } from './remarks.js';
import { RULES, sessions } from './sessions.js';

const PATHS = 200;
const SESSIONS = 100;

export const documents: RowGroup = {
  rows: ['documents'],
  async run(bench) {
    const arena = await Arena.open(bench, {
      strategies: ['tailrace', 'naive'],
      workload: { shape: 'document', paths: PATHS, sharesMembers: bench.without !== 'deltas' },
      rules: RULES,
      flushWindowMs: 0,
    });
    const isShared = bench.without !== 'sharing';
    const names = Array.from({ length: PATHS }, (_, path) => pathName(path));
    await arena.join('tailrace', 'tailrace', sessions({ count: SESSIONS, paths: () => ['**'], isShared }));
    await arena.join('naive', 'naive', sessions({ count: SESSIONS, paths: () => names, isShared }));
    const plan = (strategy: StrategyName): Plan => ({
      strategy,
      group: strategy,
      receivers: SESSIONS,
      load: { firstPath: 0, paths: PATHS, perTurn: 1, perSecond: 100, durationMs: 300, isStamped: false },
    });
    const { tailrace, naive } = await arena.rotate(bench.isQuick ? 3 : 10, {
      tailrace: plan('tailrace'),
      naive: plan('naive'),
    });
    const [cost, naiveCost] = [tailrace, naive].map((each) =>
      each.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
    );
    const [bytes, naiveBytes] = [tailrace, naive].map((each) =>
      each.map(({ bytesPerDelivery }) => bytesPerDelivery),
    );
    return [
      figure({
        row: 'documents',
        figure: 'bytes per delivery',
        unit: 'B',
        value: median(bytes ?? []),
        relative: ratioOf(bytes ?? [], naiveBytes ?? []),
        reference: `naive ${Math.round(median(naiveBytes ?? []))} B`,
        foreignCores: foreign(tailrace),
        remarks: remarksOf(tailrace),
      }),
      figure({
        row: 'documents',
        figure: 'CPU per delivery',
        unit: 'us',
        value: median(cost ?? []),
        relative: ratioOf(cost ?? [], naiveCost ?? []),
        reference: `naive ${median(naiveCost ?? []).toFixed(1)} us`,
        foreignCores: foreign(tailrace),
      }),
    ];
  },
};
