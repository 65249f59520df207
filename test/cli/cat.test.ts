// `tailrace cat` against a real server: what it prints is what the server holds, and how it ends says why.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { terminal } from '../../src/cli/output.js';
import { JWT_AUTH, TestServer, type TestServerOptions } from '../server/test-server.js';
import { until } from '../server/until.js';
import { filesWith, tailrace, type Captured } from './command.js';

const ANYBODY: TestServerOptions = {
  auth: { kind: 'none' },
  rules: [{ allow: 'everyone', paths: ['prices/**'] }],
};

interface RunningCat {
  /** Printed so far, parsed. */
  readonly lines: () => Record<string, unknown>[];
  readonly notices: () => string;
  readonly result: Promise<Captured>;
}

/** Its output can be looked at before it ends. */
function running(server: { readonly port: number }, ...argv: string[]): RunningCat {
  const text = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof text) => ({
    write: (chunk: string, done?: () => void) => ((text[name] += chunk), done?.(), true),
  });
  const streams = { stdout: stream('stdout'), stderr: stream('stderr') };
  const output = terminal(streams as unknown as Parameters<typeof terminal>[0]);
  const result = tailrace(['cat', ...argv, '--url', `ws://127.0.0.1:${server.port}`], { output });
  return {
    lines: () =>
      text.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    notices: () => text.stderr,
    result,
  };
}

function cat(server: { readonly port: number }, ...argv: string[]): Promise<Captured> {
  return tailrace(['cat', ...argv, '--url', `ws://127.0.0.1:${server.port}`]);
}

