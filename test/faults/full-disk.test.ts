// D6 The disk behind the log is full, or nobody reads the log any more: the program as it is installed goes on serving, counts
// the lines that it could not write, and ends in order.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Status } from '../../src/server/admin-status.js';
import { TestClient } from '../server/test-client.js';
import { until } from '../server/until.js';
import { BuiltProgram } from '../support/built-program.js';

const TOKEN = 'a-token-of-the-admin';
const PATIENCE_MS = 30_000;

let program: BuiltProgram;
const children: ChildProcess[] = [];

beforeAll(async () => {
  program = await BuiltProgram.build();
}, 120_000);
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => program.close());

/** The program must not be asked where it listens: it cannot say. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Nothing is behind these brokers, so that the source has something to complain about. */
function configOf(port: number, adminPort: number, broker: number): string {
  return `
listen: { host: 127.0.0.1, port: ${port} }
admin: { port: ${adminPort} }
auth: none
log: { level: debug }
shutdown: { wait: 0s, spread: 0s }
sources:
  - name: quotes
    kafka: { brokers: ["127.0.0.1:${broker}"], topics: [quotes] }
    map: [{ path: "prices/{key}" }]
entitlements: [{ allow: everyone, paths: [prices/**] }]
`;
}

type Stderr = 'a full disk' | 'a pipe that nobody reads';

async function start(stderr: Stderr): Promise<{ child: ChildProcess; port: number; adminUrl: string }> {
  const [port, adminPort, broker] = [await freePort(), await freePort(), await freePort()];
  const file = join(program.folder, 'full-disk.yaml');
  writeFileSync(file, configOf(port, adminPort, broker));
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, ['dist/src/main.js', 'run', '--json', '-c', file], {
    cwd: program.folder,
    env: { TAILRACE__ADMIN__TOKEN: TOKEN },
    stdio: ['ignore', 'ignore', stderr === 'a full disk' ? full : 'pipe'],
  });
  children.push(child);
  closeSync(full);
  child.stderr?.destroy();
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  await answering(`${adminUrl}/livez`);
  return { child, port, adminUrl };
}

async function answering(url: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const isThere = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere) return;
    if (Date.now() > deadline) throw new Error(`${url} never answered`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function droppedLines(adminUrl: string): Promise<number> {
  const response = await fetch(`${adminUrl}/v1/status`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return ((await response.json()) as Status).process.logLinesDropped;
}

test.each<Stderr>(['a full disk', 'a pipe that nobody reads'])(
  'D6 %s behind the log drops lines, counted, and no session',
  async (stderr) => {
    const { child, port, adminUrl } = await start(stderr);
    const client = await TestClient.connect(port);
    client.say({ op: 'auth', id: 1, acks: true, subscribe: [{ id: 2, filters: ['prices/**'] }] });
    await client.untilControl('end');
    const before = await droppedLines(adminUrl);
    expect(before).toBeGreaterThan(0);

    for (let i = 0; i < 20; i++) {
      const other = await TestClient.connect(port); // each of them is worth a line when it is gone
      other.say({ op: 'auth', id: 1 });
      await other.untilControl('welcome');
      other.terminate();
    }
    const deadline = Date.now() + PATIENCE_MS;
    while ((await droppedLines(adminUrl)) < before + 20) expect(Date.now()).toBeLessThan(deadline);

    client.say({ op: 'get', id: 3, path: 'prices/A' });
    expect(await client.reply(3)).toMatchObject({ error: { code: 'not_found' } });
    expect([client.closed, child.exitCode]).toEqual([undefined, null]);
    const scraped = await (await fetch(`${adminUrl}/metrics`)).text();
    expect(scraped).toMatch(/^tailrace_log_lines_dropped_total [1-9]/m);

    child.kill('SIGTERM');
    await until('the end', () => child.exitCode !== null || child.signalCode !== null, PATIENCE_MS);
    expect([child.exitCode, client.closed?.code]).toEqual([0, 1012]);
  },
  PATIENCE_MS * 2,
);
