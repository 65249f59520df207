// A polled feed that says the same as before, but for the time at its head: most of what polling does all day.

import { ForeignLoad } from '../foreign-load.js';
import { IN_PROCESS_SERVER } from '../processes.js';
import { figure, type RowGroup } from '../row.js';
import type { InProcessServer } from '../server/in-process-server.js';
import { median, ratioOf } from '../stats.js';

export const restRow: RowGroup = {
  rows: ['rest-unchanged'],
  async run(bench) {
    const server = bench.server<InProcessServer>(IN_PROCESS_SERVER);
    const load = new ForeignLoad(() => [server.pid]);
    load.start();
    const { parse, poll } = await server.call.pollCosts({
      slices: bench.isQuick ? 20 : 60,
      knowsItems: bench.without !== 'known-items',
    });
    return [
      figure({
        row: 'rest-unchanged',
        figure: 'CPU of a poll of 10,000 items, none changed, the body in its head',
        unit: 'ms',
        value: median(poll),
        relative: ratioOf(poll, parse),
        reference: `JSON.parse of the body, ${median(parse).toFixed(1)} ms`,
        // Below what it costs to look into items that are known
        bound: { is: 'at most', limit: 0.6, of: 'ratio' },
        foreignCores: load.stop(),
      }),
    ];
  },
};
