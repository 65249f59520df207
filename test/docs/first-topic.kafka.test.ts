// The page that a newcomer follows: every command of it is run, and what it shows is what comes.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { terminal } from '../../src/cli/output.js';
import { tailrace } from '../cli/command.js';
import { runInTest, type RunInTest } from '../cli/run-in-test.js';
import { createTopic, produce, testBrokers, until, withAdmin } from '../support/kafka.js';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'first-topic.md'), 'utf8');
const TOPICS = ['fx.quotes', 'orders'];
const at = String(Date.UTC(2026, 0, 1, 8));

async function fillTopics(): Promise<void> {
  await withAdmin(async (admin) => {
    const old = (await admin.listTopics()).filter((topic) => TOPICS.includes(topic));
    if (old.length > 0) await admin.deleteTopics({ topics: old });
    await until(
      'them to be gone',
      async () => !(await admin.listTopics()).some((topic) => TOPICS.includes(topic)),
    );
  });
  // Whatever the date is when this runs.
  for (const topic of TOPICS) await createTopic({ topic, configs: { 'retention.ms': '-1' } });
  const quote = (key: string, bid: number, ask: number) => ({
    key,
    value: JSON.stringify({ bid, ask }),
    timestamp: at,
  });
  await produce('fx.quotes', [
    quote('EURUSD', 1.0841, 1.0843),
    quote('USDJPY', 156.2, 156.23),
    quote('EURUSD', 1.0842, 1.0843),
  ]);
  const order = (order_id: number) => ({
    ...{ key: null, timestamp: at },
    value: JSON.stringify({ order_id, customer_id: 7, total: 5, updated_at: '2026-01-01T08:00:00Z' }),
  });
  await produce('orders', [order(1001), order(1002)]);
}

/** The page's blocks: language and content. */
function blocks(): { readonly language: string; readonly text: string }[] {
  return [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

function argvOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);
}

test('every command of docs/first-topic.md does what the page shows', async () => {
  await fillTopics();
  const brokers = testBrokers().join(',');
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-first-'));
  const home = process.cwd();
  process.chdir(folder); // so that commands are those of the page
  let running: RunInTest | undefined;
  let seen = '';
  const stream = { write: (text: string, done?: () => void) => ((seen += text), done?.(), true) };
  const output = terminal({ stdout: stream, stderr: stream } as unknown as Parameters<typeof terminal>[0]);
  const here = (text: string) =>
    text
      .replaceAll(`'${brokers}'`, brokers)
      .replaceAll(brokers, 'localhost:9092')
      .replaceAll(/"version":\d+/g, '"version":0');
  try {
    for (const { language, text } of blocks()) {
      if (language === 'text') expect(here(seen)).toBe(here(text));
      if (language === 'yaml') expect(here(readFileSync('tailrace.yaml', 'utf8'))).toContain(text);
      if (language !== 'sh') continue;
      seen = '';
      for (const command of text.trimEnd().split('\n')) {
        expect(command).toMatch(/^tailrace /);
        const argv = argvOf(command.replace('localhost:9092', brokers));
        if (argv[0] === 'run') {
          running = runInTest('tailrace.yaml');
          await running.ready();
          continue;
        }
        const url = argv[0] === 'cat' ? ['--url', (await running?.url()) ?? ''] : [];
        const { code } = await tailrace([...argv, ...url], { output });
        expect([command, code]).toEqual([command, 0]);
      }
    }
  } finally {
    await running?.stop();
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
