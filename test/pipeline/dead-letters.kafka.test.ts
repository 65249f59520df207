// Records that cannot be used, from the broker to where somebody finds them, and back: `tailrace dlq`.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectors } from '../../connectors/registry.js';
import { systemClock } from '../../src/clock.js';
import { readConfigFile } from '../../src/cli/config-file.js';
import type { ReadLetter } from '../../src/dead-letters/letter-files.js';
import { lettersInTopic } from '../../src/dead-letters/letter-topic.js';
import { startPipeline, type RunningPipeline } from '../../src/pipeline.js';
import type { Status } from '../../src/server/admin-status.js';
import { createLog } from '../../src/telemetry/logger.js';
import { tailrace } from '../cli/command.js';
import { resolved } from '../config/loading.js';
import { createTopic, produce, testBrokers, uniqueTopic, until } from '../support/kafka.js';
import { Watcher } from './watcher.js';

const TOKEN = 'a-token-of-the-admin';
const ENV = { TAILRACE__ADMIN__TOKEN: TOKEN };
const BROKER = testBrokers()[0]!;

let folder: string;
let file: string;
let pipeline: RunningPipeline | undefined;
const watchers: Watcher[] = [];
let events: { readonly event: string; readonly [fact: string]: unknown }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-dlq-'));
  file = join(folder, 'tailrace.yaml');
  events = [];
});
afterEach(async () => {
  for (const watcher of watchers.splice(0)) watcher.stop();
  await pipeline?.stop();
  pipeline = undefined;
  rmSync(folder, { recursive: true });
});

interface Written {
  readonly topic: string;
  readonly deadLetters: string;
  readonly map?: string;
  readonly more?: string;
}

function yaml({ topic, deadLetters, map = '[{ path: "prices/{key}" }]', more = '' }: Written): string {
  return `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
sources:
  - name: quotes
    kafka: { brokers: ["${BROKER}"], topics: [${topic}] }
    map: ${map}
    deadLetters: ${deadLetters}
    ${more}
entitlements: [{ allow: everyone, paths: ["**"] }]
`;
}

async function run(text: string): Promise<RunningPipeline> {
  writeFileSync(file, text);
  const log = createLog({
    level: 'info',
    style: 'json',
    write: (line) => void events.push(JSON.parse(line) as (typeof events)[number]),
  });
  const config = resolved(await readConfigFile(file, connectors, ENV));
  const signal = new AbortController().signal;
  pipeline = await startPipeline(config, { clock: systemClock, log, signal });
  return pipeline;
}

async function watch({ publicUrl }: RunningPipeline): Promise<Watcher> {
  const watcher = new Watcher(publicUrl);
  watchers.push(watcher);
  await until('the snapshot', () => watcher.isLive);
  return watcher;
}

