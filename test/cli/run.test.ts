// `tailrace run` as far as it goes without a pipeline: start, signals, stop, exit codes. The pipeline is a stand-in.

import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { Config } from '../../src/config/config.js';
import type { PipelineDeps, RunningPipeline, StartPipeline } from '../../src/cli/run.js';
import { connectors } from '../../connectors/registry.js';
import { loadConfig } from '../../src/config/load.js';
import { resolved } from '../config/loading.js';
import { CONFIG, filesWith, tailrace } from './command.js';

const ENV = {
  TOKEN_SECRET: 'x'.repeat(32),
  TAILRACE__SHUTDOWN__GRACE: '100ms',
  TAILRACE__SHUTDOWN__WAIT: '0s',
  TAILRACE__SHUTDOWN__SPREAD: '50ms',
};

const CHECKED = resolved(
  loadConfig({ name: 'tailrace.yaml', text: CONFIG }, connectors, {
    kind: 'online',
    env: ENV,
    readFile: () => '',
  }),
);

interface Started {
  readonly signals: EventEmitter;
  readonly exits: number[];
  readonly result: ReturnType<typeof tailrace>;
}

function running(startPipeline: StartPipeline, text = CONFIG): Started {
  const { config = '' } = filesWith({ config: text });
  const signals = new EventEmitter();
  const exits: number[] = [];
  const result = tailrace(['run', '-c', config], {
    env: ENV,
    signals,
    exitNow: (code) => exits.push(code),
    startPipeline,
  });
  return { signals, exits, result };
}

function pipeline(over: Partial<RunningPipeline> = {}): RunningPipeline {
  return {
    ready: Promise.resolve(),
    publicUrl: 'http://127.0.0.1:1',
    adminUrl: 'http://127.0.0.1:2',
    config: CHECKED,
    reload: () => Promise.resolve({ outcome: 'unchanged' }),
    stop: () => Promise.resolve(),
    ...over,
  };
}

describe('run', () => {
  test('D3 gives the pipeline the resolved configuration, and stops it at SIGTERM with 0', async () => {
    const seen: { config?: Config; deps?: PipelineDeps; stops: number } = { stops: 0 };
    const { signals, result } = running((config, deps) => {
      Object.assign(seen, { config, deps });
      setImmediate(() => signals.emit('SIGTERM'));
      return Promise.resolve(pipeline({ stop: () => Promise.resolve(void seen.stops++) }));
    });
    const { code, stdout, stderr } = await result;
    expect([code, stdout]).toEqual([0, '']);
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['starting', 'listening', 'ready', 'stopping', 'stopped']);
    expect(seen.config?.sources.map(({ name }) => name)).toEqual(['orders', 'quotes']);
    expect(seen.deps?.signal.aborted).toBe(true);
    expect(seen.stops).toBe(1);
    expect(signals.listenerCount('SIGTERM')).toBe(0);
  });

  test.each([
    ['SIGTERM', 'drain'],
    ['SIGINT', 'at-once'],
  ])('D3 of %s makes the stop %s, while sources are still loading too', async (signal, kind) => {
    const kinds: unknown[] = [];
    const { signals, result } = running(() => {
      setImmediate(() => signals.emit(signal));
      const stop = (each: unknown): Promise<void> => Promise.resolve(void kinds.push(each));
      return Promise.resolve(pipeline({ ready: new Promise(() => undefined), stop }));
    });
    expect((await result).code).toBe(0);
    expect(kinds).toEqual([kind]);
  });

  test('stops while the pipeline is still starting', async () => {
    const { signals, result } = running((_config, { signal }) => {
      setImmediate(() => signals.emit('SIGTERM'));
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    expect((await result).code).toBe(0);
  });

  test('leaves with 1 when the stop takes longer than shutdown.grace', async () => {
    const { signals, result } = running(() => {
      setImmediate(() => signals.emit('SIGTERM'));
      return Promise.resolve(pipeline({ stop: () => new Promise(() => undefined) }));
    });
    expect((await result).code).toBe(1);
  });

  test('ends at once at the second signal', async () => {
    const { signals, exits, result } = running(() => {
      setImmediate(() => {
        signals.emit('SIGTERM');
        signals.emit('SIGINT');
      });
      return Promise.resolve(pipeline());
    });
    await result;
    expect(exits).toEqual([130]);
  });

  test('says 69 when a port is taken, and 1 when something breaks', async () => {
    const taken = Object.assign(new Error('listen EADDRINUSE'), {
      code: 'EADDRINUSE',
      address: '127.0.0.1',
      port: 8080,
    });
    expect((await running(() => Promise.reject(taken)).result).code).toBe(69);
    expect((await running(() => Promise.reject(new Error('bug'))).result).code).toBe(1);
    expect(
      (await running(() => Promise.resolve(pipeline({ ready: Promise.reject(new Error('bug')) }))).result)
        .code,
    ).toBe(1);
  });

  test('of a bad configuration starts nothing and says 78 with every finding', async () => {
    const { code, stderr } = await running(
      () => Promise.reject(new Error('must not start')),
      CONFIG.replace('prices/', 'orders/x/'),
    ).result;
    expect(code).toBe(78);
    expect(stderr).toContain('overlap');
  });
});
