// Records that come one by one from a real broker to one session: what each costs, and how old it arrives.

import { shuffled } from '../arena.js';
import type { ClientProcess, Received } from '../client/main.js';
import { ForeignLoad } from '../foreign-load.js';
import type { ProducerProcess } from '../kafka/producer.js';
import { createTopic } from '../kafka/topic.js';
import { CLIENT, INTAKE_SERVER, PRODUCER } from '../processes.js';
import type { Child } from '../process/remote.js';
import { figure, type Bench, type Figure, type RowGroup } from '../row.js';
import type { IntakeServer } from '../server/intake-server.js';
import { pathName } from '../server/workload.js';
import { median, ratioOf } from '../stats.js';
import { sessions } from './sessions.js';

const PATHS = 500;
/** Read by both before anything is measured, so that their code is compiled. */
const WARM_UP_RECORDS = 50_000;
const RATES = [400, 5_000] as const;
const BRIDGES = ['tailrace', 'naive'] as const;
type Bridge = (typeof BRIDGES)[number];

interface IntakeSlice {
  readonly cpuUsPerRecord: number;
  readonly p50Ms: number;
  readonly foreignCores: number | undefined;
  readonly missing: number;
}

export const intakeRow: RowGroup = {
  rows: ['intake'],
  async run(bench) {
    const intake = await Intake.open(bench);
    const cycles = bench.isQuick ? 2 : 8;
    const figures: Figure[] = [];
    for (const perSecond of RATES) {
      const slices: Record<Bridge, IntakeSlice[]> = { tailrace: [], naive: [] };
      for (let cycle = -1; cycle < cycles; cycle++) {
        for (const bridge of shuffled(BRIDGES)) {
          const slice = await intake.slice(bridge, perSecond);
          if (cycle >= 0) slices[bridge].push(slice);
        }
        bench.progress(`${perSecond}/s, cycle ${cycle + 1} of ${cycles}`);
      }
      figures.push(...figuresOf(perSecond, slices));
    }
    return figures;
  },
};

class Intake {
  readonly #server: Child<IntakeServer>;
  readonly #client: Child<ClientProcess>;
  readonly #producer: Child<ProducerProcess>;
  readonly #topics: Readonly<Record<Bridge, string>>;
  readonly #foreign: ForeignLoad;

  private constructor(bench: Bench, topics: Readonly<Record<Bridge, string>>, kafkaPid: number) {
    this.#server = bench.server<IntakeServer>(INTAKE_SERVER);
    this.#client = bench.helper<ClientProcess>(CLIENT);
    this.#producer = bench.helper<ProducerProcess>(PRODUCER);
    this.#topics = topics;
    this.#foreign = new ForeignLoad(() => [this.#server.pid, this.#client.pid, this.#producer.pid, kafkaPid]);
  }

  static async open(bench: Bench): Promise<Intake> {
    const { brokers, pid } = await bench.kafka();
    const topics = {
      tailrace: await createTopic(brokers, 'tailrace'),
      naive: await createTopic(brokers, 'naive'),
    };
    const intake = new Intake(bench, topics, pid);
    const paths = Array.from({ length: PATHS }, (_, path) => pathName(path));
    await intake.#producer.call.open(brokers[0] ?? '', PATHS);
    for (const bridge of BRIDGES) await intake.#producer.call.fill(topics[bridge], WARM_UP_RECORDS);
    const ports = await intake.#server.call.open({ brokers, topics, paths });
    for (const bridge of BRIDGES) {
      const wanted = sessions({
        count: 1,
        paths: () => (bridge === 'tailrace' ? ['**'] : paths),
        isShared: true,
      });
      await intake.#client.call.join({
        group: bridge,
        strategy: bridge,
        port: ports[bridge],
        wanted,
        atOnce: 1,
      });
    }
    return intake;
  }

  async slice(bridge: Bridge, perSecond: number): Promise<IntakeSlice> {
    this.#foreign.start();
    await this.#client.call.begin(bridge, { isTimed: true });
    await this.#server.call.start(bridge);
    const sent = await this.#producer.call.trickle(this.#topics[bridge], { perSecond, durationMs: 1_000 });
    const received: Received = await this.#client.call.received(bridge, sent);
    const { cpuUs } = await this.#server.call.stop(bridge);
    return {
      cpuUsPerRecord: cpuUs / sent,
      p50Ms: received.latency?.p50Ms ?? NaN,
      foreignCores: this.#foreign.stop(),
      missing: sent - received.deliveries,
    };
  }
}

function figuresOf(perSecond: number, { tailrace, naive }: Record<Bridge, IntakeSlice[]>): Figure[] {
  const [cost, naiveCost] = [tailrace, naive].map((slices) =>
    slices.map(({ cpuUsPerRecord }) => cpuUsPerRecord),
  );
  const [p50, naiveP50] = [tailrace, naive].map((slices) => slices.map(({ p50Ms }) => p50Ms));
  const missing = tailrace.reduce((sum, slice) => sum + slice.missing, 0);
  const shared = {
    row: 'intake',
    foreignCores: median(tailrace.map(({ foreignCores }) => foreignCores ?? NaN)),
  };
  return [
    figure({
      ...shared,
      figure: `${perSecond} records/s: CPU per record`,
      unit: 'us',
      value: median(cost ?? []),
      relative: ratioOf(cost ?? [], naiveCost ?? []),
      reference: `kafkajs eachMessage, ${median(naiveCost ?? []).toFixed(0)} us`,
      bound: { is: 'at most', limit: 0.4, of: 'ratio' },
      remarks: missing === 0 ? [] : [`${missing} records did not arrive as changes`],
    }),
    figure({
      ...shared,
      figure: `${perSecond} records/s: p50 from producer to client`,
      unit: 'ms',
      value: median(p50 ?? []),
      reference: `kafkajs eachMessage, ${median(naiveP50 ?? []).toFixed(1)} ms`,
      bound: { is: 'at most', limit: 20, of: 'value' },
    }),
  ];
}