async function sourceStatus({ adminUrl }: RunningPipeline): Promise<Status['sources'][number]> {
  const response = await fetch(`${adminUrl}/v1/status`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return ((await response.json()) as Status).sources[0]!;
}

const good = (key: string, bid: number) => ({ key, value: JSON.stringify({ bid }) });

function dlq(...argv: string[]) {
  return tailrace(['dlq', ...argv, '-c', file], { env: ENV });
}

test('A13 poison records land in the topic with where they came from, and the good ones behind them flow', async () => {
  const [topic, dead] = [await createTopic(), await createTopic()];
  const running = await run(yaml({ topic, deadLetters: `{ topic: { name: ${dead} } }` }));
  const watcher = await watch(running);
  await produce(topic, [
    good('EURUSD', 1),
    { key: 'GBPUSD', value: '{"bid":', headers: { trace: '7' }, timestamp: '1700000000000' },
    { key: 'USDJPY', value: Buffer.from('"\xff"', 'latin1') },
    good('USDCHF', 2),
  ]);
  await until('the good ones', () => watcher.values.size === 2);
  expect([...watcher.values.keys()]).toEqual(['prices/EURUSD', 'prices/USDCHF']);
  const letters: ReadLetter[] = [];
  const settings = { brokers: testBrokers(), clientId: 'test' };
  await until('the letters', async () => {
    letters.length = 0;
    for await (const each of lettersInTopic(dead, settings)) letters.push(each);
    return letters.length === 2;
  });
  expect(letters).toMatchObject([
    {
      letter: {
        ...{ source: 'quotes', topic, partition: 0, offset: 1, stage: 'decode value', code: 'syntax', at: 7 },
        ...{ key: Buffer.from('GBPUSD'), value: Buffer.from('{"bid":'), timestampMs: 1_700_000_000_000 },
        headers: [{ name: 'trace', value: Buffer.from('7') }],
      },
    },
    { letter: { offset: 2, code: 'utf8', value: Buffer.from('"\xff"', 'latin1'), isTruncated: false } },
  ]);
  expect(events.filter(({ event }) => event === 'record-rejected')).toHaveLength(2);
});

test('A19 a topic that is not there stops the source at its start, and says why', async () => {
  const [topic, dead] = [await createTopic(), uniqueTopic('missing')];
  const running = await run(yaml({ topic, deadLetters: `{ topic: { name: ${dead} } }` }));
  await until('the source has stopped', async () => (await sourceStatus(running)).state === 'stopped');
  expect((await sourceStatus(running)).reason).toMatch(`dead letters: there is no topic ${dead}; create it`);
});

test('A13 while dead letters cannot be stored nothing behind them is taken; the source is stale, and goes on by itself', async () => {
  const topic = await createTopic();
  const running = await run(
    yaml({ topic, deadLetters: `{ file: { path: ${join(folder, 'quotes.ndjson')} } }` }),
  );
  await running.ready;
  const watcher = await watch(running);
  renameSync(folder, `${folder}-away`);
  try {
    await produce(topic, [{ key: 'a', value: '{' }]);
    await until('the outage', () => events.some(({ event }) => event === 'dead-letters-waiting'), 15_000);
    await produce(topic, [good('b', 1)]);
    await until('it is told', async () => (await sourceStatus(running)).state === 'stale', 15_000);
    expect(watcher.values.size).toBe(0);
  } finally {
    renameSync(`${folder}-away`, folder);
  }
  await until('the good one', () => watcher.values.size === 1, 15_000);
  expect(events.filter(({ event }) => /^dead-letters-/.test(event)).map(({ event }) => event)).toEqual([
    'dead-letters-waiting',
    'dead-letters-stored',
  ]);
  expect(readFileSync(join(folder, 'quotes.ndjson'), 'utf8').trim().split('\n')).toHaveLength(1);
  await until('fresh again', async () => (await sourceStatus(running)).state === 'live');
}, 60_000);

test('dlq list shows what is kept, and dlq replay applies what can be used now and is still the newest of its key', async () => {
  const topic = await createTopic();
  const running = await run(
    yaml({
      topic,
      map: '[{ path: "prices/{value.symbol}" }]',
      deadLetters: '{ file: { path: quotes.ndjson } }',
      more: 'contended: reject',
    }),
  );
  const watcher = await watch(running);
  const quote = (key: string, symbol: string, bid: number) => ({
    key,
    value: JSON.stringify({ symbol, bid, secret: 'of-the-value' }),
  });
  await produce(topic, [
    quote('1', 'EURUSD', 1),
    quote('2', 'EURUSD', 2), // contended by 1, which goes later
    quote('3', 'EURUSD', 3), // contended too, and then something else
    { key: '4', value: '{"symbol":' }, // never of any use
    { key: '5', value: `{"symbol":"X","v":"${'x'.repeat(70_000)}"` }, // neither, and too large to be kept whole
    quote('6', 'GBPUSD', 6),
  ]);
  await until('the good ones', () => watcher.values.size === 2);
  await until(
    'the letters',
    () => readFileSync(join(folder, 'quotes.ndjson'), 'utf8').split('\n').length === 5,
  );

  const listed = await dlq('list');
  expect([listed.code, listed.stderr]).toEqual([0, '4 letters: 2 contended, 2 syntax\n']);
  const lines = listed.stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/^[\dT:.-]+Z /, ''))).toEqual([
    ` quotes  ${topic}/0@1  own: contended  2  ${quote('2', 'EURUSD', 2).value.length} bytes`,
    ` quotes  ${topic}/0@2  own: contended  3  ${quote('3', 'EURUSD', 3).value.length} bytes`,
    ` quotes  ${topic}/0@3  decode value: syntax at 10  4  10 bytes`,
    expect.stringMatching(/ {2}5 {2}700\d\d bytes {2}cut: not replayable$/),
  ]);
  expect(listed.stdout).not.toMatch(/of-the-value/);
  const newest = await dlq('list', '--json', '--code', 'contended', '-n', '1');
  expect(JSON.parse(newest.stdout)).toMatchObject({ offset: 2, code: 'contended', truncated: false });
  expect((await dlq('list', '--source', 'orders')).code).toBe(2);

  await produce(topic, [{ key: '1', value: null }, quote('3', 'USDJPY', 33)]);
  await until(
    'the path is free',
    () => watcher.values.has('prices/USDJPY') && !watcher.values.has('prices/EURUSD'),
  );
  const dry = await dlq('replay', '--dry-run');
  expect([dry.code, dry.stdout.trimEnd().split('\n').length]).toEqual([0, 3]);
  expect(watcher.values.has('prices/EURUSD')).toBe(false);

  const url = ['--url', running.adminUrl];
  const replayed = await dlq('replay', ...url);
  expect([replayed.code, replayed.stdout]).toEqual([
    1,
    '1 applied, 1 superseded, 1 rejected again, 0 of a source that is not read, 1 cut\n',
  ]);
  await until('it is applied', () => watcher.values.has('prices/EURUSD'));
  expect(watcher.values.get('prices/EURUSD')).toMatchObject({ bid: 2 });
  expect(watcher.values.get('prices/USDJPY')).toMatchObject({ bid: 33 });

  const again = await dlq('replay', '--code', 'contended', '--json', ...url);
  expect([again.code, JSON.parse(again.stdout)]).toEqual([
    0,
    { applied: 0, superseded: 2, rejected: 0, unknownSource: 0, truncated: 0 },
  ]);
  const wrong = await tailrace(['dlq', 'replay', '-c', file, ...url], {
    env: { TAILRACE__ADMIN__TOKEN: 'another token, as long' },
  });
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('the admin token is not that of')]);
  const nobody = await dlq('replay', '--url', 'http://127.0.0.1:1');
  expect(nobody.code).toBe(69);
}, 60_000);
