// How long a newcomer waits: for the first value, and for all of 1,000 paths; alone, and with 99 others at the same time.

import { Arena } from '../arena.js';
import { figure, type Figure, type RowGroup } from '../row.js';
import { median, quantile, spreadOf } from '../stats.js';
import { RULES, sessions } from './sessions.js';

const PATHS = 1_000;
const TOGETHER = 100;

export const joins: RowGroup = {
  rows: ['joins'],
  async run(bench) {
    const arena = await Arena.open(bench, {
      strategies: ['tailrace'],
      workload: { shape: 'record', paths: PATHS, sharesMembers: true },
      rules: RULES,
      flushWindowMs: 0,
    });
    const join = async (count: number): Promise<{ first: number[]; all: number[] }> => {
      const wanted = sessions({ count, paths: () => ['**'], isShared: bench.without !== 'sharing' });
      const times = await arena.join('newcomers', 'tailrace', wanted, count);
      await arena.client.call.leave('newcomers');
      return {
        first: times.map(({ firstValueMs }) => firstValueMs ?? NaN),
        all: times.map(({ subscribedMs }) => subscribedMs),
      };
    };
    const runs = bench.isQuick ? 3 : 8;
    await join(TOGETHER);
    return [
      ...(await figuresOf('alone', 1, runs * 3, join)),
      ...(await figuresOf(`${TOGETHER} at once`, TOGETHER, runs, join)),
    ];
  },
};

async function figuresOf(
  label: string,
  count: number,
  runs: number,
  join: (count: number) => Promise<{ first: number[]; all: number[] }>,
): Promise<Figure[]> {
  const first: number[] = [];
  const all: number[] = [];
  for (let run = 0; run < runs; run++) {
    const times = await join(count);
    first.push(median(times.first));
    all.push(quantile(times.all, 1));
  }
  const shared = { row: 'joins', unit: 'ms', foreignCores: undefined };
  return [
    figure({
      ...shared,
      figure: `${label}: to the first value`,
      value: median(first),
      spread: spreadOf(first),
    }),
    figure({
      ...shared,
      figure: `${label}: to the end of ${PATHS} values (the last)`,
      value: median(all),
      spread: spreadOf(all),
    }),
  ];
}
