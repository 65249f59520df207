// The process whose CPU is measured in the rows of fan-out: the strategies that are compared, fed with the same changes.

import { setTimeout as wait } from 'node:timers/promises';
import { serve } from '../process/remote.js';
import { CpuMeter, type CpuTime } from './cpu.js';
import { drive, type Load } from './load.js';
import { NaiveStrategy } from './naive.js';
import { profiledMethods, startProfile, stopProfile } from './profiled.js';
import { SocketIoStrategy } from './socket-io.js';
import type { Strategy, StrategyName, StrategyOptions } from './strategy.js';
import { TailraceStrategy } from './tailrace.js';
import { Workload, type WorkloadSpec } from './workload.js';
import { tuneV8 } from '../../src/v8-tuning.js';

export interface FanOutServerOptions extends Omit<StrategyOptions, 'paths'> {
  readonly strategies: readonly StrategyName[];
  readonly workload: WorkloadSpec;
}

/** Each has changes of its own: what is no change to a strategy would be nothing to deliver. */
const opened = new Map<StrategyName, { readonly strategy: Strategy; readonly workload: Workload }>();
const meter = new CpuMeter();
let conflatedBefore = 0;

const methods = {
  ...profiledMethods,

  /** Starts the strategies; returns their ports. Every path has a value then. */
  async open(options: FanOutServerOptions): Promise<Partial<Record<StrategyName, number>>> {
    const ports: Partial<Record<StrategyName, number>> = {};
    for (const name of options.strategies) {
      const workload = new Workload(options.workload);
      const strategy = strategyOf(name, { ...options, paths: workload.paths });
      opened.set(name, { strategy, workload });
      ports[name] = await strategy.listen();
      strategy.publish(workload.initial());
    }
    return ports;
  },

  /** Tells changes, and returns how many. The CPU counts from here until `settle`. */
  async slice(name: StrategyName, load: Load): Promise<number> {
    const run = opened.get(name);
    if (run === undefined) throw new Error(`${name} was not opened`);
    conflatedBefore = run.strategy.conflated();
    if (name === 'tailrace') await startProfile();
    meter.start();
    return drive(load, run.strategy, run.workload);
  },

  /** The clients have read everything: what it cost. */
  async settle(name: StrategyName): Promise<CpuTime & { readonly conflated: number }> {
    const time = meter.stop();
    if (name === 'tailrace') await stopProfile();
    return { ...time, conflated: (opened.get(name)?.strategy.conflated() ?? 0) - conflatedBefore };
  },

  /** Resident memory once garbage is gone, in bytes. Needs --expose-gc. */
  async memory(): Promise<number> {
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await wait(100);
    }
    return process.memoryUsage.rss();
  },
};

export type FanOutServer = typeof methods;

function strategyOf(name: StrategyName, options: StrategyOptions): Strategy {
  switch (name) {
    case 'tailrace':
      return new TailraceStrategy(options);
    case 'naive':
      return new NaiveStrategy(options);
    case 'socket.io':
      return new SocketIoStrategy(options);
  }
}

tuneV8(); // as src/main.ts does
serve(methods);
