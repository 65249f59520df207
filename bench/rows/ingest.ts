// What a record costs that nobody watches: in memory beside a bare JSON.parse, and from a real broker to the cache.

import { ForeignLoad } from '../foreign-load.js';
import { createTopic } from '../kafka/topic.js';
import type { ProducerProcess } from '../kafka/producer.js';
import { IN_PROCESS_SERVER, PRODUCER } from '../processes.js';
import { figure, type Bench, type Figure, type RowGroup } from '../row.js';
import type { InProcessServer } from '../server/in-process-server.js';
import { median, ratioOf, spreadOf } from '../stats.js';

const PATHS = 2_000;

export const ingestRow: RowGroup = {
  rows: ['ingest'],
  async run(bench) {
    return [...(await costFigures(bench)), await brokerFigure(bench)];
  },
};

async function costFigures(bench: Bench): Promise<Figure[]> {
  const server = bench.server<InProcessServer>(IN_PROCESS_SERVER);
  const load = new ForeignLoad(() => [server.pid]);
  load.start();
  const hasEqualBytes = bench.without !== 'unchanged-skip';
  const { parse, changed, unchanged } = await server.call.ingestCosts({
    slices: bench.isQuick ? 20 : 60,
    hasEqualBytes,
  });
  const foreignCores = load.stop();
  const shared = {
    row: 'ingest',
    unit: 'us',
    reference: `JSON.parse, ${(median(parse) / 1000).toFixed(2)} us`,
    foreignCores,
  };
  return [
    figure({
      ...shared,
      figure: 'CPU per record, 2 of 20 members changed',
      value: median(changed) / 1000,
      relative: ratioOf(changed, parse),
      bound: { is: 'at most', limit: 1, of: 'ratio' },
    }),
    figure({
      ...shared,
      figure: 'CPU per record, nothing changed',
      value: median(unchanged) / 1000,
      relative: ratioOf(unchanged, parse),
      bound: { is: 'at most', limit: 0.4, of: 'ratio' },
    }),
  ];
}

async function brokerFigure(bench: Bench): Promise<Figure> {
  const kafka = await bench.kafka();
  const records = bench.isQuick ? 100_000 : 400_000;
  const topic = await createTopic(kafka.brokers, 'ingest');
  const producer = bench.helper<ProducerProcess>(PRODUCER);
  await producer.call.open(kafka.brokers[0] ?? '', PATHS);
  bench.progress(`writing ${records} records`);
  await producer.call.fill(topic, records);
  const server = bench.server<InProcessServer>(IN_PROCESS_SERVER);
  const load = new ForeignLoad(() => [server.pid, producer.pid, kafka.pid]);
  load.start();
  const rates: number[] = [];
  for (let run = 0; run < 3; run++) {
    bench.progress(`reading ${records} records, run ${run + 1}`);
    rates.push((records / (await server.call.readAll(kafka.brokers, topic))) * 1_000_000);
  }
  return figure({
    row: 'ingest',
    figure: 'records per own CPU second from the broker',
    unit: '/s',
    value: median(rates),
    spread: spreadOf(rates),
    bound: { is: 'at least', limit: 100_000, of: 'value' },
    foreignCores: load.stop(),
  });
}
