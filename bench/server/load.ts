// How changes are made to happen: as fast as they can be told, or at a steady rate whatever happens.

import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Strategy } from './strategy.js';
import type { Change, Workload } from './workload.js';

export interface Load {
  /** Index of the first path that changes, and how many there are: they change one after the other. */
  readonly firstPath: number;
  readonly paths: number;
  /** Changes in one turn of the event loop. */
  readonly perTurn: number;
  /** Changes per second; undefined: one turn after the other. */
  readonly perSecond: number | undefined;
  readonly durationMs: number;
  /** Whether each value carries the time at which it was told. */
  readonly isStamped: boolean;
}

/** Microseconds on the clock that all processes of a machine share, in as many digits as a stamp has. */
export function stampUs(): number {
  return 10 ** 14 + Number((process.hrtime.bigint() / 1000n) % 10n ** 14n);
}

/** Runs for `durationMs`; returns how many changes were told. */
export async function drive(load: Load, strategy: Strategy, workload: Workload): Promise<number> {
  const startedAt = performance.now();
  const next = changesOf(load, workload);
  let told = 0;
  for (;;) {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs >= load.durationMs) return told;
    const isDue = load.perSecond === undefined || (elapsedMs / 1000) * load.perSecond >= told + load.perTurn;
    if (!isDue) {
      await wait(1);
      continue;
    }
    strategy.publish(next());
    told += load.perTurn;
    await turn();
  }
}

function changesOf(load: Load, workload: Workload): () => Change[] {
  let at = 0;
  return () => {
    const nowUs = load.isStamped ? stampUs() : 0;
    return Array.from({ length: load.perTurn }, () => {
      const path = load.firstPath + (at++ % load.paths);
      return load.isStamped ? workload.nextStamped(path, nowUs) : workload.next(path);
    });
  };
}
