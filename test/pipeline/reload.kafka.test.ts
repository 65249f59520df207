// A configuration that changes under a running process, from the file on disk to what sessions hold: all of it or nothing.

import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { readConfigFile } from '../../src/cli/config-file.js';
import { filesOf, listenForReloads } from '../../src/cli/reload-requests.js';
import { systemClock } from '../../src/clock.js';
import type { LoadedConfig } from '../../src/config/load.js';
import { connectors } from '../../connectors/registry.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { BROKEN_CONFIGS } from '../config/broken-configs.js';
import { resolved } from '../config/loading.js';
import { streamConnector } from '../config/stream-connector.js';
import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, testBrokers, until, uniqueTopic } from '../support/kafka.js';
import { Watcher } from './watcher.js';

const SECRETS = {
  first: 'the first secret, of thirty-two bytes',
  second: 'the second one, of as many bytes too',
};
const COMPACT = { 'cleanup.policy': 'compact' };

let quotes: string;
let orders: string;
beforeAll(async () => {
  quotes = await createTopic({ partitions: 2, configs: COMPACT });
  orders = await createTopic({ configs: COMPACT });
  const quote = (symbol: string) => ({
    key: symbol,
    value: JSON.stringify({ symbol, bid: 1, venue: 'XNAS' }),
  });
  await produce(quotes, ['EURUSD', 'GBPUSD', 'USDJPY'].map(quote));
  await produce(orders, [{ key: '7', value: JSON.stringify({ total: 5, margin: 2 }) }]);
});

interface Written {
  readonly quotes?: string | null;
  readonly orders?: string | null;
  readonly entitlements?: string;
  readonly top?: string;
  readonly auth?: string;
}

/** A configuration; `null` leaves a source out. */
function yaml(o: Written = {}): string {
  const source = (name: string, topic: string, map: string | null) =>
    map === null
      ? []
      : [
          `  - name: ${name}\n    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${topic}] }\n    map: ${map}`,
        ];
  return [
    'listen: { host: 127.0.0.1, port: 0 }\nadmin: { host: 127.0.0.1, port: 0 }',
    o.top ?? '',
    o.auth ?? 'auth: none',
    'sources:',
    ...source('quotes', quotes, o.quotes === undefined ? '[{ path: "prices/{key}" }]' : o.quotes),
    ...source('orders', orders, o.orders === undefined ? '[{ path: "orders/{key}" }]' : o.orders),
    o.entitlements ?? 'entitlements: [{ allow: everyone, paths: ["**"] }]',
    '',
  ].join('\n');
}

/** One process with its file. */
class Process {
  readonly folder = mkdtempSync(join(tmpdir(), 'tailrace-reload-'));
  readonly file = join(this.folder, 'tailrace.yaml');
  readonly events: { event: string; [fact: string]: unknown }[] = [];
  readonly watchers: Watcher[] = [];
  env: Record<string, string> = {};
  pipeline!: RunningPipeline;

  async start(text: string): Promise<void> {
    this.write(text);
    const write = (line: string) => void this.events.push(JSON.parse(line) as { event: string });
    const log = createLog({ level: 'info', style: 'json', write });
    const signal = new AbortController().signal;
    const readConfig = () => this.read();
    this.pipeline = await startPipeline(resolved(await this.read()), {
      clock: systemClock,
      log,
      signal,
      readConfig,
    });
    await this.pipeline.ready;
  }

  write(text: string): void {
    writeFileSync(this.file, text);
  }

  read(): Promise<LoadedConfig> {
    return readConfigFile(this.file, [...connectors, streamConnector], this.env);
  }

  /** Puts the text in the file and has it taken up. */
  async take(text: string) {
    this.write(text);
    return await this.pipeline.reload('api');
  }

  async watch(token?: string): Promise<Watcher> {
    const watcher = new Watcher(this.pipeline.publicUrl, token);
    this.watchers.push(watcher);
    await until('the snapshot', () => watcher.isLive);
    return watcher;
  }

  async end(): Promise<void> {
    for (const watcher of this.watchers) watcher.stop();
    await this.pipeline.stop();
    rmSync(this.folder, { recursive: true });
  }
}

let process: Process;
beforeEach(() => {
  process = new Process();
});
/** Uses a process that runs this configuration. */
async function running(text: string, use: () => Promise<void>): Promise<void> {
  await process.start(text);
  try {
    await use();
  } finally {
    await process.end();
  }
}

const quote = (symbol: string, more: Record<string, Value> = {}): Value => ({
  symbol,
  bid: 1,
  venue: 'XNAS',
  ...more,
});
const PRICES: readonly (readonly [string, Value])[] = ['EURUSD', 'GBPUSD', 'USDJPY'].map((symbol) => [
  `prices/${symbol}`,
  quote(symbol),
]);
const ORDER: readonly [string, Value] = ['orders/7', { total: 5, margin: 2 }];

