// The measured process of the rows about formats with a schema registry: our reader and decoder to a document whose fields a
// mapping can read, and the usual consumer with the usual client to an object.

import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import kafkajs from 'kafkajs';
import { kafka as connector } from '../../connectors/kafka/kafka.js';
import { systemClock } from '../../src/clock.js';
import { decoderOf, type RegistryFormat } from '../../src/decode/decoder.js';
import { DEFAULT_JSON_LIMITS } from '../../src/json/json-scanner.js';
import { KnownSchemas } from '../../src/decode/registry/known-schemas.js';
import { RegistryClient } from '../../src/decode/registry/registry-client.js';
import { createLog } from '../../src/telemetry/logger.js';
import { utf8FromBytes } from '../../src/topic/utf8.js';
import { tuneV8 } from '../../src/v8-tuning.js';
import { serve } from '../process/remote.js';
import { CpuMeter } from './cpu.js';
import { profiled, profiledMethods } from './profiled.js';
import { createOutbound } from '../../src/outbound/outbound.js';

export interface ReadRegistryTopic {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly registry: string;
  readonly format: RegistryFormat;
  /** How many records the topic has. */
  readonly count: number;
}

const log = createLog({ level: 'error', style: 'text' });
let groups = 0;

const methods = {
  ...profiledMethods,

  /** CPU time for all records, in us. */
  ours: (o: ReadRegistryTopic): Promise<number> => profiled(() => readOurs(o)),
  stock: readStock,
};

export type RegistryReader = typeof methods;

async function readOurs({ brokers, topic, registry, format, count }: ReadRegistryTopic): Promise<number> {
  const meter = new CpuMeter();
  const outbound = createOutbound({ allow: ['loopback'] });
  const client = new RegistryClient({ url: registry, timeoutMs: 10_000, clock: systemClock, outbound });
  const schemas = new KnownSchemas({ client, clock: systemClock });
  const decoder = decoderOf(format, { fields: [['symbol']], limits: DEFAULT_JSON_LIMITS, schemas });
  const source = connector.create({ brokers, topics: [topic] }, { name: 'bench', log, outbound });
  const done = new AbortController();
  let read = 0;
  for await (const event of source.read(new Map(), done.signal)) {
    if (event.type !== 'records') continue;
    for (const { value, headers } of event.records) {
      if (value === null) continue;
      const wait = decoder.prepare?.(value);
      if (wait !== undefined) await wait;
      const document = decoder.decode(value, utf8FromBytes(value), headers);
      if (document === undefined || document.text().length === 0) throw new Error(decoder.fault.code);
      read++;
    }
    if (read >= count) break;
  }
  const { cpuUs } = meter.stop();
  await source.close();
  return cpuUs;
}

async function readStock({ brokers, topic, registry, count }: ReadRegistryTopic): Promise<number> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const client = new SchemaRegistry({ host: registry });
  const consumer = kafka.consumer({ groupId: `stock-${process.pid}-${++groups}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const meter = new CpuMeter();
  let read = 0;
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch }: kafkajs.EachBatchPayload): Promise<void> => {
      for (const { value } of batch.messages) {
        if (value === null || (await client.decode(value)) === undefined) reject(new Error('not decoded'));
        read++;
      }
      if (read >= count) resolve();
    };
    consumer.run({ eachBatch, autoCommit: false }).catch(reject);
  });
  const { cpuUs } = meter.stop();
  await consumer.disconnect();
  return cpuUs;
}

tuneV8(); // as src/main.ts does
serve(methods);
