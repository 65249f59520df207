// The built program on a broker of its own: it is killed, its broker is killed, and records come that are far too large. A
// subscriber that only connects again sees in the end what the topic holds.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import type { LetterJson } from '../../src/dead-letters/letter-json.js';
import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import type { ProcessFigures } from '../../src/telemetry/process-meter.js';
import type { Json } from '../../src/topic/json.js';
import { BuiltProgram, type RunningProgram } from '../support/built-program.js';
import { Follower } from '../support/follower.js';
import { client, createTopic, until } from '../support/kafka.js';
import { isLong } from '../support/long.js';

const KILLS = isLong ? 20 : 2;
const PARTITIONS = 3;
const TOKEN = 'an-operator-of-more-than-thirty-two-bytes';
const PATIENCE_MS = 60_000;

let folder: string;
let kafka: LocalKafka;
let built: BuiltProgram;
let program: RunningProgram;
let follower: Follower;
const followers: Follower[] = [];
let topic: string;
let config: string;
/** What the topic holds, as far as it is acknowledged. */
const truth = new Map<string, Json>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-killed-'));
  [kafka, built] = await Promise.all([startKafka({ dataDir: join(folder, 'kafka') }), BuiltProgram.build()]);
  const configs = { 'cleanup.policy': 'compact', 'max.message.bytes': '30000000' };
  topic = await createTopic({ brokers: kafka.brokers, partitions: PARTITIONS, configs });
  const port = await freePort();
  config = JSON.stringify({
    ...{ listen: { host: '127.0.0.1', port }, auth: 'none' },
    admin: { host: '127.0.0.1', port: 0, token: { env: 'ADMIN_TOKEN' } },
    sources: [
      {
        name: 'quotes',
        kafka: { brokers: kafka.brokers, topics: [topic], interruptedAfter: '500ms', requestTimeout: '1s' },
        map: [{ path: 'prices/{key}' }],
        deadLetters: { file: { path: join(folder, 'dead.jsonl') } },
      },
    ],
    entitlements: [{ allow: 'everyone', paths: ['**'] }],
  });
  await write(200);
  program = await built.run({ config, env: { ADMIN_TOKEN: TOKEN } });
  follower = new Follower(port);
  followers.push(follower);
  await untilTrue();
}, 120_000);
afterAll(async () => {
  for (const each of followers) each.stop();
  await built.close();
  await kafka.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** So many changes of 50 keys, deletes among them, sent one after the other or until `isOver`. */
async function write(count: number, isOver = (): boolean => false): Promise<void> {
  const producer = client(kafka.brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let n = 0; n < count && !isOver(); n += 10) {
    const sent = new Map(Array.from({ length: 10 }, (_, i) => [`k${(n + i) % 50}`, change(n)]));
    const messages = [...sent].map(([key, value]) => ({
      ...{ key, value: value === undefined ? null : JSON.stringify(value) },
      partition: Number(key.slice(1)) % PARTITIONS,
    }));
    await producer.send({ topic, messages });
    for (const [key, value] of sent) {
      if (value === undefined) truth.delete(`prices/${key}`);
      else truth.set(`prices/${key}`, value);
    }
  }
  await producer.disconnect();
}

function change(n: number): Json | undefined {
  return Math.random() < 0.2 ? undefined : { n, bid: Math.random() };
}

async function untilTrue(): Promise<void> {
  const isTrue = (): boolean =>
    follower.isLive && !follower.isStale && isDeepStrictEqual(follower.values, truth);
  await until('what the topic holds', isTrue, PATIENCE_MS);
}

async function processFigures(): Promise<ProcessFigures> {
  const answer = await fetch(`${program.adminUrl}/v1/status`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const status = (await answer.json()) as { process: ProcessFigures };
  return status.process;
}

test('A6 G4 the program is killed again and again while records are written: each time the subscriber ends with what the topic holds', async () => {
  for (let kill = 0; kill < KILLS; kill++) {
    let isOver = false;
    const writing = write(Infinity, () => isOver);
    const before = follower.connections;
    // Before it is ready, while it loads, or when it follows.
    const at = performance.now() + Math.random() * 1_500;
    await until('the moment of the kill', () => performance.now() > at);
    await program.kill();
    program = await built.run({ config, env: { ADMIN_TOKEN: TOKEN } });
    await until('the subscriber', () => follower.connections > before, PATIENCE_MS);
    isOver = true;
    await writing;
    await untilTrue();
  }
}, 600_000);

test('A2 G13 with all brokers dead values are stale in time, nobody is disconnected, the processor rests, and all resumes by itself', async () => {
  const before = follower.connections;
  await kafka.kill('SIGKILL');
  await until('stale', () => follower.isStale, PATIENCE_MS);
  const [from, at] = [await processFigures(), performance.now()];
  await until('some attempts', () => performance.now() - at > 3_000);
  const usedMs = (await processFigures()).cpuMs - from.cpuMs;
  expect(usedMs / (performance.now() - at)).toBeLessThan(0.2);
  expect(isDeepStrictEqual(follower.values, truth)).toBe(true);

  await kafka.restart();
  await write(100);
  await untilTrue();
  expect(follower.connections).toBe(before);
  program.expectAlive();
}, 120_000);

test('A16 huge, wide and deep records are filed as stubs, with bounded memory and an event loop that goes on', async () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const wide = (members: number): string =>
    `{${Array.from({ length: members }, (_, n) => `"k${n}":1`).join()}}`;
  const huge: readonly (readonly [code: string | undefined, value: string])[] = [
    [undefined, JSON.stringify('x'.repeat(900_000))],
    ['size', JSON.stringify('x'.repeat(1_100_000))],
    ['size', JSON.stringify('x'.repeat(20 << 20))],
    ['size', wide(1_000_000)],
    ['keys', wide(60_000)],
    [undefined, nested(64)],
    ['depth', nested(65)],
    ['depth', nested(5_000)],
    ['depth', nested(100_000)],
  ];
  const producer = client(kafka.brokers).producer();
  await producer.connect();
  await processFigures();
  program.forgetPeak();
  const before = program.memory().nowMb;
  for (const [n, [, value]] of huge.entries()) {
    await producer.send({ topic, messages: [{ key: `huge-${n}`, value, partition: 0 }] });
    await producer.send({ topic, messages: [{ key: 'behind', value: String(n), partition: 0 }] });
    await until(`the record behind ${n}`, () => follower.values.get('prices/behind') === n, PATIENCE_MS);
  }
  await producer.disconnect();
  const text = await readFile(join(folder, 'dead.jsonl'), 'utf8');
  const letters = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LetterJson);
  const refused = huge.filter(([code]) => code !== undefined);
  expect(letters.map(({ code, valueBytes }) => [code, valueBytes])).toEqual(
    refused.map(([code, value]) => [code, value.length]),
  );
  for (const { value } of letters)
    expect(Buffer.from(value ?? '', 'base64').length).toBeLessThanOrEqual(65_536);
  const rise = program.memory().peakMb - before;
  const { loopLagMaxMs } = await processFigures();
  console.info(
    `A16: resident ${rise} MB more at the highest, the event loop late by ${loopLagMaxMs} ms at most`,
  );
  expect(rise).toBeLessThan(100);
  expect(loopLagMaxMs).toBeLessThan(500);
  program.expectAlive();
}, 120_000);
