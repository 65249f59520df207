// One path that 1,000 sessions watch: what a delivery costs alone, sixteen to a flush, and with ten views of the value.

import { Arena, type Plan, type Slice } from '../arena.js';
import { figure, type Bench, type Figure, type RowGroup } from '../row.js';
import type { Load } from '../server/load.js';
import { pathName } from '../server/workload.js';
import { median, ratioOf } from '../stats.js';
import { foreign, remarksOf } from './remarks.js';
import { RULES, sessions } from './sessions.js';

const SESSIONS = 1_000;
const PER_FLUSH = 16;
/** The path of those who see everything, and of those who see ten views of it. */
const PLAIN = 0;
const VIEWED = 1;

type Way = 'alone' | 'batched' | 'views' | 'naive' | 'rooms';

/** What each row compares. */
const WAYS: Readonly<Record<string, readonly Way[]>> = {
  unbatched: ['alone', 'naive', 'rooms'],
  batched: ['batched', 'naive'],
  views: ['views', 'batched'],
};

export const onePath: RowGroup = {
  rows: Object.keys(WAYS),
  async run(bench) {
    const arena = await Arena.open(bench, {
      strategies: ['tailrace', 'naive', 'socket.io'],
      workload: { shape: 'small', paths: 2, sharesMembers: bench.without !== 'deltas' },
      rules: RULES,
      flushWindowMs: 0,
    });
    const isShared = bench.without !== 'sharing';
    const plain = sessions({ count: SESSIONS, paths: () => [pathName(PLAIN)], isShared });
    const viewed = sessions({ count: SESSIONS, paths: () => [pathName(VIEWED)], views: 10, isShared });
    const plans = plansOf(bench);
    const groups = new Map(Object.values(plans).map(({ group, strategy }) => [group, strategy]));
    for (const [group, strategy] of groups) {
      await arena.join(group, strategy, group === 'viewed' ? viewed : plain);
    }
    return figuresOf(await arena.rotate(bench.isQuick ? 5 : 15, plans));
  },
};

/** The ways that the wanted rows compare. */
function plansOf({ without, only }: Bench): Partial<Record<Way, Plan>> {
  const perFlush = without === 'batching' ? 1 : PER_FLUSH;
  const plan = (strategy: Plan['strategy'], group: string, load: Partial<Load>): Plan => ({
    strategy,
    group,
    receivers: SESSIONS,
    load: {
      firstPath: PLAIN,
      paths: 1,
      perTurn: 1,
      perSecond: undefined,
      durationMs: 100,
      isStamped: false,
      ...load,
    },
  });
  const plans: Record<Way, Plan> = {
    alone: plan('tailrace', 'plain', {}),
    batched: plan('tailrace', 'plain', { perTurn: perFlush }),
    views: plan('tailrace', 'viewed', { perTurn: perFlush, firstPath: VIEWED }),
    naive: plan('naive', 'naive', {}),
    rooms: plan('socket.io', 'rooms', {}),
  };
  const rows = only.length === 0 ? Object.keys(WAYS) : only;
  const ways = new Set(rows.flatMap((row) => WAYS[row] ?? []));
  return Object.fromEntries(Object.entries(plans).filter(([way]) => ways.has(way as Way)));
}

/** Of rows whose ways were not run, nothing that is a number; nobody wanted them. */
function figuresOf(some: Partial<Record<Way, Slice[]>>): Figure[] {
  const slices: Record<Way, Slice[]> = { alone: [], batched: [], views: [], naive: [], rooms: [], ...some };
  const cost = {
    alone: slices.alone.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
    batched: slices.batched.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
    views: slices.views.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
    naive: slices.naive.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
    rooms: slices.rooms.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
  };
  const perDelivery = { figure: 'CPU per delivery', unit: 'us' };
  return [
    figure({
      row: 'unbatched',
      ...perDelivery,
      value: median(cost.alone),
      relative: ratioOf(cost.alone, cost.naive),
      reference: `ws.send(string), ${median(cost.naive).toFixed(2)} us`,
      bound: { is: 'at most', limit: 0.95, of: 'ratio' },
      foreignCores: foreign(slices.alone),
      remarks: remarksOf(slices.alone),
    }),
    figure({
      row: 'unbatched',
      figure: 'the same beside a socket.io room',
      unit: 'us',
      value: median(cost.alone),
      relative: ratioOf(cost.alone, cost.rooms),
      reference: `socket.io room, ${median(cost.rooms).toFixed(2)} us`,
      foreignCores: foreign(slices.rooms),
      remarks: remarksOf(slices.rooms),
    }),
    figure({
      row: 'batched',
      figure: 'ws.send(string) costs times as much',
      unit: 'us',
      value: median(cost.batched),
      relative: ratioOf(cost.naive, cost.batched),
      reference: `ws.send(string), ${median(cost.naive).toFixed(2)} us`,
      bound: { is: 'at least', limit: 10, of: 'ratio' },
      foreignCores: foreign(slices.batched),
      remarks: remarksOf(slices.batched),
    }),
    figure({
      row: 'views',
      ...perDelivery,
      value: median(cost.views),
      relative: ratioOf(cost.views, cost.batched),
      reference: `one view, ${median(cost.batched).toFixed(2)} us`,
      bound: { is: 'at most', limit: 1.5, of: 'ratio' },
      foreignCores: foreign(slices.views),
      remarks: remarksOf(slices.views),
    }),
  ];
}
