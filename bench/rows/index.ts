// The index of filters: what a match costs must not grow with how many there are.

import { ForeignLoad } from '../foreign-load.js';
import { IN_PROCESS_SERVER } from '../processes.js';
import { figure, type RowGroup } from '../row.js';
import type { InProcessServer } from '../server/in-process-server.js';
import { median, ratioOf } from '../stats.js';

const FEW = 1_000;
const MANY = 100_000;

export const indexRow: RowGroup = {
  rows: ['index'],
  async run(bench) {
    const server = bench.server<InProcessServer>(IN_PROCESS_SERVER);
    const load = new ForeignLoad(() => [server.pid]);
    load.start();
    const { few, many, scattered } = await server.call.indexCosts({
      few: FEW,
      many: MANY,
      slices: bench.isQuick ? 30 : 100,
    });
    const shared = {
      row: 'index',
      unit: 'ns',
      reference: `1,000 filters, ${median(few).toFixed(0)} ns`,
      foreignCores: load.stop(),
    };
    return [
      figure({
        ...shared,
        figure: 'match of a new path with 100,000 filters',
        value: median(many),
        relative: ratioOf(many, few),
        bound: { is: 'at most', limit: 2, of: 'ratio' },
      }),
      figure({
        ...shared,
        figure: 'the same, asked all over: memory not in the caches',
        value: median(scattered),
        relative: ratioOf(scattered, few),
      }),
    ];
  },
};
