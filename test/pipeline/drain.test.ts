// D3 for a process that never got as far as a ready one: its source cannot be reached, and it is told to stop.

import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { stopPlan } from '../../src/lifecycle/stop-plan.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import { until } from '../server/until.js';

const running: RunningPipeline[] = [];
afterEach(async () => {
  for (const pipeline of running.splice(0)) await pipeline.stop();
});

const TEXT = `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
shutdown: { wait: 30s, spread: 30s, grace: 90s }
sources:
  - name: quotes
    kafka: { brokers: ["127.0.0.1:1"], topics: [quotes] }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: everyone, paths: [prices/**] }]
`;

async function loadingPipeline(): Promise<RunningPipeline> {
  const readFile = (path: string): never => {
    throw new Error(path);
  };
  const surroundings = { kind: 'online', env: {}, readFile } as const;
  const config = resolved(loadConfig({ name: 'test', text: TEXT }, connectors, surroundings));
  const log = createLog({ level: 'error', style: 'json', write: () => undefined });
  const { signal } = new AbortController();
  const pipeline = await startPipeline(config, { clock: systemClock, log, signal });
  running.push(pipeline);
  return pipeline;
}

describe('D3 a stop while sources are loading', () => {
  test('waits for no balancer, since none has sent anybody here, and closes who came all the same', async () => {
    const pipeline = await loadingPipeline();
    const codes: number[] = [];
    const sockets = [1, 2, 3].map(
      () => new WebSocket(`${pipeline.publicUrl.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL_JSON),
    );
    for (const socket of sockets) socket.on('close', (code) => codes.push(code));
    await until('three connections', () => sockets.every(({ readyState }) => readyState === WebSocket.OPEN));
    const since = performance.now();
    await pipeline.stop('drain');
    expect(performance.now() - since).toBeLessThan(5_000);
    await until('three closes', () => codes.length === 3);
    expect(codes).toEqual([1012, 1012, 1012]);
  });

  test('is unready with its reason from the first moment on, and a second call is the same stop', async () => {
    const pipeline = await loadingPipeline();
    const readiness = async (): Promise<string> =>
      (await fetch(`${pipeline.adminUrl}/readyz?verbose`)).text();
    expect(await readiness()).toContain('ok sessions (accepted)');
    const socket = new WebSocket(`${pipeline.publicUrl.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL_JSON);
    await until('a connection', () => socket.readyState === WebSocket.OPEN);
    socket.pause(); // so that it does not answer the close: the admin port stays for as long
    const stopped = pipeline.stop('drain');
    expect(pipeline.stop('at-once')).toBe(stopped);
    expect(await readiness()).toContain('waiting sessions (draining)');
    expect((await fetch(`${pipeline.adminUrl}/livez`)).status).toBe(200);
    socket.terminate();
    await stopped;
    await expect(readiness()).rejects.toThrow();
  });
});

describe('D3 the plan of a stop', () => {
  const shutdown = { waitMs: 5_000, spreadMs: 30_000, graceMs: 55_000 };

  test('leaves half of what remains of the grace to clients that do not answer, half to the sources', () => {
    expect(stopPlan('drain', shutdown, { isKnown: true })).toEqual({ ...shutdown, graceMs: 45_000 });
    expect(stopPlan('drain', shutdown, { isKnown: false })).toEqual({
      ...{ waitMs: 0, spreadMs: 30_000, graceMs: 42_500 },
    });
    expect(stopPlan('at-once', shutdown, { isKnown: true })).toEqual({
      ...{ waitMs: 0, spreadMs: 0, graceMs: 27_500 },
    });
  });
});
