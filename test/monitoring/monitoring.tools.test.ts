// Alerts and dashboard under Prometheus' own programs: promtool on the files, and a server that scrapes a running Tailrace.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { loadConfig } from '../../src/config/load.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { resolved } from '../config/loading.js';
import { createTopic, produce, testBrokers, until } from '../support/kafka.js';
import { ALERTS } from './alerts.js';
import { EXPRESSIONS } from './dashboard.js';
import { selectorsOf } from './expressions.js';
import { Prometheus } from './prometheus.js';

/** Of these each label value gets its series with the first count. */
const WITHOUT_SERIES_AT_FIRST = [
  'tailrace_dead_letters_total',
  'tailrace_session_closes_total',
  'tailrace_source_retained_bytes', // of Postgres alone
];

/** What may be about to fire on a machine that is busy with other tests. */
const WHERE_TESTS_ARE_MANY = ['TailraceDown', 'TailraceEventLoopBlocked'];

describe('promtool', () => {
  test('finds no mistake in the alerts', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', 'alerts.yaml')).toContain(
      '16 rules found',
    );
  });

  test('sees each alert fire when it should, and only then', () => {
    expect(promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });
});

describe('a Prometheus that scrapes a running Tailrace', () => {
  let tailrace: RunningPipeline | undefined;
  let prometheus: Prometheus | undefined;

  beforeAll(async () => {
    tailrace = await startTailrace();
    await tailrace.ready;
    prometheus = await Prometheus.start(new URL(tailrace.adminUrl).host);
  }, 60_000);
  afterAll(async () => {
    await prometheus?.stop();
    await tailrace?.stop('at-once');
  });

  test('has its figures', async () => {
    const query = 'sum by (job, source) (tailrace_source_records_total)';
    await until(
      'two scrapes',
      async () => (await prometheus!.query('count_over_time(up[1m]) > 2')).length === 1,
    );
    expect(await prometheus!.query('up')).toMatchObject([{ metric: { job: 'tailrace' }, value: 1 }]);
    expect(await prometheus!.query(query)).toMatchObject([
      { metric: { job: 'tailrace', source: 'quotes' }, value: 3 },
    ]);
  });

  test('evaluates every alert, and has none against a healthy process', async () => {
    const silent = ALERTS.map(({ alert }) => `${alert} inactive ok`);
    let seen: string[] = [];
    const areSilent = async (): Promise<boolean> => {
      seen = (await prometheus!.alerts()).map(({ name, state, health }) => {
        const isExcused = state === 'pending' && WHERE_TESTS_ARE_MANY.includes(name);
        return `${name} ${isExcused ? 'inactive' : state} ${health}`;
      });
      return seen.join() === silent.join();
    };
    await until('all alerts are silent', areSilent).catch(() => expect(seen).toEqual(silent));
  });

  test('understands every query of the dashboard', async () => {
    const faults: string[] = [];
    for (const { title, expr } of EXPRESSIONS) {
      await prometheus!.query(expr).catch((error: unknown) => faults.push(`${title}: ${String(error)}`));
    }
    expect(faults).toEqual([]);
  });

  test('has series for everything that an alert or a panel asks for', async () => {
    const asked = [...ALERTS, ...EXPRESSIONS].flatMap(({ expr }) => selectorsOf(expr));
    const here = asked.filter(({ metric }) => !WITHOUT_SERIES_AT_FIRST.includes(metric));
    expect(here.length).toBeGreaterThan(80);
    for (const { text } of here)
      expect([text, (await prometheus!.query(text)).length > 0]).toEqual([text, true]);
  });
});

async function startTailrace(): Promise<RunningPipeline> {
  const topic = await createTopic({ configs: { 'cleanup.policy': 'compact' } });
  await produce(
    topic,
    ['EURUSD', 'GBPUSD', 'USDJPY'].map((key) => ({ key, value: '{"bid":1}' })),
  );
  const text = `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: { jwt: { secret: { env: TOKEN_SECRET }, issuer: https://idp.example, audience: tailrace } }
sources:
  - name: quotes
    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${topic}] }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: [trader], paths: [prices/**] }]
`;
  const env = { TOKEN_SECRET: 'a secret of more than thirty-two bytes' };
  const readFile = (path: string): never => {
    throw new Error(path);
  };
  const config = resolved(
    loadConfig({ name: 'tailrace.yaml', text }, connectors, { kind: 'online', env, readFile }),
  );
  const log = createLog({ level: 'error', style: 'text' });
  return startPipeline(config, { clock: systemClock, log, signal: new AbortController().signal });
}

/** Standard output. Throws, with all that it said, unless it ends well. */
function promtool(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, {
    cwd: 'monitoring',
    encoding: 'utf8',
  });
  if (status === 0) return stdout;
  throw new Error(
    `promtool ${args.join(' ')}: ${error?.message ?? stdout + stderr} (bash scripts/tools.sh installs it)`,
  );
}
