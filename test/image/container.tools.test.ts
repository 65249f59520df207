// The image at work: its process as the image's user on a read-only root, against a real Kafka. What is in the image is
// image.tools.test.ts.

import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { WebSocket } from 'ws';

import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import type { Value } from '../oracle/naive-json.js';
import { Watcher } from '../pipeline/watcher.js';
import { createTopic, produce, testBrokers, until } from '../support/kafka.js';
import { runContainer, startContainer, type Container, type ContainerOptions } from './container.js';
import { buildImage, type BuiltImage } from './image.js';

const MEBIBYTE = 1024 * 1024;
const GRACE_MS = 9_000;
const SECRET = 'a secret of at least thirty-two bytes';
const PATIENCE_MS = 60_000;
/** Of changes to a thousand values of a kilobyte. */
const ROUNDS = 30;

jest.setTimeout(180_000);

let image: BuiltImage;
const containers: Container[] = [];
const watchers: Watcher[] = [];

beforeAll(() => {
  image = buildImage();
}, 600_000);
afterEach(async () => {
  for (const watcher of watchers.splice(0)) watcher.stop();
  for (const container of containers.splice(0)) await container.remove();
});

interface Served {
  readonly container: Container;
  readonly topic: string;
  readonly publicUrl: string;
  readonly adminUrl: string;
}

/** The container, its ports and the topic that it serves. The public and the admin port are on the host's network. */
async function serve(options: ContainerOptions = {}): Promise<Served> {
  const topic = await createTopic({ configs: { 'cleanup.policy': 'compact' } });
  const [listen, admin] = [await freePort(), await freePort()];
  const config = `
listen: { port: ${listen} }
admin: { port: ${admin} }
auth: { jwt: { secret: { file: token-secret }, issuer: https://idp.example, audience: tailrace } }
sources:
  - name: quotes
    kafka: { brokers: ["${testBrokers()[0]}"], topics: [${topic}] }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: [trader], paths: [prices/**] }]
`;
  const container = await startContainer(image, {
    ...options,
    files: { 'tailrace.yaml': config, 'token-secret': SECRET },
  });
  containers.push(container);
  const [publicUrl, adminUrl] = [`http://127.0.0.1:${listen}`, `http://127.0.0.1:${admin}`];
  return { container, topic, publicUrl, adminUrl };
}

