// The process of the clients: groups of counting connections, and how much of its own CPU it needed, so that one can tell
// whether it was the limit.

import { setTimeout as wait } from 'node:timers/promises';
import { serve } from '../process/remote.js';
import { CpuMeter, type CpuTime } from '../server/cpu.js';
import type { StrategyName } from '../server/strategy.js';
import { CountingClient, type JoinTimes, type Totals } from './counting-client.js';
import type { Wanted } from './dialect.js';
import { Latencies, type LatencySummary } from './latencies.js';

export interface GroupOptions {
  readonly group: string;
  readonly strategy: StrategyName;
  readonly port: number;
  /** One per client. */
  readonly wanted: readonly Wanted[];
  /** How many connect at a time. */
  readonly atOnce: number;
}

export interface Received extends CpuTime {
  readonly deliveries: number;
  readonly messages: number;
  readonly bytes: number;
  readonly lost: number;
  readonly latency: LatencySummary | undefined;
}

interface Group {
  readonly clients: CountingClient[];
  readonly totals: Totals;
  /** Whose turn it is to acknowledge. */
  next: number;
}

/** A client that has read something says so within this time (PROTOCOL.md); the clients of a group spread over it. */
const ACK_WITHIN_MS = 1_000;
const TICK_MS = 1;
/** Nothing arrived for so long: what is missing will not come. */
const GIVE_UP_MS = 3_000;

const groups = new Map<string, Group>();
const latencies = new Latencies();
const meter = new CpuMeter();

const methods = {
  /** Connects and subscribes all clients of a group. */
  async join(options: GroupOptions): Promise<JoinTimes[]> {
    const totals: Totals = { deliveries: 0, messages: 0, bytes: 0, lost: 0, latencies: undefined };
    const group: Group = { clients: [], totals, next: 0 };
    const times: JoinTimes[] = [];
    groups.set(options.group, group);
    const waiting = [...options.wanted];
    const connectOne = async (): Promise<void> => {
      for (let wanted = waiting.shift(); wanted !== undefined; wanted = waiting.shift()) {
        const joined = await CountingClient.join({ ...options, wanted, totals });
        joined.client.acknowledge();
        group.clients.push(joined.client);
        times.push(joined.times);
      }
    };
    await Promise.all(Array.from({ length: options.atOnce }, connectOne));
    return times;
  },

  leave(name: string): void {
    for (const client of groups.get(name)?.clients ?? []) client.close();
    groups.delete(name);
  },

  /** A slice begins: counts from nothing. */
  begin(name: string, o: { readonly isTimed: boolean }): void {
    const { totals } = groupOf(name);
    Object.assign(totals, {
      deliveries: 0,
      messages: 0,
      bytes: 0,
      lost: 0,
      latencies: o.isTimed ? latencies : undefined,
    });
    latencies.summary();
    meter.start();
  },

  /** Resolves when this many deliveries have come since `begin`, or nothing comes any more. */
  async received(name: string, deliveries: number): Promise<Received> {
    const { totals } = groupOf(name);
    let seen = -1;
    let seenAt = performance.now();
    while (totals.deliveries < deliveries && performance.now() - seenAt < GIVE_UP_MS) {
      if (totals.messages !== seen) seenAt = performance.now();
      seen = totals.messages;
      await wait(1);
    }
    const { latencies: timed, ...counts } = totals;
    return { ...counts, ...meter.stop(), latency: timed?.summary() };
  },

  /** After a slice, outside of what is measured: nobody is left owing an acknowledgement. */
  acknowledge(name: string): void {
    for (const client of groupOf(name).clients) client.acknowledge();
  },

  /** The first `count` clients of a group stop reading; with 0, all read again. */
  stall(name: string, count: number): void {
    groupOf(name).clients.forEach((client, i) => (i < count ? client.stall() : client.resume()));
  },
};

export type ClientProcess = typeof methods;

function groupOf(name: string): Group {
  const group = groups.get(name);
  if (group === undefined) throw new Error(`there is no group ${name}`);
  return group;
}

/** So many of each group as the time since the last tick asks for: the cost falls on slices by their length. */
let tickedAt = performance.now();
setInterval(() => {
  const elapsedMs = performance.now() - tickedAt;
  tickedAt += elapsedMs;
  for (const group of groups.values()) {
    const { clients } = group;
    const due = Math.min(clients.length, Math.ceil((clients.length * elapsedMs) / ACK_WITHIN_MS));
    for (let i = 0; i < due; i++) clients[group.next++ % clients.length]?.acknowledge();
  }
}, TICK_MS);

serve(methods);
