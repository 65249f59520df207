// The measured process of the rows that need no sockets: ingest, and the subscription index.

import { serve } from '../process/remote.js';
import { CpuMeter } from './cpu.js';
import { indexCosts } from './index-cost.js';
import { ingestCosts } from './ingest-cost.js';
import { startTailrace } from './pipeline.js';
import { pollCosts } from './poll-cost.js';
import { profiled, profiledMethods } from './profiled.js';
import { tuneV8 } from '../../src/v8-tuning.js';

const methods = {
  ...profiledMethods,
  ingestCosts,
  indexCosts,
  pollCosts,

  /** Starts Tailrace on a topic and stops it when it has read all of it. Returns the CPU time that took, in us. */
  async readAll(brokers: readonly string[], topic: string): Promise<number> {
    return profiled(async () => {
      const meter = new CpuMeter();
      const pipeline = await startTailrace(brokers, topic);
      await pipeline.ready;
      const { cpuUs } = meter.stop();
      await pipeline.stop();
      return cpuUs;
    });
  },
};

export type InProcessServer = typeof methods;

tuneV8(); // as src/main.ts does
serve(methods);
