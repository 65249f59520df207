// Random histories of polled feeds: items come, change and vanish, pages fail, bodies are garbage, servers lie and restart. A client
// that is subscribed to everything sees states that complete feeds had, in their order, and no others; and it ends with the last.

import { expect, test } from '@jest/globals';

import { isLong } from '../../support/long.js';
import { Bridge } from './bridge.js';
import { historyPlan } from './history-plan.js';
import { RandomHistory } from './random-history.js';

/** One alone, and of that the first steps: HISTORY_SEED=17 HISTORY_STEPS=5. */
const { HISTORY_SEED: ONLY, HISTORY_STEPS: STEPS } = process.env;
const HISTORIES = isLong ? 200 : 24;
const FIRST = isLong ? Math.floor(Math.random() * 1_000_000) : 1;
/** They wait for the most part. */
const AT_A_TIME = 4;

const seeds = ONLY === undefined ? Array.from({ length: HISTORIES }, (_, n) => FIRST + n) : [Number(ONLY)];
const groups = seeds.flatMap((seed, n) => (n % AT_A_TIME === 0 ? [seeds.slice(n, n + AT_A_TIME)] : []));

async function live(seed: number): Promise<void> {
  const { steps, ...feed } = historyPlan(seed);
  const plan = { ...feed, steps: steps.slice(0, Number(STEPS ?? steps.length)) };
  const history = await RandomHistory.begin(plan);
  const bridge = await Bridge.open({
    options: history.options,
    surroundings: { backOff: { firstMs: 5, longestMs: 40, longestRetryAfterMs: 1_000 } },
    applied: (values) => {
      if (!plan.isIncremental) history.states.sees(values);
    },
  });
  try {
    await bridge.untilLive();
    await history.play();
    await history.settle();
    await bridge.untilHolds(history.truth);
    expect(history.states.faults).toEqual([]);
    expect(bridge.bugs).toEqual([]);
  } catch (error) {
    throw new Error(
      `HISTORY_SEED=${seed} ${JSON.stringify(feed)}: ${String(error)}\n${history.steps.join('\n')}\n${history.requests}`,
      { cause: error },
    );
  } finally {
    await bridge.close();
    await history.close();
  }
}

test.each(groups.map((group) => [group]))(
  'C4 C7 C12 G4 G9 histories %j: nothing is seen but what a complete feed had, and in the end the last',
  async (group) => {
    const ends = await Promise.allSettled(group.map(live));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  },
  60_000,
);
