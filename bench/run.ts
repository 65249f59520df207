// Runs row groups one after the other and cleans up behind each.

import { KafkaNotInstallable } from '../src/demo/kafka-install.js';
import { BenchKafka } from './kafka/bench-kafka.js';
import { CLIENT_CORE, SERVER_CORE } from './processes.js';
import { spawn, type Child } from './process/remote.js';
import type { Bench, BenchOptions, Figure, ProfiledServer, RowGroup } from './row.js';
import type { SelfTime } from './server/cpu.js';

/** Functions that a profile names. */
const HOTTEST = 15;

export interface RunHooks {
  readonly progress: (text: string) => void;
  readonly figures: (figures: readonly Figure[]) => void;
  /** With `profile`: where the server's CPU went, of the slices of Tailrace in one group. */
  readonly hottest: (rows: readonly string[], functions: readonly SelfTime[]) => void;
  /** A group could not be measured here, and why. */
  readonly skipped: (rows: readonly string[], why: string) => void;
}

export async function runGroups(
  groups: readonly RowGroup[],
  options: BenchOptions,
  hooks: RunHooks,
): Promise<Figure[]> {
  const all: Figure[] = [];
  const kafka = new BenchKafka(hooks.progress);
  try {
    for (const group of groups) {
      if (!group.rows.some((row) => wants(options, row))) continue;
      hooks.progress(group.rows.join(', '));
      const figures = await runGroup(group, options, hooks, kafka);
      const wanted = figures.filter(({ row }) => wants(options, row));
      hooks.figures(wanted);
      all.push(...wanted);
    }
  } finally {
    await kafka.stop();
  }
  return all;
}

async function runGroup(
  group: RowGroup,
  options: BenchOptions,
  hooks: RunHooks,
  kafka: BenchKafka,
): Promise<readonly Figure[]> {
  const servers: Child<ProfiledServer>[] = [];
  const helpers: Child<unknown>[] = [];
  const bench: Bench = {
    ...options,
    progress: (text) => hooks.progress(`${group.rows.join(', ')}: ${text}`),
    kafka: () => kafka.running(),
    server<Methods extends ProfiledServer>(module: URL) {
      const server = spawn<Methods>(module, { core: SERVER_CORE, nodeArgs: ['--expose-gc'] });
      const profiled = server as unknown as Child<ProfiledServer>;
      servers.push(profiled);
      if (options.profile) void profiled.call.profile();
      return server;
    },
    helper<Methods>(module: URL) {
      const helper = spawn<Methods>(module, { core: CLIENT_CORE });
      helpers.push(helper);
      return helper;
    },
  };
  try {
    const figures = await group.run(bench);
    if (options.profile) {
      for (const { call } of servers) hooks.hottest(group.rows, await call.hottest(HOTTEST));
    }
    return figures;
  } catch (error) {
    if (!(error instanceof KafkaNotInstallable)) throw error;
    hooks.skipped(group.rows, error.message);
    return [];
  } finally {
    await Promise.all([...servers, ...helpers].map((child) => child.end()));
  }
}

function wants({ only }: BenchOptions, row: string): boolean {
  return only.length === 0 || only.includes(row);
}
