// D9: a configuration without findings starts, and one that would not start has findings. What is changed at random is put
// before `check` and before all that `run` builds from it.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig, type LoadedConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/config.js';
import { Secret } from '../../src/config/secret.js';
import { TailraceError } from '../../src/errors.js';
import { startPipeline } from '../../src/pipeline.js';
import { createLog } from '../../src/telemetry/logger.js';
import { filesWith, tailrace } from '../cli/command.js';
import { ENVIRONMENT, mutatedConfigs, SEED_CONFIGS } from './mutations.js';
import { isLong } from '../support/long.js';

const RUNS = isLong ? 1_500 : 120;
/** Some tenths of a second of work, and patience for a machine that is busy. */
const SOON_MS = 10_000;
const PEM = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
);
const readFile = (name: string): string => {
  if (name === 'key.pem') return PEM;
  throw new TailraceError('file-unreadable', `${name} does not exist`);
};

const online = (text: string) =>
  loadConfig({ name: 'tailrace.yaml', text }, connectors, { kind: 'online', env: ENVIRONMENT, readFile });
const offline = (text: string) =>
  loadConfig({ name: 'tailrace.yaml', text }, connectors, { kind: 'offline' });

/** Everything as it would be, but ports that are free and brokers that nobody is at. */
function harmless(config: Config): Config {
  return {
    ...config,
    listen: { ...config.listen, host: '127.0.0.1', port: 0 },
    admin: { ...config.admin, host: '127.0.0.1', port: 0 },
    sources: config.sources.map((source) => ({
      ...source,
      options: new Secret({ ...source.options.reveal(), brokers: ['127.0.0.1:1'] }),
    })),
  };
}

async function startAndStop(config: Config): Promise<void> {
  const log = createLog({ level: 'error', style: 'json', write: () => undefined });
  const signal = new AbortController().signal;
  const pipeline = await startPipeline(harmless(config), { clock: systemClock, log, signal });
  await pipeline.stop('at-once');
}

function expectSound({ config, findings }: LoadedConfig): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  expect(errors.length > 0).toBe(config === undefined);
  for (const finding of findings) {
    const text = findingText(finding);
    expect(text.length > 5000 ? text.slice(0, 300) : '').toBe('');
    expect(finding.docs).toMatch(/^docs\/config\.md#[a-z-]+$/);
  }
}

describe('D9 check finds no error exactly when run starts', () => {
  test('whatever happens to a configuration, and never takes long', async () => {
    let started = 0;
    await fc.assert(
      fc.asyncProperty(mutatedConfigs, async (text) => {
        const began = performance.now();
        const loaded = online(text);
        expectSound(loaded);
        const unread = offline(text);
        expectSound(unread);
        expect(performance.now() - began).toBeLessThan(SOON_MS);
        if (loaded.config === undefined) return;
        expect(unread.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
        started += 1;
        await startAndStop(loaded.config);
      }),
      { numRuns: RUNS },
    );
    expect(started).toBeGreaterThan(RUNS / 20);
  }, 3_600_000);

  test.each(SEED_CONFIGS.map((text, index) => [index, text] as const))(
    'and seed %i does',
    async (_, text) => {
      const loaded = online(text);
      expect(loaded.findings).toEqual([]);
      if (loaded.config !== undefined) await startAndStop(loaded.config);
    },
  );
});

describe('D9 a text that is no configuration has findings at once', () => {
  const many = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => line(index)).join('\n');
  const nested = (count: number) =>
    Array.from({ length: count }, (_, index) => `${' '.repeat(index)}a:`).join('\n');
  const chain = many(2000, (index) =>
    index === 0 ? 'a0: &a0 [x]' : `a${index}: &a${index} [*a${index - 1}]`,
  );
  const wide = `a: &a [${'x, '.repeat(2000)}]\nb: [${'*a, '.repeat(2000)}]`;
  test.each([
    ['nothing', ''],
    ['a byte order mark', '\ufeff'],
    ['comments', '# nothing\n'.repeat(1000)],
    ['brackets', '['.repeat(10_000)],
    ['braces', '{a: '.repeat(10_000)],
    ['dashes', '- '.repeat(10_000)],
    ['question marks', '? '.repeat(10_000)],
    ['indentation', nested(1000)],
    ['quotes', '"'.repeat(5000)],
    ['many strange keys', many(1500, (index) => `key${index}: 1`)],
    ['many strange keys on a line', `{${many(800, (index) => `key${index}: 1,`).replaceAll('\n', ' ')}}`],
    ['one key many times', 'listen: {}\n'.repeat(2000)],
    ['a chain of aliases', chain],
    ['aliases of something large', wide],
    ['an alias of the whole', '&a {listen: *a}'],
    ['documents', '---\na: 1\n'.repeat(1000)],
    ['control characters', '\u0000\u0001\u001b[2J'],
    ['half a character', 'listen: "\ud800"'],
    ['a page of a web site', '<!doctype html><html><body>&amp; {}</body></html>'],
    ['many sources of the same name', `sources:\n${many(500, () => '  - { name: a, kafka: {}, map: [] }')}`],
  ])('%s', (_what, text) => {
    const began = performance.now();
    for (const loaded of [online(text), offline(text)]) {
      expectSound(loaded);
      expect(loaded.config).toBeUndefined();
      expect(loaded.findings.length).toBeLessThanOrEqual(101);
    }
    expect(performance.now() - began).toBeLessThan(SOON_MS);
  });

  test('CRLF, a byte order mark and tabs between words change nothing', () => {
    const [seed = ''] = SEED_CONFIGS;
    const plain = JSON.stringify(online(seed).config);
    expect(plain).toBeDefined();
    for (const text of [seed.replaceAll('\n', '\r\n'), `\ufeff${seed}`, seed.replaceAll(' #', '\t#')])
      expect(JSON.stringify(online(text).config)).toBe(plain);
  });
});

test('D9 check --env and run leave with the same code', async () => {
  const texts = [...SEED_CONFIGS, ...fc.sample(mutatedConfigs, { numRuns: 20, seed: 7 })];
  for (const text of texts) {
    const { config = '' } = filesWith({ config: text, 'key.pem': PEM });
    const checked = await tailrace(['check', '--env', '-c', config], { env: ENVIRONMENT });
    let started = false;
    const ran = await tailrace(['run', '-c', config], {
      env: ENVIRONMENT,
      startPipeline: () => {
        started = true;
        return Promise.reject(new TailraceError('address-unavailable', 'this test starts nothing'));
      },
    });
    expect([0, 78]).toContain(checked.code);
    expect(started).toBe(checked.code === 0);
    expect(ran.code).toBe(started ? 69 : 78);
  }
}, 60_000);
