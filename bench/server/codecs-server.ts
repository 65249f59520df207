// The measured process of the codec rows: reads a topic to its end, with our connector and with the stock consumer of kafkajs.

import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';

import { kafka } from '../../connectors/kafka/kafka.js';
import { CODEC, decompress } from '../../src/kafka/compression.js';
import { tuneV8 } from '../../src/v8-tuning.js';
import { serve } from '../process/remote.js';
import { CpuMeter } from './cpu.js';
import { profiled, profiledMethods } from './profiled.js';
import { createOutbound } from '../../src/outbound/outbound.js';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const MAX_BATCH_BYTES = 64 << 20;

/** kafkajs brings gzip alone. Given our own decoders for the others, what is compared is all the rest. */
const OTHERS = [
  [CompressionTypes.Snappy, CODEC.snappy],
  [CompressionTypes.LZ4, CODEC.lz4],
  [CompressionTypes.ZSTD, CODEC.zstd],
] as const;
for (const [type, codec] of OTHERS) {
  CompressionCodecs[type] = () => ({
    compress: () => Promise.reject(new Error('only read here')),
    decompress: (bytes: Buffer) => Promise.resolve(decompress(codec, bytes, MAX_BATCH_BYTES)),
  });
}

const methods = {
  ...profiledMethods,

  /** Reads so many records with our connector. Returns the CPU time that took in us, from connecting on. */
  ours(brokers: readonly string[], topic: string, records: number): Promise<number> {
    return profiled(async () => {
      const meter = new CpuMeter();
      const log = { info: () => undefined, warn: () => undefined };
      const outbound = createOutbound({ allow: [] });
      const source = kafka.create({ brokers, topics: [topic] }, { name: 'bench', log, outbound });
      let left = records;
      for await (const event of source.read(new Map(), new AbortController().signal)) {
        if (event.type !== 'records') continue;
        left -= event.records.length;
        if (left <= 0) break;
      }
      const { cpuUs } = meter.stop();
      await source.close();
      return cpuUs;
    });
  },

  /** The same with kafkajs, as its manual has it for large amounts: batch by batch, nothing committed. */
  async stock(brokers: readonly string[], topic: string, records: number): Promise<number> {
    const meter = new CpuMeter();
    const client = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
    const consumer = client.consumer({ groupId: `bench-${randomBytes(4).toString('hex')}` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let left = records;
    await new Promise<void>((resolve, reject) => {
      const eachBatch = async ({ batch }: { batch: { messages: readonly unknown[] } }): Promise<void> => {
        left -= batch.messages.length;
        if (left <= 0) resolve();
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    });
    const { cpuUs } = meter.stop();
    await consumer.disconnect();
    return cpuUs;
  },
};

export type CodecsServer = typeof methods;

tuneV8(); // as src/main.ts does
serve(methods);
