// Records that name a schema in a registry, from a real broker and a real registry: our reader and decoder beside what one
// writes with kafkajs and its schema registry client.

import { shuffled } from '../arena.js';
import { ForeignLoad } from '../foreign-load.js';
import { fillTopic } from '../kafka/registry-records.js';
import { createTopic } from '../kafka/topic.js';
import { REGISTRY_READER } from '../processes.js';
import { figure, type Bench, type Figure, type RowGroup } from '../row.js';
import type { ReadRegistryTopic, RegistryReader } from '../server/registry-reader.js';
import { median, ratioOf } from '../stats.js';
import { startSchemaRegistry } from '../../test/support/schema-registry.js';

const FORMATS = ['avro', 'json-schema', 'protobuf'] as const;
const READERS = ['ours', 'stock'] as const;

export const registryFormats: RowGroup = {
  rows: ['registry-formats'],
  async run(bench) {
    const kafka = await bench.kafka();
    bench.progress('starting a schema registry');
    const registry = await startSchemaRegistry();
    try {
      const figures: Figure[] = [];
      for (const format of FORMATS) {
        const topic = await createTopic(kafka.brokers, format);
        const count = bench.isQuick ? 100_000 : 300_000;
        const read = { brokers: kafka.brokers, topic, registry: registry.url, format, count };
        bench.progress(`${format}: writing ${count} records`);
        await fillTopic(read);
        figures.push(await formatFigure(bench, read, kafka.pid));
      }
      return figures;
    } finally {
      await registry.stop();
    }
  },
};

async function formatFigure(bench: Bench, read: ReadRegistryTopic, kafkaPid: number): Promise<Figure> {
  const server = bench.server<RegistryReader>(REGISTRY_READER);
  const load = new ForeignLoad(() => [server.pid, kafkaPid]);
  load.start();
  const rates: Record<(typeof READERS)[number], number[]> = { ours: [], stock: [] };
  const cycles = bench.isQuick ? 2 : 5;
  for (let cycle = -1; cycle < cycles; cycle++) {
    for (const reader of shuffled(READERS)) {
      const cpuUs = await server.call[reader](read);
      if (cycle >= 0) rates[reader].push((read.count / cpuUs) * 1_000_000);
    }
    bench.progress(`${read.format}: cycle ${cycle + 1} of ${cycles}`);
  }
  return figure({
    row: 'registry-formats',
    figure: `${read.format}: records per own CPU second from the broker to a document`,
    unit: '/s',
    value: median(rates.ours),
    relative: ratioOf(rates.ours, rates.stock),
    reference: `kafkajs eachBatch and registry.decode, ${Math.round(median(rates.stock) / 1000)},000/s`,
    bound: { is: 'at least', limit: 1, of: 'ratio' },
    foreignCores: load.stop(),
  });
}
