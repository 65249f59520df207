// A server process and a client process facing each other, and slices of load on one strategy after the other.

import type { ClientProcess, GroupOptions, Received } from './client/main.js';
import type { Wanted } from './client/dialect.js';
import type { JoinTimes } from './client/counting-client.js';
import { ForeignLoad } from './foreign-load.js';
import { CLIENT, FAN_OUT_SERVER } from './processes.js';
import type { Child } from './process/remote.js';
import type { Bench } from './row.js';
import type { FanOutServer, FanOutServerOptions } from './server/fan-out-server.js';
import type { Load } from './server/load.js';
import type { StrategyName } from './server/strategy.js';

/** One way to load one strategy, which takes turns with others. */
export interface Plan {
  readonly strategy: StrategyName;
  /** The clients that listen. */
  readonly group: string;
  readonly load: Load;
  /** Clients that listen to each path. */
  readonly receivers: number;
}

/** What one slice came to. */
export interface Slice {
  readonly updates: number;
  readonly deliveries: number;
  readonly expected: number;
  readonly cpuUs: number;
  readonly cpuUsPerDelivery: number;
  /** What the server's CPU could deliver if it did nothing else. */
  readonly deliveriesPerCore: number;
  readonly bytesPerDelivery: number;
  readonly received: Received;
  /** Values merged because clients lagged: such a slice has not done all of its work. */
  readonly conflated: number;
  /** Share of the client's core that was used: near 1, the client was the limit of the rate, though not of the CPU. */
  readonly clientShare: number;
  readonly foreignCores: number | undefined;
}

/** Clients that connect at the same time. */
const AT_ONCE = 50;

export class Arena {
  readonly server: Child<FanOutServer>;
  readonly client: Child<ClientProcess>;
  readonly #progress: (text: string) => void;
  readonly #foreign: ForeignLoad;
  #ports: Partial<Record<StrategyName, number>> = {};

  private constructor(bench: Bench) {
    this.server = bench.server<FanOutServer>(FAN_OUT_SERVER);
    this.client = bench.helper<ClientProcess>(CLIENT);
    this.#progress = bench.progress;
    this.#foreign = new ForeignLoad(() => [this.server.pid, this.client.pid]);
  }

  /** Starts both processes, and the strategies in the first. They end with the row group. */
  static async open(bench: Bench, options: FanOutServerOptions): Promise<Arena> {
    const arena = new Arena(bench);
    arena.#ports = await arena.server.call.open(options);
    return arena;
  }

  /** Connects a group of clients, each of which wants what it is given. */
  async join(
    group: string,
    strategy: StrategyName,
    wanted: readonly Wanted[],
    atOnce = AT_ONCE,
  ): Promise<JoinTimes[]> {
    const port = this.#ports[strategy];
    if (port === undefined) throw new Error(`${strategy} is not open`);
    const options: GroupOptions = { group, strategy, port, wanted, atOnce };
    return this.client.call.join(options);
  }

  /** Runs each plan once a cycle, in another order each time. The first cycle warms up and does not count. */
  async rotate<Name extends string>(
    cycles: number,
    plans: Readonly<Partial<Record<Name, Plan>>>,
  ): Promise<Record<Name, Slice[]>> {
    const pairs = Object.entries<Plan | undefined>(plans).flatMap(([name, plan]) =>
      plan ? [{ name, plan }] : [],
    );
    const slices: Record<string, Slice[]> = Object.fromEntries(pairs.map(({ name }) => [name, []]));
    for (let cycle = -1; cycle < cycles; cycle++) {
      for (const { name, plan } of shuffled(pairs)) {
        const slice = await this.slice(plan);
        if (cycle >= 0) slices[name]?.push(slice);
      }
      this.#progress(`cycle ${cycle + 1} of ${cycles}`);
    }
    return slices;
  }

  async slice({ strategy, group, load, receivers }: Plan): Promise<Slice> {
    const { server, client } = this;
    this.#foreign.start();
    await client.call.begin(group, { isTimed: load.isStamped });
    const updates = await server.call.slice(strategy, load);
    const expected = updates * receivers;
    const received = await client.call.received(group, expected);
    const { cpuUs, conflated } = await server.call.settle(strategy);
    await client.call.acknowledge(group);
    const { deliveries, bytes } = received;
    return {
      updates,
      deliveries,
      expected,
      cpuUs,
      cpuUsPerDelivery: cpuUs / deliveries,
      deliveriesPerCore: (deliveries / cpuUs) * 1_000_000,
      bytesPerDelivery: bytes / deliveries,
      received,
      conflated,
      clientShare: received.cpuUs / 1000 / received.wallMs,
      foreignCores: this.#foreign.stop(),
    };
  }
}

/** In another order. */
export function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}