describe('cat prints', () => {
  test('what there is, one object a line, and ends with --until-ready', async () => {
    const server = await TestServer.start(ANYBODY);
    server.put('prices/A', { bid: 1 });
    server.put('prices/B', [1, 'zwei', null]);
    const { code, stdout, stderr } = await cat(server, 'prices/**', '--until-ready');
    const at = server.clock.now();
    expect([code, stderr]).toEqual([0, '']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual([
      { path: 'prices/A', value: { bid: 1 }, version: 1, at },
      { path: 'prices/B', value: [1, 'zwei', null], version: 2, at },
    ]);
  });

  test('nothing where there is nothing, and that is fine', async () => {
    const server = await TestServer.start(ANYBODY);
    expect(await cat(server, 'prices/**', '--until-ready', '--timeout', '5s')).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  test('every change whole, whatever form it came in, and deletes; and ends after -n lines', async () => {
    const server = await TestServer.start(ANYBODY);
    const list = Array.from({ length: 40 }, (_, i) => i);
    server.put('prices/A', { bid: 1, ask: 2, list });
    const printed = running(server, 'prices/*', '-n', '4');
    await until('the first line', () => printed.lines().length === 1);
    server.clock.pass(1_000);
    server.put('prices/A', { bid: 3, ask: 2, list });
    await until('the second', () => printed.lines().length === 2);
    server.put('prices/A', { bid: 3, ask: 2, list: [...list, 40] });
    await until('the third', () => printed.lines().length === 3);
    server.remove('prices/A');
    server.put('prices/A', 'too late to be printed');
    expect((await printed.result).code).toBe(0);
    const at = server.clock.now();
    expect(printed.lines().slice(1)).toEqual([
      { path: 'prices/A', value: { bid: 3, ask: 2, list }, version: 2, at },
      { path: 'prices/A', value: { bid: 3, ask: 2, list: [...list, 40] }, version: 3, at },
      { path: 'prices/A', deleted: true, version: 4 },
    ]);
  });

  test('with -D the lines of the wire as they are', async () => {
    const server = await TestServer.start(ANYBODY);
    server.put('prices/A', { bid: 1, ask: 2, text: 'x'.repeat(99) });
    const printed = running(server, 'prices/A', '-D', '-n', '2');
    await until('the keyframe', () => printed.lines().length === 1);
    server.put('prices/A', { bid: 3, ask: 2, text: 'x'.repeat(99) });
    await printed.result;
    expect(printed.lines()).toMatchObject([
      [0, expect.any(Number), 1, 0, expect.any(Number), 'prices/A', { bid: 1 }, expect.any(Number)],
      [2, expect.any(Number), 2, 1, { bid: 3 }, expect.any(Number)],
    ]);
  });

  test('the same as the server holds after 2,000 changes, and is never behind for long', async () => {
    const server = await TestServer.start(ANYBODY);
    const printed = running(server, 'prices/**');
    const held = () => new Map(printed.lines().map(({ path, value }) => [path, value]));
    for (let i = 0; i < 2_000; i++) {
      server.put(`prices/P${i % 20}`, { i, text: 'x'.repeat(200 + (i % 7)) });
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('the newest values', () => JSON.stringify(held().get('prices/P19') ?? '').includes('1999'));
    for (let i = 1_980; i < 2_000; i++)
      expect(held().get(`prices/P${i % 20}`)).toEqual({ i, text: 'x'.repeat(200 + (i % 7)) });
    await until('acknowledgements', () => [...server.server.sessions()][0]?.unacknowledgedBytes === 0);
  });

  test('a notice when a source is not current, and when it is again', async () => {
    const server = await TestServer.start(ANYBODY);
    server.put('prices/A', 1);
    const printed = running(server, 'prices/**');
    await until('the value', () => printed.lines().length === 1);
    server.fanOut.markSource(0, { state: 'stale', since: 1 });
    await until('the notice', () => printed.notices().includes('not current'));
    server.fanOut.markSource(0, { state: 'live' });
    await until('the notice', () => printed.notices().includes('current again'));
  });
});

describe('cat shows a token', () => {
  test('of a file or a variable, and sees what its roles may', async () => {
    const server = await TestServer.start();
    server.put('prices/A', 1);
    const token = await server.token();
    const { jwt = '' } = filesWith({ jwt: `${token}\n` });
    const argv = ['cat', 'prices/A', '-n', '1', '--url', server.url];
    expect(await tailrace([...argv, '--token-file', jwt])).toMatchObject({ code: 0, stderr: '' });
    expect(await tailrace(argv, { env: { TAILRACE_TOKEN: token } })).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['none', {}, /lets nobody in without a token: say --token-file, or set TAILRACE_TOKEN \(4500\)/],
    ['a wrong one', { TAILRACE_TOKEN: 'eyJhbGciOiJIUzI1NiJ9.e30.cAnArY' }, /the token was refused.*\(4500\)/],
  ])('%s: 1, in words, without it', async (_what, env, words) => {
    const server = await TestServer.start();
    const { code, stderr } = await tailrace(['cat', 'prices/A', '--url', server.url], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain('cAnArY');
  });

  test('of roles that may see nothing of the filter: 1 at once', async () => {
    const server = await TestServer.start({
      auth: { ...JWT_AUTH, anonymous: { roles: ['guest'] } } as never,
    });
    const { code, stderr } = await cat(server, 'prices/**');
    expect([code, stderr]).toEqual([1, 'tailrace: no rule lets this session see any path of prices/**\n']);
  });

  test('that expires: 1', async () => {
    const server = await TestServer.start();
    server.put('prices/A', 1);
    const env = { TAILRACE_TOKEN: await server.token({ expiresIn: 10 }) };
    const ended = tailrace(['cat', 'prices/**', '--url', server.url], { env });
    await until('the session', () => server.server.traffic.sessions === 1);
    const session = () => [...server.server.sessions()][0];
    const isQuiet = () => session()?.unacknowledgedBytes === 0;
    await until('all to be acknowledged', isQuiet);
    const before = session()?.sentBytes ?? 0;
    server.clock.pass(20_000);
    await until('a beat that is acknowledged', () => (session()?.sentBytes ?? 0) > before && isQuiet());
    server.clock.pass(20_000);
    expect(await ended).toMatchObject({ code: 1, stderr: 'tailrace: the token has expired (4005)\n' });
  });
});

describe('cat ends', () => {
  test('when nothing comes in time: 1', async () => {
    const server = await TestServer.start(ANYBODY);
    expect(await cat(server, 'prices/A', '--timeout', '200ms')).toMatchObject({
      ...{ code: 1, stderr: 'tailrace: nothing came within 200 ms\n' },
    });
    server.put('prices/A', 1);
    expect(await cat(server, 'prices/A', '-n', '2', '--timeout', '2s')).toMatchObject({
      ...{ code: 1, stderr: 'tailrace: 1 of 2 lines came within 2000 ms\n' },
    });
  });

  test('when nobody is there, or no stream is there: 69', async () => {
    const web = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    expect(await cat({ port }, 'a')).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(/no stream at \/v1\/stream/),
    });
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    expect(await cat({ port }, 'a')).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(/nothing listens/),
    });
  });

  test('when the server stops, or takes no more: 69', async () => {
    const server = await TestServer.start({ ...ANYBODY, limits: { sessions: 1 } });
    const first = running(server, 'prices/**');
    await until('the session', () => server.server.traffic.sessions === 1);
    expect(await cat(server, 'prices/**')).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(/503: too many/),
    });
    void server.server.stop({ waitMs: 0, spreadMs: 0, graceMs: 1_000 });
    server.clock.pass(1_000);
    expect((await first.result).code).toBe(69);
    expect(first.notices()).toMatch(/the server stops or restarts \(1012\)/);
  });

  test('when what answers speaks something else: 1', async () => {
    const other = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    other.on('connection', (ws) => ws.send('hello'));
    await new Promise((resolve) => other.once('listening', resolve));
    const { code, stderr } = await cat(other.address() as AddressInfo, 'a');
    expect([code, stderr]).toEqual([1, 'tailrace: what answers does not speak this protocol\n']);
    for (const ws of other.clients) ws.terminate();
    other.close();
  });

  test.each([
    [['prices//x'], 2],
    [['prices/**/x'], 2],
    [['prices', '-n', '0'], 2],
    [['prices', '--url', 'nowhere'], 2],
    [['prices', '--token-file', '/nowhere'], 78],
  ])('%j with %i', async (argv, expected) => {
    expect((await tailrace(['cat', ...argv])).code).toBe(expected);
  });

  test.each(['ws//user:cAnArY@host', 'ws://user:cAnArY@host:port', 'mailto:cAnArY@host'])(
    'with 2 for the URL %s, which it never repeats',
    async (url) => {
      for (const verb of [['cat', 'prices'], ['top'], ['health']]) {
        const { code, stdout, stderr } = await tailrace([...verb, '--url', url]);
        expect([code, stdout]).toEqual([2, '']);
        expect(stderr).toMatch(/--url' holds no URL that can be used/);
        expect(stderr).not.toContain('cAnArY');
      }
    },
  );
});
