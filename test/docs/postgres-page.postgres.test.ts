// The page on Postgres: its SQL is run by a server as it stands, its commands by the command line, and what it shows is what comes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { connectors } from '../../connectors/registry.js';
import { terminal } from '../../src/cli/output.js';
import { findingText } from '../../src/config/finding.js';
import { loadConfig } from '../../src/config/load.js';
import { tailrace } from '../cli/command.js';
import { runInTest, type RunInTest } from '../cli/run-in-test.js';
import { until } from '../support/kafka.js';
import { startPostgres, type PostgresServer, type TestDatabase } from '../support/postgres.js';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sources', 'postgres.md'), 'utf8');
const PASSWORD = /PASSWORD '([^']+)'/.exec(PAGE)?.[1] ?? '';

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The blocks of a section that have a language, in order. */
function blocksOf(title: string): Block[] {
  const [, section = ''] = PAGE.split(`## ${title}\n`);
  return [...(section.split(/^## /m)[0] ?? '').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', text = '']) => ({ language, text }),
  );
}

let server: PostgresServer;
let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'tailrace-postgres-page-'));
const home = process.cwd();

beforeAll(async () => {
  server = await startPostgres({ version: 18, hba: ['host all all 127.0.0.1/32 scram-sha-256'] });
  database = await server.createDatabase('shop');
}, 60_000);
afterAll(async () => {
  process.chdir(home);
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page with the address of this test's server. */
function here(text: string): string {
  return text.replaceAll('localhost:5432/shop', `127.0.0.1:${server.port}/${database.name}`);
}

/** What differs from run to run made equal. */
function timeless(text: string): string {
  return text.replaceAll(/version (\d+)\.\d+/g, 'version $1').replaceAll(/"at":\d+/g, '"at":0');
}

/** Runs the example, one block after the other; what a `text` shows has to come of what stands before it. */
class Walk {
  #running: RunInTest | undefined;
  #seen = '';
  #cat: Promise<unknown> = Promise.resolve();

  async take({ language, text }: Block, rest: readonly Block[]): Promise<void> {
    if (language === 'yaml') writeFileSync('tailrace.yaml', here(text));
    if (language === 'sql') await database.sql(text);
    if (language === 'sh') await this.#command(text.trim(), rest);
    if (language !== 'text') return;
    await this.#cat;
    expect(timeless(this.#seen)).toBe(timeless(text));
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async #command(command: string, rest: readonly Block[]): Promise<void> {
    const [, ...argv] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? '',
    );
    if (argv[0] === 'run') {
      this.#running = runInTest('tailrace.yaml', { PGPASSWORD: PASSWORD });
      return this.#running.ready();
    }
    this.#seen = '';
    const stream = { write: (text: string, done?: () => void) => ((this.#seen += text), done?.(), true) };
    const output = terminal({ stdout: stream, stderr: { write: () => true } } as never);
    const options = { output, env: { PGPASSWORD: PASSWORD } };
    if (argv[0] !== 'cat') {
      expect((await tailrace(argv, options)).code).toBe(0);
      return;
    }
    const shown =
      rest
        .find(({ language }) => language === 'text')
        ?.text.trim()
        .split('\n') ?? [];
    const url = (await this.#running?.url()) ?? '';
    this.#cat = tailrace([...argv, '-n', String(shown.length), '--url', url, '--timeout', '20s'], options);
    await until('what there is has come', () => this.#seen.split('\n').length > 2);
  }
}

describe('docs/sources/postgres.md', () => {
  test('its example does what the page shows', async () => {
    process.chdir(folder);
    const blocks = blocksOf('A working example');
    const walk = new Walk();
    try {
      for (const [index, block] of blocks.entries()) await walk.take(block, blocks.slice(index + 1));
    } finally {
      await walk.stop();
      process.chdir(home);
    }
    const languages = blocks.map(({ language }) => language).join(' ');
    expect(languages).toBe('sql sql yaml sh text sh sh sql text');
  }, 60_000);

  test('its example is a configuration without a finding', () => {
    const text = blocksOf('A working example').find(({ language }) => language === 'yaml')?.text ?? '';
    const { findings } = loadConfig({ name: 'postgres.md', text }, connectors, { kind: 'offline' });
    expect(findings.map(findingText)).toEqual([]);
  });

  test('every source that it shows is one that `check` accepts', () => {
    const sources = [...PAGE.matchAll(/^```yaml\n(sources:[\s\S]*?)^```$/gm)].map(([, text = '']) => text);
    expect(sources.length).toBeGreaterThan(1);
    for (const source of sources) {
      const text = `${source}    map: [{ path: 'orders/{key.id}' }]\nauth: none\nlisten: { host: 127.0.0.1 }\nentitlements: [{ allow: everyone, paths: ['**'] }]\n`;
      const { findings } = loadConfig({ name: 'postgres.md', text }, connectors, { kind: 'offline' });
      expect(findings.map(findingText)).toEqual([]);
    }
  });

  test('its last SQL removes every trace, a durable slot too', async () => {
    await database.sql(`SELECT pg_create_logical_replication_slot('tailrace_orders', 'pgoutput')`);
    for (const { text } of blocksOf('Removing every trace')) await database.sql(text);
    const traces = await database.sql(`
      SELECT slot_name AS name FROM pg_replication_slots
      UNION ALL SELECT pubname FROM pg_publication
      UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE '%tailrace%'
      UNION ALL SELECT relacl::text FROM pg_class WHERE relacl::text LIKE '%tailrace%'`);
    expect(traces).toEqual([]);
  });
});
