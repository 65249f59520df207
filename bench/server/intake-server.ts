// The measured process of the rows that read single records from a broker: Tailrace, and what one writes with kafkajs.

import kafkajs from 'kafkajs';
import { serve } from '../process/remote.js';
import { CpuMeter, type CpuTime } from './cpu.js';
import { NaiveStrategy } from './naive.js';
import { startTailrace } from './pipeline.js';
import { profiledMethods, startProfile, stopProfile } from './profiled.js';
import { tuneV8 } from '../../src/v8-tuning.js';

export interface IntakeServerOptions {
  readonly brokers: readonly string[];
  /** Each reads a topic of its own, so that one rests while the other works. */
  readonly topics: Readonly<Record<'tailrace' | 'naive', string>>;
  readonly paths: readonly string[];
}

const meter = new CpuMeter();

const methods = {
  ...profiledMethods,

  /** Starts both; returns their ports once they follow their topics. */
  async open({ brokers, topics, paths }: IntakeServerOptions): Promise<Record<'tailrace' | 'naive', number>> {
    const pipeline = await startTailrace(brokers, topics.tailrace);
    await pipeline.ready;
    const naive = await startNaive(brokers, topics.naive, paths);
    return { tailrace: Number(new URL(pipeline.publicUrl).port), naive };
  },

  async start(name: 'tailrace' | 'naive'): Promise<void> {
    if (name === 'tailrace') await startProfile();
    meter.start();
  },

  async stop(name: 'tailrace' | 'naive'): Promise<CpuTime> {
    const time = meter.stop();
    if (name === 'tailrace') await stopProfile();
    return time;
  },
};

export type IntakeServer = typeof methods;

/** A consumer with the defaults of kafkajs in front of the naive bridge. */
async function startNaive(
  brokers: readonly string[],
  topic: string,
  paths: readonly string[],
): Promise<number> {
  const bridge = new NaiveStrategy({ paths });
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'naive',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId: `naive-${process.pid}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const caughtUp = new Promise<void>((resolve) => {
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.offsetLag === '0') resolve();
    });
  });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const value = JSON.parse(String(message.value)) as { readonly symbol: string };
      bridge.tell(`prices/${value.symbol}/spot`, value);
    },
  });
  await caughtUp;
  return bridge.listen();
}

tuneV8(); // as src/main.ts does
serve(methods);
