// How busy the machine is with processes that are not ours, over a stretch of time. Summed up over processes: the totals of
// /proc/stat are sampled by a clock that our own timers keep step with.

import { cpuOfAllUs } from './machine.js';

export class ForeignLoad {
  readonly #ours: () => readonly number[];
  #before: ReadonlyMap<number, number> | undefined;
  #at = 0;

  /** `ours`: ids of our processes beside this one. */
  constructor(ours: () => readonly number[]) {
    this.#ours = ours;
  }

  start(): void {
    this.#before = cpuOfAllUs();
    this.#at = performance.now();
  }

  /** Cores that others used since `start`; undefined where the system does not tell. */
  stop(): number | undefined {
    const after = cpuOfAllUs();
    if (this.#before === undefined || after === undefined) return undefined;
    const ours = new Set([process.pid, ...this.#ours()]);
    let foreignUs = 0;
    for (const [pid, cpuUs] of after) {
      if (!ours.has(pid)) foreignUs += Math.max(0, cpuUs - (this.#before.get(pid) ?? 0));
    }
    return foreignUs / 1_000 / (performance.now() - this.#at);
  }
}
