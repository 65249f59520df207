// What a session costs while nothing happens: resident memory of the server, each strategy in a process of its own.

import { Arena } from '../arena.js';
import { figure, type Bench, type RowGroup } from '../row.js';
import type { StrategyName } from '../server/strategy.js';
import { pathName } from '../server/workload.js';
import { RULES, sessions } from './sessions.js';

const PATHS = 100;
/** Fewer, and what the process needs anyway would be counted as theirs. */
const SESSIONS = 4_000;
/** Come and go first, so that pools and compiled code are not counted as sessions. */
const WARM_UP = 500;

export const idleSessions: RowGroup = {
  rows: ['idle'],
  async run(bench) {
    const tailrace = await idleBytes(bench, 'tailrace', SESSIONS);
    const naive = await idleBytes(bench, 'naive', SESSIONS);
    return [
      figure({
        row: 'idle',
        figure: `resident memory per session, ${SESSIONS} sessions`,
        unit: 'KB',
        value: tailrace / 1_000,
        reference: `naive ${(naive / 1_000).toFixed(1)} KB`,
        bound: { is: 'at most', limit: 12, of: 'value' },
        foreignCores: undefined,
      }),
    ];
  },
};

async function idleBytes(bench: Bench, strategy: StrategyName, count: number): Promise<number> {
  const arena = await Arena.open(bench, {
    strategies: [strategy],
    workload: { shape: 'record', paths: PATHS, sharesMembers: true },
    rules: RULES,
    flushWindowMs: 0,
  });
  const wanted = (sessionCount: number) =>
    sessions({
      count: sessionCount,
      paths: (session) => [pathName(session % PATHS)],
      isShared: bench.without !== 'sharing',
    });
  await arena.join('warm-up', strategy, wanted(WARM_UP));
  await arena.client.call.leave('warm-up');
  const before = await arena.server.call.memory();
  await arena.join('idle', strategy, wanted(count));
  const after = await arena.server.call.memory();
  return (after - before) / count;
}
