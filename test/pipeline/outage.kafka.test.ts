// A1 A2 from the broker to the browser's side of the socket: what sessions see while the only broker is dead, or hangs.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, until } from '../support/kafka.js';
import { Watcher } from './watcher.js';

const PARTITIONS = 3;
const PATIENCE_MS = 30_000;

let kafka: LocalKafka;
let dataDir: string;
let pipeline: RunningPipeline;
let topic: string;
/** What the topic holds: path -> newest value. */
const truth = new Map<string, Value>();
const errors: string[] = [];
const watchers: Watcher[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tailrace-outage-kafka-'));
  kafka = await startKafka({ dataDir });
  topic = await createTopic({ ...kafka, partitions: PARTITIONS, configs: { 'cleanup.policy': 'compact' } });
  await write({ EURUSD: 1, GBPUSD: 1, USDJPY: 1, USDCHF: 1 });
  const log = createLog({ level: 'error', style: 'json', write: (line) => errors.push(line) });
  pipeline = await startPipeline(config(), {
    ...{ clock: systemClock, log, signal: new AbortController().signal },
  });
  await pipeline.ready;
}, 60_000);
afterAll(async () => {
  for (const each of watchers) each.stop();
  await pipeline.stop();
  await kafka.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

function config(): Config {
  const text = `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
sources:
  - name: quotes
    kafka: { brokers: ["${kafka.brokers[0]}"], topics: [${topic}], interruptedAfter: 500ms, requestTimeout: 1s }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: everyone, paths: [prices/**] }]
`;
  const readFile = (path: string): never => {
    throw new Error(path);
  };
  return resolved(loadConfig({ name: 'test', text }, connectors, { kind: 'online', env: {}, readFile }));
}

/** Produces one record per symbol, null for a tombstone; the truth knows when all are acknowledged. */
async function write(bids: Readonly<Record<string, number | null>>): Promise<void> {
  const messages = Object.entries(bids).map(([key, bid]) => ({
    ...{ key, value: bid === null ? null : JSON.stringify({ bid, venue: 'XNAS' }) },
  }));
  await produce(topic, messages, kafka.brokers);
  for (const [symbol, bid] of Object.entries(bids)) {
    if (bid === null) truth.delete(`prices/${symbol}`);
    else truth.set(`prices/${symbol}`, { bid, venue: 'XNAS' });
  }
}

/** A session with its snapshot. */
async function watch(): Promise<Watcher> {
  const watcher = new Watcher(pipeline.publicUrl);
  watchers.push(watcher);
  await until('the snapshot', () => watcher.isLive, PATIENCE_MS);
  return watcher;
}

async function untilMarked(mark: 'stale' | 'fresh', times: number, ...all: Watcher[]): Promise<void> {
  const isTold = ({ marks }: Watcher): boolean => marks.filter((each) => each === mark).length === times;
  await until(`${mark} for the ${times}. time`, () => all.every(isTold), PATIENCE_MS);
}

async function untilTrue(watcher: Watcher): Promise<void> {
  const isTrue = (): boolean =>
    isDeepStrictEqual(new Map([...watcher.values].sort()), new Map([...truth].sort()));
  await until('all that was written', isTrue, PATIENCE_MS);
  await until('fresh', () => watcher.stale.size === 0, PATIENCE_MS);
  watcher.expect(truth, { areStale: false });
}

/** What `/livez` and `/readyz` answer. */
function health(): Promise<number[]> {
  const statusOf = async (page: string) => (await fetch(`${pipeline.adminUrl}${page}`)).status;
  return Promise.all(['/livez', '/readyz'].map(statusOf));
}

test('A2 G13 while the broker is dead sessions stay and show stale values; all resumes by itself and ends right', async () => {
  const early = await watch();
  early.expect(truth, { areStale: false });

  await kafka.kill('SIGKILL');
  await untilMarked('stale', 1, early);
  early.expect(truth, { areStale: true });
  const late = await watch();
  late.expect(truth, { areStale: true });
  expect(await health()).toEqual([200, 200]);

  await kafka.restart();
  await write({ EURUSD: 2, GBPUSD: null, AUDUSD: 1 });
  await write({ EURUSD: 3, USDCHF: 2, NZDUSD: 1 });
  await untilMarked('fresh', 1, early);
  for (const each of [early, late]) {
    await untilTrue(each);
    expect(each.closed).toBeUndefined();
  }
  const fresh = await watch();
  fresh.expect(truth, { areStale: false });
  expect(early.marks).toEqual(['stale', 'fresh']);
  expect(errors).toEqual([]);
}, 90_000);

test('A2 G13 a broker that hangs turns values stale within the request timeout, and fresh when it goes on', async () => {
  const watcher = await watch();
  await kafka.kill('SIGSTOP');
  await untilMarked('stale', 1, watcher);
  watcher.expect(truth, { areStale: true });
  await kafka.kill('SIGCONT');
  await untilMarked('fresh', 1, watcher);
  await write({ EURUSD: 4 });
  await untilTrue(watcher);
  expect([watcher.closed, errors]).toEqual([undefined, []]);
}, 60_000);
