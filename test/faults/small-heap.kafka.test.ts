// D5 the built program with a heap of 256 MB, under one attack after the other: it lives, a healthy client does not notice, and
// its memory stays bounded.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Producer } from 'kafkajs';

import { BuiltProgram, type RunningProgram } from '../support/built-program.js';
import { client, createTopic, testBrokers, until } from '../support/kafka.js';
import { Attacker } from './attacks.js';
import { HealthyClient } from './healthy-client.js';

const HEAP_MB = 256;
/** Resident: the heap, buffers of sockets that do not read, and the program itself. */
const MOST_MB = 600;
const PATHS = 3_000;
const VALUE = 'x'.repeat(300);

let built: BuiltProgram;
let program: RunningProgram;
let producer: Producer;
let attacker: Attacker;
let healthy: HealthyClient;
let topic: string;
let health = 0;
const report: string[] = [];

beforeAll(async () => {
  topic = await createTopic({ configs: { 'cleanup.policy': 'compact', 'max.message.bytes': '4000000' } });
  producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await change();
  built = await BuiltProgram.build();
  const config = `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
limits: { upgradesPerSecond: 5000 }
sources:
  - name: quotes
    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${topic}] }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: everyone, paths: ["**"] }]
`;
  program = await built.run({ config, nodeArguments: [`--max-old-space-size=${HEAP_MB}`] });
  await program.untilLine('ready');
  attacker = new Attacker(program.publicUrl);
  healthy = new HealthyClient(program.publicUrl, 'prices/now');
  await until('the healthy client', () => healthy.isLive);
}, 90_000);
afterAll(async () => {
  console.info(`D5, resident MB at the highest with a heap of ${HEAP_MB} MB:\n${report.join('\n')}`);
  healthy.stop();
  await producer.disconnect();
  await built.close();
});

/** A new value at every path. */
async function change(): Promise<void> {
  const bid = Math.random();
  const messages = Array.from({ length: PATHS }, (_, i) => ({
    key: String(i),
    value: JSON.stringify({ bid, note: VALUE }),
  }));
  await producer.send({ topic, messages, acks: -1 });
}

async function record(key: string, value: string): Promise<void> {
  await producer.send({ topic, messages: [{ key, value }], acks: -1 });
}

async function changes(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await change();
}

/** A change that happens now reaches the client that does no harm. */
async function expectHealth(): Promise<void> {
  health += 1;
  await record('now', String(health));
  const isThere = (): boolean => healthy.value === health || program.ended !== undefined;
  await until('a value for the healthy client', isThere, 20_000);
  program.expectAlive();
  expect(healthy.closed).toBeUndefined();
}

const ATTACKS: Readonly<Record<string, () => Promise<void>>> = {
  'silent sockets up to the cap and beyond': () => attacker.silentSockets(1_200),
  'half-open upgrades with large heads': () => attacker.halfUpgrades(2_000),
  'garbage and oversized messages': () => attacker.garbage(200),
  'a hundred thousand fragments in one message': () => attacker.tinyFragments(40),
  'a thousand filters from each of many sessions': async () => {
    await attacker.manyFilters(200);
    await changes(3);
  },
  'readers of everything that never read': async () => {
    await attacker.deafReaders(400);
    await changes(20);
  },
  'floods of commands': () => attacker.commandFlood(100),
  'huge and deep records, and many of them': async () => {
    await attacker.deafReaders(20);
    for (let i = 0; i < 40; i++)
      await record(`huge-${i % 20}`, JSON.stringify({ i, note: 'y'.repeat(900_000) }));
    await record('huge-beyond', JSON.stringify('z'.repeat(3_000_000)));
    await record('huge-deep', '['.repeat(400_000) + ']'.repeat(400_000));
    await record('huge-wide', `{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":1`).join()}}`);
  },
};

test.each(Object.keys(ATTACKS))(
  'D5 %s do not end a process with a heap of 256 MB',
  async (name) => {
    program.expectAlive();
    program.forgetPeak();
    await ATTACKS[name]?.();
    await expectHealth();
    attacker.withdraw();
    await expectHealth();
    const { peakMb, nowMb } = program.memory();
    report.push(`${String(peakMb).padStart(5)}  ${name} (${nowMb} afterwards)`);
    expect(peakMb).toBeLessThan(MOST_MB);
  },
  60_000,
);

test('D5 after all of them nothing is left but the healthy client, and nothing unexpected was logged', async () => {
  await until('the sessions to go', async () => /^tailrace_subscriptions 1$/m.test(await metrics()), 40_000);
  await expectHealth();
  expect(program.lines.filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);

async function metrics(): Promise<string> {
  return (await fetch(`${program.adminUrl}/metrics`)).text();
}
