// What is pushed, from the sender's request to what a client of the stream holds; and what a reload does to it.

import { afterEach, describe, expect, test } from '@jest/globals';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { Tag } from '../../src/protocol/data-lines.js';
import { HeldValues } from '../../src/receiver/held-values.js';
import { StreamClient } from '../../src/receiver/stream-client.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import { until } from '../server/until.js';

const ADMIN_TOKEN = 'the-admin-token-of-this-test';
const PUSH_TOKEN = 'the-push-token-of-this-test';

interface Written {
  readonly push?: string;
  readonly map?: string;
}

function yaml({ push = '{}', map = '[{ path: "prices/{key}" }]' }: Written): string {
  return `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0, token: { env: ADMIN_TOKEN } }
auth: none
sources: [{ name: quotes, push: ${push}, map: ${map} }]
entitlements: [{ allow: everyone, paths: ["**"] }]
`;
}

function load(written: Written) {
  const env = { ADMIN_TOKEN, PUSH_TOKEN };
  const readFile = (path: string): never => {
    throw new Error(path);
  };
  return loadConfig({ name: 'test', text: yaml(written) }, connectors, { kind: 'online', env, readFile });
}

/** A process, a sender and a client. */
class Process {
  written: Written = {};
  pipeline!: RunningPipeline;
  client!: StreamClient;
  /** What the client holds. */
  readonly values = new Map<string, unknown>();
  /** Tags of the lines that it got about paths, in order. */
  readonly tags: number[] = [];

  async start(): Promise<this> {
    const log = createLog({ level: 'error', style: 'json', write: () => undefined });
    const { signal } = new AbortController();
    const readConfig = () => load(this.written);
    this.pipeline = await startPipeline(resolved(readConfig()), {
      ...{ clock: systemClock, log, signal, readConfig },
    });
    running.push(this);
    this.client = this.#client();
    return this;
  }

  async push(body: unknown, token = ADMIN_TOKEN): Promise<{ status: number; since: number }> {
    const response = await fetch(`${this.pipeline.adminUrl}/v1/push/quotes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { since = 0 } = (await response.json()) as { since?: number };
    return { status: response.status, since };
  }

  /** Until the client holds exactly this. */
  async sees(values: Readonly<Record<string, unknown>>): Promise<void> {
    const expected = JSON.stringify(Object.entries(values).sort());
    await until(`the client to see ${expected}`, () => {
      return JSON.stringify([...this.values].sort()) === expected;
    });
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.pipeline.stop();
  }

  #client(): StreamClient {
    const held = new HeldValues({
      changed: (change) => {
        if ('deleted' in change) this.values.delete(change.path);
        else this.values.set(change.path, change.value);
      },
      lost: (alias) => {
        throw new Error(`lost ${alias}`);
      },
    });
    return new StreamClient({
      ...{ clock: systemClock, token: undefined, filters: ['**'] },
      url: new URL(`${this.pipeline.publicUrl.replace('http', 'ws')}/v1/stream`),
      listener: {
        data: (line) => {
          this.tags.push(line[0]);
          held.take(line);
        },
        control: () => undefined,
        gap: () => undefined,
      },
    });
  }
}

const running: Process[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

const QUOTE = { symbol: 'EURUSD', venue: 'XNAS', bid: 1.0841, ask: 1.0843, size: 1_000_000 };

test('a push is seen by a client: whole, then as a delta, then gone', async () => {
  const process = await new Process().start();
  expect((await process.push({ key: 'EURUSD', value: QUOTE })).status).toBe(200);
  await process.sees({ 'prices/EURUSD': QUOTE });
  const next = { ...QUOTE, bid: 1.0842 };
  await process.push([
    { key: 'EURUSD', value: next },
    { key: 'USDJPY', value: { bid: 156.2 } },
  ]);
  await process.sees({ 'prices/EURUSD': next, 'prices/USDJPY': { bid: 156.2 } });
  expect(process.tags.filter((tag) => tag === Tag.Merge || tag === Tag.Patch)).toHaveLength(1);
  await process.push({ key: 'EURUSD', value: null });
  await process.sees({ 'prices/USDJPY': { bid: 156.2 } });
  expect(process.tags).toContain(Tag.Delete);
});

test('health and metrics know of it', async () => {
  const { pipeline } = await new Process().start();
  await pipeline.ready;
  const text = async (path: string) => (await fetch(`${pipeline.adminUrl}${path}`)).text();
  expect(await text('/readyz?verbose')).toContain('ok source quotes');
  const url = `${pipeline.adminUrl}/v1/push/quotes`;
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  expect((await fetch(url, { method: 'POST', headers, body: '{' })).status).toBe(415);
  const metrics = await text('/metrics');
  expect(metrics).toContain('tailrace_push_requests_total{outcome="refused"} 1');
  expect(metrics).toContain('tailrace_push_requests_total{outcome="accepted"} 0');
});

describe('a reload', () => {
  test('of the options of push alone keeps what was pushed, and takes up the token', async () => {
    const process = await new Process().start();
    const { since } = await process.push({ key: 'EURUSD', value: QUOTE });
    process.written = { push: '{ token: { env: PUSH_TOKEN } }' };
    expect((await process.pipeline.reload('api')).outcome).toBe('applied');
    expect((await process.push([])).status).toBe(401);
    expect(await process.push([], PUSH_TOKEN)).toEqual({ status: 200, since });
    await process.sees({ 'prices/EURUSD': QUOTE });
  });

  test('of anything else of the source lets go of what was pushed, and senders are told', async () => {
    const process = await new Process().start();
    const { since } = await process.push({ key: 'EURUSD', value: QUOTE });
    await process.sees({ 'prices/EURUSD': QUOTE });
    process.written = { map: '[{ path: "quotes/{key}" }]' };
    expect((await process.pipeline.reload('api')).outcome).toBe('applied');
    await process.sees({});
    const again = await process.push({ key: 'EURUSD', value: QUOTE });
    expect(again.status).toBe(200);
    expect(again.since).toBeGreaterThan(since);
    await process.sees({ 'quotes/EURUSD': QUOTE });
  });
});
