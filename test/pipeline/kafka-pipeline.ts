// The pipeline in this process on a real broker, with one source: what it serves, what it rejects, what it counts.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import type { LetterJson } from '../../src/dead-letters/letter-json.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import type { Value } from '../oracle/naive-json.js';
import { testBrokers, until } from '../support/kafka.js';
import { Watcher } from './watcher.js';

export interface PipedSource {
  readonly topics: readonly string[];
  /** Further options of the connector. */
  readonly kafka?: Readonly<Record<string, unknown>>;
  /** Further keys of the source. Default: `map` of `prices/{key}`. */
  readonly source?: Readonly<Record<string, unknown>>;
}

const PATIENCE_MS = 30_000;

/** Everybody may see everything. Rejected records go to a file of its own. */
export class KafkaPipeline {
  /** Lines of the operator's log from `warn` on. */
  readonly lines: Readonly<Record<string, unknown>>[] = [];
  #running: RunningPipeline | undefined;
  readonly #folder: string;
  readonly #watchers: Watcher[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(piped: PipedSource): Promise<KafkaPipeline> {
    const pipeline = new KafkaPipeline(await mkdtemp(join(tmpdir(), 'tailrace-piped-')));
    await pipeline.#start(piped);
    return pipeline;
  }

  async #start({ topics, kafka = {}, source = {} }: PipedSource): Promise<void> {
    const port = { host: '127.0.0.1', port: 0 };
    const text = JSON.stringify({
      ...{ listen: port, admin: port, auth: 'none', outbound: { allow: ['loopback'] } },
      sources: [
        {
          name: 'quotes',
          kafka: { brokers: testBrokers(), topics, interruptedAfter: '500ms', ...kafka },
          map: [{ path: 'prices/{key}' }],
          deadLetters: { file: { path: join(this.#folder, 'dead.jsonl'), maxBytes: '64MiB' } },
          ...source,
        },
      ],
      entitlements: [{ allow: 'everyone', paths: ['**'] }],
    });
    const none = (path: string): never => {
      throw new Error(path);
    };
    const config = resolved(
      loadConfig({ name: 'test', text }, connectors, { kind: 'online', env: {}, readFile: none }),
    );
    const write = (line: string): void => void this.lines.push(JSON.parse(line) as Record<string, unknown>);
    this.#running = await startPipeline(config, {
      ...{ clock: systemClock, log: createLog({ level: 'warn', style: 'json', write }) },
      signal: new AbortController().signal,
    });
    await this.#running.ready;
  }

  get #pipeline(): RunningPipeline {
    if (this.#running === undefined) throw new Error('not started');
    return this.#running;
  }

  /** A session with its snapshot. */
  async watch(): Promise<Watcher> {
    const watcher = new Watcher(this.#pipeline.publicUrl);
    this.#watchers.push(watcher);
    await until('the snapshot', () => watcher.isLive, PATIENCE_MS);
    return watcher;
  }

  /** Of the dead-letter file, in its order. */
  async letters(): Promise<LetterJson[]> {
    const text = await readFile(join(this.#folder, 'dead.jsonl'), 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as LetterJson);
  }

  /** Sum of the samples whose name and labels hold all of `parts`. */
  async metric(...parts: string[]): Promise<number> {
    const page = await (await fetch(`${this.#pipeline.adminUrl}/metrics`)).text();
    const samples = page.split('\n').filter((line) => !line.startsWith('#'));
    const those = samples.filter((line) => parts.every((part) => line.includes(part)));
    return those.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async stop(): Promise<void> {
    for (const each of this.#watchers) each.stop();
    await this.#running?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Waits until exactly these values are held. */
export async function untilHeld(
  watcher: Watcher,
  values: ReadonlyMap<string, Value>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const isHeld = (): boolean => isDeepStrictEqual(new Map(watcher.values), new Map(values));
  await until('what was written', isHeld, withinMs);
}
