// D3 as whoever runs the process sees it: the built program with 2,000 sessions gets SIGTERM.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';

import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { BuiltProgram, type RunningProgram } from '../support/built-program.js';
import { createTopic, produce, testBrokers, until } from '../support/kafka.js';

const SESSIONS = 2_000;
const WAIT_MS = 2_000;
const SPREAD_MS = 24_000;
const GRACE_MS = 30_000;

let built: BuiltProgram;
let topic: string;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  topic = await createTopic({ configs: { 'cleanup.policy': 'compact' } });
  await produce(topic, [{ key: 'EURUSD', value: '{"bid":1}' }]);
  built = await BuiltProgram.build();
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await built.close();
});

const config = (shutdown: string): string => `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
auth: none
limits: { upgradesPerSecond: 10000, unauthenticatedSessions: ${SESSIONS} }
shutdown: ${shutdown}
sources:
  - name: quotes
    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${topic}] }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: everyone, paths: [prices/**] }]
`;

interface Close {
  readonly code: number;
  readonly at: number;
}

/** Sessions that have their snapshot, and note when and how they are closed. */
class Clients {
  readonly closes: Close[] = [];
  readonly retries: number[] = [];
  open = 0;
  values = 0;

  async join(url: string, count: number): Promise<void> {
    const goal = this.open + count;
    for (let i = 0; i < count; i++) {
      this.#join(url);
      if (i % 200 === 199) await until('the snapshots', () => this.open >= goal - count + i - 100);
    }
    await until('all snapshots', () => this.open === goal, 30_000);
  }

  #join(url: string): void {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL_JSON);
    sockets.push(socket);
    const subscribe = [{ id: 2, filters: ['prices/**'] }];
    socket.on('open', () => socket.send(JSON.stringify({ op: 'auth', id: 1, subscribe })));
    socket.on('message', (message: Buffer) => {
      const text = message.toString();
      this.values += text.match(/^\[[0-3],/gm)?.length ?? 0;
      if (text.includes('"op":"end"')) this.open += 1;
      const retry = /"op":"goaway","retryMs":(\d+)/.exec(text)?.[1];
      if (retry !== undefined) this.retries.push(Number(retry));
    });
    socket.on('close', (code) => this.closes.push({ code, at: performance.now() }));
    socket.on('error', () => undefined);
  }

  /** The largest share of all closes within any one second. */
  get busiestSecond(): number {
    const within = (from: number): number =>
      this.closes.filter(({ at }) => at >= from && at < from + 1_000).length;
    return Math.max(...this.closes.map(({ at }) => within(at))) / this.closes.length;
  }
}

async function started(shutdown: string): Promise<RunningProgram> {
  const program = await built.run({ config: config(shutdown) });
  await program.untilLine('ready');
  return program;
}

test('D3 of 2,000 sessions no second sees more than 6 % of the closes; unready within a second, exit 0 within the grace', async () => {
  const program = await started(`{ wait: ${WAIT_MS}ms, spread: ${SPREAD_MS}ms, grace: ${GRACE_MS}ms }`);
  const clients = new Clients();
  await clients.join(program.publicUrl, SESSIONS);

  const toldAt = performance.now();
  program.signal('SIGTERM');
  const isReady = async (): Promise<boolean> => (await fetch(`${program.adminUrl}/readyz`)).ok;
  await until('unready', async () => !(await isReady()), 1_000);
  const verbose = await fetch(`${program.adminUrl}/readyz?verbose`);
  expect([verbose.status, await verbose.text()]).toEqual([503, expect.stringContaining('draining')]);

  // Unready is not gone: the wait serves old and new
  const seen = clients.values;
  await clients.join(program.publicUrl, 1);
  await produce(topic, [{ key: 'EURUSD', value: '{"bid":2}' }]);
  await until('a change to everybody', () => clients.values >= seen + 1 + SESSIONS);
  expect(clients.closes).toEqual([]);
  expect(performance.now() - toldAt).toBeLessThan(WAIT_MS);

  const end = await program.untilEnd(GRACE_MS);
  const tookMs = performance.now() - toldAt;
  expect(end).toEqual({ code: 0, signal: null });
  expect(tookMs).toBeLessThan(GRACE_MS);
  expect(new Set(clients.closes.map(({ code }) => code))).toEqual(new Set([1012]));
  expect(clients.closes).toHaveLength(SESSIONS + 1);
  const first = Math.min(...clients.closes.map(({ at }) => at)) - toldAt;
  expect(first).toBeGreaterThan(WAIT_MS - 50);
  expect(clients.busiestSecond).toBeLessThan(0.06);
  expect(clients.retries).toHaveLength(SESSIONS + 1);
  expect(new Set(clients.retries).size).toBeGreaterThan(500);
  const events = program.lines.map(({ event }) => event).filter((event) => /^(stop|drain)/.test(event));
  expect(events).toEqual(['stopping', 'draining', 'drained', 'stopped']);
  expect(program.lines.find(({ event }) => event === 'drained')).toMatchObject({
    closed: SESSIONS + 1,
    terminated: 0,
  });
  console.info(
    `drain: ${SESSIONS} sessions over ${SPREAD_MS} ms: at most ${(100 * clients.busiestSecond).toFixed(1)} % of the closes in a second, ` +
      `first after ${Math.round(first)} ms, exit after ${Math.round(tookMs)} ms`,
  );
}, 90_000);

test('D3 the defaults empty a small process in about a second and a half, well within the grace of Docker', async () => {
  const program = await started('{}');
  const clients = new Clients();
  await clients.join(program.publicUrl, 10);
  const toldAt = performance.now();
  program.signal('SIGTERM');
  expect(await program.untilEnd(9_000)).toEqual({ code: 0, signal: null });
  expect(performance.now() - toldAt).toBeLessThan(3_000);
  expect(clients.closes.map(({ code }) => code)).toEqual(Array(10).fill(1012));
}, 30_000);

test('D3 SIGINT waits for nobody, and a second signal ends the process where it is', async () => {
  const patient = '{ wait: 60s, spread: 60s, grace: 180s }';
  const first = await started(patient);
  const clients = new Clients();
  await clients.join(first.publicUrl, 50);
  first.signal('SIGINT');
  expect(await first.untilEnd(3_000)).toEqual({ code: 0, signal: null });
  expect(clients.closes.filter(({ code }) => code === 1012)).toHaveLength(50);

  const second = await started(patient);
  second.signal('SIGTERM');
  await second.untilLine('draining');
  second.signal('SIGTERM');
  expect(await second.untilEnd(3_000)).toEqual({ code: 143, signal: null });
}, 30_000);
