// `tailrace health` against real admin ports: what it says, and with which code it ends.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { adminAccess } from '../../src/config/admin-access.js';
import { TestAdmin } from '../server/test-admin.js';
import { until } from '../server/until.js';
import { filesWith, tailrace } from './command.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Something else, on a port of its own. */
async function listening(answer: (end: (status: number) => void) => void): Promise<number> {
  const server = createServer((_request, response) => answer((status) => response.writeHead(status).end()));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A configuration with secrets that are not here, whose admin section is this. */
function configOf(admin: string): string {
  const { config = '' } = filesWith({
    config: `admin: ${admin}\nauth: { jwt: { secret: { env: NOT_HERE } } }\n`,
  });
  return config;
}

async function ready(admin: TestAdmin): Promise<TestAdmin> {
  admin.source.live();
  await until('the source to be live', () => admin.ingest.status.state === 'live');
  admin.server.clock.pass(200);
  return admin;
}

describe('health', () => {
  test('says that the process of this configuration is ready: 0', async () => {
    const { port } = await ready(await TestAdmin.start());
    for (const host of ['127.0.0.1', '0.0.0.0', 'localhost'])
      expect(await tailrace(['health', '-c', configOf(`{ host: ${host}, port: ${port} }`)])).toEqual({
        ...{ code: 0, stdout: 'ready\n', stderr: '' },
      });
  });

  test('says what is waited for: 1; and that it lives all the same: 0', async () => {
    const admin = await TestAdmin.start();
    admin.source.progress(37, 100);
    await until('progress', () => admin.ingest.status.progress !== undefined);
    const config = configOf(`{ port: ${admin.port} }`);
    expect(await tailrace(['health', '-c', config])).toMatchObject({
      ...{ code: 1, stdout: 'not ready: source quotes (37 % of 100 records)\n' },
    });
    expect(await tailrace(['health', '-c', config, '--live'])).toMatchObject({ code: 0, stdout: 'alive\n' });
    const json = await tailrace(['health', '-c', config, '--json']);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      1,
      { status: 'not ready', why: 'source quotes (37 % of 100 records)' },
    ]);
  });

  test('D3 says that a process drains: 1', async () => {
    const admin = await ready(await TestAdmin.start());
    admin.loading.drain();
    const { code, stdout } = await tailrace(['health', '--url', admin.url]);
    expect([code, stdout]).toEqual([1, 'not ready: sessions (draining)\n']);
  });

  test('finds the port by the variable, which beats the file, and without a file', async () => {
    const { port } = await ready(await TestAdmin.start());
    const env = { TAILRACE__ADMIN__HOST: '0.0.0.0', TAILRACE__ADMIN__PORT: String(port) };
    for (const config of [configOf('{ port: 1 }'), '/nowhere/tailrace.yaml'])
      expect((await tailrace(['health', '-c', config], { env })).stdout).toBe('ready\n');
    const named = configOf('{ port: { env: ADMIN_PORT } }');
    expect((await tailrace(['health', '-c', named], { env: { ADMIN_PORT: String(port) } })).code).toBe(0);
  });

  test('nobody there, no answer, no way to know the port: 69', async () => {
    const silent = await listening(() => undefined);
    const closed = await listening(() => undefined);
    await new Promise((done) => servers.pop()?.close(done));
    const nobody = await tailrace(['health', '--url', `http://127.0.0.1:${closed}`]);
    expect(nobody).toMatchObject({
      code: 69,
      stdout: `unreachable: nothing listens at http://127.0.0.1:${closed}\n`,
    });
    const late = await tailrace(['health', '--url', `http://127.0.0.1:${silent}`, '--timeout', '50ms']);
    expect(late).toMatchObject({ code: 69, stdout: expect.stringMatching(/does not answer in time/) });
    const unknown = await tailrace(['health', '-c', configOf('{ port: 0 }')]);
    expect(unknown).toMatchObject({ code: 69, stdout: expect.stringMatching(/say --url/) });
  });

  test('something else is there: 1', async () => {
    const port = await listening((end) => end(404));
    const { code, stdout } = await tailrace(['health', '--url', `http://127.0.0.1:${port}`]);
    expect([code, stdout]).toEqual([
      1,
      `unknown: http://127.0.0.1:${port} answers 404: is this the admin port?\n`,
    ]);
  });

  test.each([[['--url', 'nowhere']], [['--url', 'ftp://a']], [['--timeout', '3']]])(
    '%j is a mistake of usage',
    async (flags) => expect((await tailrace(['health', ...flags])).code).toBe(2),
  );
});

describe('what is told of the admin port without the rest of a configuration', () => {
  const readFile = (path: string): string => {
    if (path === 'token') return 'from-the-file-token\n';
    throw new Error('no such file');
  };
  test.each([
    ['nothing of it', 'listen: { port: 1 }', {}, ['127.0.0.1', 9090, undefined]],
    ['a file that is no YAML', 'admin: { port: [', {}, ['127.0.0.1', 9090, undefined]],
    ['a list', '- admin', {}, ['127.0.0.1', 9090, undefined]],
    [
      'values that cannot be',
      'admin: { host: "http://x", port: 99999, token: 7 }',
      {},
      ['127.0.0.1', 9090, undefined],
    ],
    [
      'a token by file',
      'admin: { host: "::", token: { file: token } }',
      {},
      ['::', 9090, 'from-the-file-token'],
    ],
    [
      'a token by variable',
      'admin: { token: { env: T } }',
      { T: 'x'.repeat(16) },
      ['127.0.0.1', 9090, 'x'.repeat(16)],
    ],
    ['a token that is missing', 'admin: { token: { file: none } }', {}, ['127.0.0.1', 9090, undefined]],
    [
      'variables first',
      'admin: { port: 1, token: { file: token } }',
      { TAILRACE__ADMIN__PORT: '2', TAILRACE__ADMIN__TOKEN: 'y'.repeat(16) },
      ['127.0.0.1', 2, 'y'.repeat(16)],
    ],
  ])('%s', async (_what, text, env, expected) => {
    const { host, port, token } = await adminAccess(text, { env, readFile });
    expect([host, port, token()]).toEqual(expected);
  });
});
