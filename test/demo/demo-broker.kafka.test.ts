// The demo's own broker, killed and started again under its running pipeline, as the page's button does it.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';

import { startDemo, type RunningDemo } from '../../src/demo/demo.js';
import { freePort } from '../../src/demo/kafka-process.js';
import { createLog } from '../../src/telemetry/logger.js';
import { until } from '../support/kafka.js';

let demo: RunningDemo | undefined;
let socket: WebSocket | undefined;
const lines: string[] = [];
const notices: string[] = [];

beforeAll(async () => {
  const [port, adminPort] = [await freePort(), await freePort()];
  const log = createLog({ level: 'error', style: 'text' });
  const { signal } = new AbortController();
  const notice = (text: string): void => void notices.push(text);
  const own = { brokers: undefined, postgres: undefined };
  demo = await startDemo({ ...own, host: '127.0.0.1', port, adminPort, log, signal, notice });
}, 120_000);

afterAll(async () => {
  socket?.terminate();
  await demo?.stop();
}, 30_000);

test('says where the page is, in one line', () => {
  expect(notices.filter((text) => text.includes(demo!.url))).toHaveLength(1);
});

test('gives tokens to pages of its own origin only', async () => {
  expect((await post('token', { role: 'customer' })).status).toBe(200);
  expect((await post('token', { role: 'customer' }, { origin: 'https://elsewhere.example' })).status).toBe(
    403,
  );
  expect((await post('token', { role: 'admin' })).status).toBe(400);
});

test('paths are stale while the broker is away, fresh when it is back, and the feed goes on', async () => {
  await subscribe();
  await untilLine('the snapshot ends', (line) => line.includes('"op":"end"'));
  await post('broker', { isRunning: false });
  await untilLine('the paths are stale', (line) => line.startsWith('[7,'));
  lines.length = 0;
  await post('broker', { isRunning: true });
  await untilLine('the paths are fresh', (line) => line.startsWith('[8,'));
  await untilLine('prices move on', (line) => line.startsWith('[2,') && line.includes('"bid"'));
}, 90_000);

async function subscribe(): Promise<void> {
  const { token } = (await (await post('token', { role: 'trader' })).json()) as { token: string };
  const opened = new WebSocket(`${demo!.url.replace('http', 'ws')}v1/stream`, 'tailrace.v1.json');
  socket = opened;
  let frames = 0;
  opened.on('message', (message: Buffer) => {
    lines.push(...message.toString().split('\n'));
    opened.send(JSON.stringify({ op: 'ack', frames: ++frames }));
  });
  const auth = { op: 'auth', id: 1, token, acks: true, subscribe: [{ id: 2, filters: ['prices/**'] }] };
  opened.on('open', () => opened.send(JSON.stringify(auth)));
}

function post(name: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${demo!.url}demo/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function untilLine(what: string, isIt: (line: string) => boolean): Promise<void> {
  return until(what, () => lines.some(isIt), 30_000);
}