/** Produces a value and returns the session that has got it. */
async function expectServed({ topic, publicUrl }: Served, bid: number): Promise<Watcher> {
  const token = await new SignJWT({ sub: 'ann', roles: ['trader'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('https://idp.example')
    .setAudience('tailrace')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(SECRET));
  await produce(topic, [{ key: 'EURUSD', value: JSON.stringify({ bid }) }]);
  const watcher = new Watcher(publicUrl, token);
  watchers.push(watcher);
  await until('the value', () => watcher.isLive && watcher.values.has('prices/EURUSD'), PATIENCE_MS);
  expect(watcher.values.get('prices/EURUSD')).toEqual({ bid });
  return watcher;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A socket that says nothing; what becomes of it does not matter. */
function open(publicUrl: string): WebSocket {
  const socket = new WebSocket(`${publicUrl.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL_JSON);
  return socket.on('error', () => undefined);
}

function hasLast(values: ReadonlyMap<string, Value>): boolean {
  const last = values.get('prices/K999');
  return typeof last === 'object' && last !== null && 'bid' in last && last.bid === ROUNDS - 1;
}

function hasEnded({ pid }: Container): boolean {
  return !existsSync(`/proc/${pid}`);
}

function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

test('D6 the image serves from a read-only root with no writable folder, and says that it is healthy', async () => {
  const served = await serve();
  const { container } = served;
  const listening = await container.untilEvent('listening');
  const ready = await container.untilEvent('ready');
  const resident = residentBytes(container.pid);
  await expectServed(served, 1.1);

  for (const place of ['/tmp', '/var/tmp', '/app', '/etc/tailrace', '/dev', '/run']) {
    expect(container.exec('touch', `${place}/file`)).toMatchObject({ code: 1 });
  }
  const [kind, ...health] = image.config.Healthcheck.Test;
  expect(kind).toBe('CMD');
  const since = performance.now();
  expect(container.exec(...health)).toMatchObject({ code: 0 });
  process.stderr.write(
    `image: listening ${listening.toFixed(0)} ms and ready ${ready.toFixed(0)} ms after the start, ` +
      `${(resident / 1e6).toFixed(0)} MB resident at idle, health check ${(performance.now() - since).toFixed(0)} ms\n`,
  );
});

test('its process is process 1, has the image’s user and no privileges', async () => {
  const { container } = await serve();
  await container.untilEvent('listening');
  const status = readFileSync(`/proc/${container.pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(.+)$`, 'm').exec(status)?.[1];
  expect(field('NSpid')).toMatch(/\t1$/);
  expect(field('Uid')).toBe('65532\t65532\t65532\t65532');
  expect(field('Gid')).toBe('65532\t65532\t65532\t65532');
  expect(field('CapEff')).toBe('0000000000000000');
  expect(field('NoNewPrivs')).toBe('1');
});

test('somebody inside finds the program by its name', async () => {
  const { container } = await serve();
  await container.untilEvent('listening');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(container.exec('tailrace', '--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('D3 SIGTERM to process 1 ends sessions and exits 0 within the grace', async () => {
  const served = await serve();
  const { container } = served;
  await container.untilEvent('ready');
  const watcher = await expectServed(served, 1.2);
  const since = performance.now();
  process.kill(container.pid, 'SIGTERM');
  const { code, stderr } = await container.ended;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  expect(performance.now() - since).toBeLessThan(GRACE_MS);
  await until('the close', () => watcher.closed !== undefined);
  expect([1001, 1012]).toContain(watcher.closed);
});

test('health says no, by exit code 1 or 69, where nothing listens', async () => {
  const { code } = await runContainer(image, {
    args: ['health'],
    env: { TAILRACE__ADMIN__PORT: String(await freePort()) },
  });
  expect([1, 69]).toContain(code);
});

test('every line on standard error is one of the log: nothing that a collector cannot parse', async () => {
  const served = await serve();
  await served.container.untilEvent('ready');
  await expectServed(served, 1.3);
  process.kill(served.container.pid, 'SIGTERM');
  const { stderr } = await served.container.ended;
  expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([]);
});

test('D6 it serves on when the disk behind its log is full', async () => {
  const served = await serve({ stderrFile: '/dev/full' });
  const isReady = async () => (await fetch(`${served.adminUrl}/readyz`).catch(() => undefined))?.ok === true;
  await until('readiness', isReady, PATIENCE_MS);
  await expectServed(served, 1.4);
  process.kill(served.container.pid, 'SIGTERM');
  expect((await served.container.ended).code).toBe(0);
});

describe('memory', () => {
  test.each([512, 2048, 8192])('D5 of a limit of %d MiB the heap may take three quarters', async (limit) => {
    const { code, stdout, stderr } = await runContainer(image, {
      entrypoint: ['node'],
      args: ['-p', 'v8.getHeapStatistics().heap_size_limit'],
      memoryBytes: limit * MEBIBYTE,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const share = Number(stdout) / (limit * MEBIBYTE);
    expect(share).toBeGreaterThan(0.74);
    expect(share).toBeLessThan(0.81);
  });

  test('D5 it serves within 128 MiB', async () => {
    const served = await serve({ memoryBytes: 128 * MEBIBYTE });
    await served.container.untilEvent('ready');
    await expectServed(served, 1.5);
  });

  test('D5 within 256 MiB it outlives mute sockets, huge messages and a reader that stalls', async () => {
    const served = await serve({ memoryBytes: 256 * MEBIBYTE });
    await served.container.untilEvent('ready');
    const stalled = await expectServed(served, 1.6);
    stalled.stall();
    const mute = Array.from({ length: 300 }, () => open(served.publicUrl));
    const talkative = Array.from({ length: 20 }, () => open(served.publicUrl));
    for (const socket of talkative) socket.on('open', () => socket.send(Buffer.alloc(16 * MEBIBYTE)));
    for (let round = 0; round < ROUNDS; round += 1) {
      const value = JSON.stringify({ bid: round, filler: 'x'.repeat(1_000) });
      const messages = Array.from({ length: 1_000 }, (_, index) => ({ key: `K${index}`, value }));
      await produce(served.topic, messages);
    }
    for (const socket of [...mute, ...talkative]) socket.terminate(); // so many at once keep others out
    const fresh = await expectServed(served, 1.7);
    await until('the last change', () => hasLast(fresh.values), PATIENCE_MS);
    expect(hasEnded(served.container)).toBe(false);
  });
});