const untilHeld = (watcher: Watcher, values: readonly (readonly [string, Value])[]) =>
  until(
    `${values.map(([path]) => path).join(', ')} and nothing else`,
    () => {
      try {
        watcher.expect(new Map(values), { areStale: false });
        return true;
      } catch {
        return false;
      }
    },
    15_000,
  );

describe('a reload', () => {
  test('takes up other rights at once, and every source keeps running', async () => {
    await running(yaml(), async () => {
      const watcher = await process.watch();
      watcher.expect(new Map([...PRICES, ORDER]), { areStale: false });
      const report = await process.take(
        yaml({ entitlements: 'entitlements: [{ allow: everyone, paths: [orders/**], hide: [/margin] }]' }),
      );
      expect(report).toEqual({
        outcome: 'applied',
        changes: ['entitlements: 1 rules added or changed, 1 gone or changed'],
      });
      await untilHeld(watcher, [['orders/7', { total: 5 }]]);
      expect([watcher.marks, watcher.closed]).toEqual([[], undefined]);
    });
  });

  test('reads a source with another mapping anew: its values stay, stale, until the new ones are there; others never notice', async () => {
    await running(yaml({ quotes: '[{ path: "prices/{key}" }, { path: "all/{key}" }]' }), async () => {
      const watcher = await process.watch();
      const report = await process.take(
        yaml({ quotes: '[{ path: "prices/{key}", value: { omit: [/venue] } }]' }),
      );
      expect(report).toEqual({ outcome: 'applied', changes: ['sources.quotes: map'] });
      await untilHeld(watcher, [
        ...['EURUSD', 'GBPUSD', 'USDJPY'].map((symbol) => [`prices/${symbol}`, { symbol, bid: 1 }] as const),
        ORDER,
      ]);
      expect(watcher.marks).toEqual(['stale', 'fresh']); // of the one source
      await produce(quotes, [{ key: 'EURUSD', value: JSON.stringify(quote('EURUSD', { bid: 2 })) }]);
      await until('the change', () =>
        isDeepStrictEqual(watcher.values.get('prices/EURUSD'), { symbol: 'EURUSD', bid: 2 }),
      );
      await produce(quotes, [{ key: 'EURUSD', value: JSON.stringify(quote('EURUSD')) }]);
      await until('the change', () =>
        isDeepStrictEqual(watcher.values.get('prices/EURUSD'), { symbol: 'EURUSD', bid: 1 }),
      );
    });
  });

  test('adds a source and takes another away with its paths, under sessions that are open; it may come back', async () => {
    await running(yaml({ orders: null }), async () => {
      const watcher = await process.watch();
      await untilHeld(watcher, PRICES);
      expect(await process.take(yaml({ quotes: null }))).toEqual({
        outcome: 'applied',
        changes: ['sources.quotes: removed', 'sources.orders: added'],
      });
      await untilHeld(watcher, [ORDER]);
      expect((await process.take(yaml())).outcome).toBe('applied');
      await untilHeld(watcher, [...PRICES, ORDER]);
      const late = await process.watch();
      late.expect(new Map([...PRICES, ORDER]), { areStale: false });
      expect(watcher.closed).toBeUndefined();
    });
  });

  test('lets two sources swap their paths', async () => {
    const swapped = yaml({ quotes: '[{ path: "orders/{key}" }]', orders: '[{ path: "prices/{key}" }]' });
    await running(yaml(), async () => {
      const watcher = await process.watch();
      expect((await process.take(swapped)).outcome).toBe('applied');
      await untilHeld(watcher, [
        ...PRICES.map(([path, value]) => [path.replace('prices', 'orders'), value] as const),
        ['prices/7', ORDER[1]],
      ]);
      expect((await process.take(yaml())).outcome).toBe('applied');
      await untilHeld(watcher, [...PRICES, ORDER]);
    });
  });

  test('D9 each of fifty broken configurations is refused, and nothing that runs is touched', async () => {
    await running(yaml(), async () => {
      const watcher = await process.watch();
      process.env = { TOKEN_SECRET: SECRETS.first };
      expect(BROKEN_CONFIGS.length).toBeGreaterThanOrEqual(50);
      for (const { name, text, code } of BROKEN_CONFIGS) {
        const report = await process.take(text);
        const codes = report.outcome === 'rejected' ? report.findings.map((finding) => finding.code) : [];
        expect([name, report.outcome, codes.includes(code)]).toEqual([name, 'rejected', true]);
      }
      const metrics = await (await fetch(`${process.pipeline.adminUrl}/metrics`)).text();
      expect(metrics).toContain('tailrace_config_reload_success 0');
      expect(watcher.marks).toEqual([]);
      await produce(orders, [{ key: '8', value: '{}' }]);
      await untilHeld(watcher, [...PRICES, ORDER, ['orders/8', {}]]);
      await produce(orders, [{ key: '8', value: null }]);
      await untilHeld(watcher, [...PRICES, ORDER]);
      expect(watcher.closed).toBeUndefined();
      expect((await process.take(yaml())).outcome).toBe('unchanged');
      expect(await (await fetch(`${process.pipeline.adminUrl}/metrics`)).text()).toContain(
        'tailrace_config_reload_success 1',
      );
    });
  });

  test('is refused as a whole when an upstream refuses a source, or an option needs a restart', async () => {
    await running(yaml(), async () => {
      const watcher = await process.watch();
      const nobody = 'entitlements: [{ deny: everyone, paths: ["**"] }]';
      const missing = uniqueTopic();
      const refused = await process.take(yaml({ entitlements: nobody }).replace(orders, missing));
      expect(refused).toMatchObject({
        outcome: 'rejected',
        findings: [{ code: 'source-options-rejected', path: 'sources.orders' }],
      });
      const restart = await process.take(
        yaml({ entitlements: nobody, top: 'limits: { sessions: 7 }\nfanout: { flushWindow: 5ms }' }),
      );
      expect(restart).toMatchObject({
        outcome: 'rejected',
        findings: [
          { code: 'needs-restart', path: 'limits.sessions' },
          { code: 'needs-restart', path: 'fanout.flushWindow' },
        ],
      });
      await produce(orders, [{ key: '7', value: JSON.stringify({ total: 6 }) }]);
      await untilHeld(watcher, [...PRICES, ['orders/7', { total: 6 }]]);
      await produce(orders, [{ key: '7', value: JSON.stringify(ORDER[1]) }]);
      await untilHeld(watcher, [...PRICES, ORDER]);
    });
  });

  test('goes on without a source whose brokers are down: it is stale, and everything else is taken up', async () => {
    await running(yaml(), async () => {
      const watcher = await process.watch();
      const text = yaml({ quotes: null }).replace(testBrokers()[0]!, '127.0.0.1:1');
      expect((await process.take(text)).outcome).toBe('applied');
      await until('the prices are gone', () => watcher.values.size === 1);
      expect(watcher.stale).toEqual(new Set(['orders/7']));
      expect((await process.take(yaml())).outcome).toBe('applied');
      await untilHeld(watcher, [...PRICES, ORDER]);
    });
  }, 60_000);

  test('F14 a rotated secret file is taken up by itself through a swapped link; who came with the old one shows a token again', async () => {
    const token = (secret: string) =>
      new SignJWT({ roles: ['trader'] })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject('ann')
        .setIssuer('https://idp.example')
        .setAudience('tailrace')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(secret));
    const auth =
      'auth: { jwt: { secret: { file: secrets/token }, issuer: https://idp.example, audience: tailrace } }';
    const mount = (version: string, secret: string) => {
      mkdirSync(join(process.folder, version));
      writeFileSync(join(process.folder, version, 'token'), secret);
      symlinkSync(version, join(process.folder, 'next'));
      renameSync(join(process.folder, 'next'), join(process.folder, '..data')); // as the kubelet does
    };
    mount('v1', SECRETS.first);
    symlinkSync('..data', join(process.folder, 'secrets'));
    const text = yaml({
      auth,
      entitlements: 'entitlements: [{ allow: [trader], paths: ["**"] }]',
      top: 'shutdown: { spread: 100ms }',
    });
    await running(text, async () => {
      const signals = new EventEmitter();
      const { pipeline } = process;
      const files = filesOf(process.file, await process.read());
      const reloads = listenForReloads({
        signals,
        clock: { ...systemClock, after: (ms, task) => systemClock.after(ms / 20, task) },
        files: () => files,
        reload: (trigger) => pipeline.reload(trigger),
      });
      try {
        const old = await process.watch(await token(SECRETS.first));
        await untilHeld(old, [...PRICES, ORDER]);
        mount('v2', SECRETS.second);
        await until('the new secret counts', () => old.closed !== undefined);
        expect(old.closed).toBe(4005);
        const fresh = await process.watch(await token(SECRETS.second));
        await untilHeld(fresh, [...PRICES, ORDER]);
        const late = new Watcher(pipeline.publicUrl, await token(SECRETS.first));
        process.watchers.push(late);
        await until('the old secret counts no more', () => late.closed === 4500);
        const reloaded = () => process.events.filter(({ event }) => event === 'config-reloaded').length;
        expect(reloaded()).toBe(1);
        process.write(text.replace('paths: ["**"]', 'paths: [orders/**]'));
        signals.emit('SIGHUP');
        await untilHeld(fresh, [ORDER]);
        expect(fresh.closed).toBeUndefined();
        expect(JSON.stringify(process.events)).not.toMatch(/secret, of|as many bytes/);
      } finally {
        reloads.release();
      }
    });
  });
});
