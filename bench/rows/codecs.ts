// Reading from a real broker by codec: records per own CPU second, beside the stock consumer of kafkajs.

import { shuffled } from '../arena.js';
import { ForeignLoad } from '../foreign-load.js';
import type { ProducerProcess } from '../kafka/producer.js';
import { createTopic } from '../kafka/topic.js';
import { CODECS_SERVER, PRODUCER } from '../processes.js';
import type { Child } from '../process/remote.js';
import { figure, type Bench, type Figure, type RowGroup, type RunningKafka } from '../row.js';
import type { CodecsServer } from '../server/codecs-server.js';
import { median, ratioOf } from '../stats.js';

/** As the producer is told nothing of codecs, the broker compresses what it stores. */
const CODECS = ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const READERS = ['ours', 'stock'] as const;
const PATHS = 2_000;

export const codecsRow: RowGroup = {
  rows: ['codecs'],
  async run(bench) {
    const kafka = await bench.kafka();
    const records = bench.isQuick ? 200_000 : 600_000;
    const producer = bench.helper<ProducerProcess>(PRODUCER);
    const server = bench.server<CodecsServer>(CODECS_SERVER);
    await producer.call.open(kafka.brokers[0] ?? '', PATHS);
    const figures: Figure[] = [];
    for (const codec of CODECS) {
      const topic = await createTopic(kafka.brokers, codec, { 'compression.type': codec });
      bench.progress(`writing ${records} records, ${codec}`);
      await producer.call.fill(topic, records);
      const load = new ForeignLoad(() => [server.pid, producer.pid, kafka.pid]);
      figures.push(await codecFigure({ bench, server, kafka, topic, records, codec, load }));
    }
    return figures;
  },
};

interface CodecRun {
  readonly bench: Bench;
  readonly server: Child<CodecsServer>;
  readonly kafka: RunningKafka;
  readonly topic: string;
  readonly records: number;
  readonly codec: string;
  readonly load: ForeignLoad;
}

async function codecFigure(run: CodecRun): Promise<Figure> {
  const { bench, server, kafka, topic, records, codec, load } = run;
  const cycles = bench.isQuick ? 3 : 6;
  const rates: Record<(typeof READERS)[number], number[]> = { ours: [], stock: [] };
  load.start();
  // The first cycle compiles the code and is not counted.
  for (let cycle = -1; cycle < cycles; cycle++) {
    bench.progress(`${codec}, cycle ${cycle + 1} of ${cycles}`);
    for (const reader of shuffled(READERS)) {
      const cpuUs = await server.call[reader](kafka.brokers, topic, records);
      if (cycle >= 0) rates[reader].push((records / cpuUs) * 1_000_000);
    }
  }
  return figure({
    row: 'codecs',
    figure: `${codec}: records read per own CPU second`,
    unit: '/s',
    value: median(rates.ours),
    relative: ratioOf(rates.ours, rates.stock),
    reference: `kafkajs eachBatch, ${median(rates.stock).toFixed(0)} /s`,
    bound: { is: 'at least', limit: 1, of: 'ratio' },
    foreignCores: load.stop(),
  });
}
