// What answers may be anything. Whatever it does, connecting ends in one error of the contract, and nothing is thrown elsewhere.

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';

import { OptionsRejected, SourceUnavailable } from '../../../connectors/contract.js';
import { openSql } from '../../../connectors/postgres/connection/sql-session.js';
import { accessTo, refusalOf } from './connecting.js';

const GSSAPI = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 7]);
const CLEARTEXT = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const LOGGED_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

describe('connecting to something that', () => {
  const closing: (() => void)[] = [];
  afterEach(() => closing.splice(0).forEach((close) => close()));

  /** URL of a server that does `answer` with the first message of each connection. */
  async function serving(answer: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return `postgres://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/db`;
  }

  test.each<[string, (socket: Socket) => void, typeof SourceUnavailable | typeof OptionsRejected]>([
    ['closes', (socket) => socket.end(), SourceUnavailable],
    ['resets', (socket) => socket.resetAndDestroy(), SourceUnavailable],
    ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), SourceUnavailable],
    ['asks for GSSAPI', (socket) => socket.write(GSSAPI), OptionsRejected],
    [
      'closes when it has the password',
      (socket) => socket.write(CLEARTEXT, () => socket.end()),
      SourceUnavailable,
    ],
    [
      'is ready and says nothing of itself',
      (socket) => socket.write(Buffer.concat([LOGGED_IN, READY])),
      OptionsRejected,
    ],
    ['sends nonsense', (socket) => socket.write(Buffer.alloc(100, 0x21)), SourceUnavailable],
  ])('%s', async (_what, answer, kind) => {
    const error = await refusalOf(accessTo(await serving(answer), { connectTimeout: '300ms' }));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain('127.0.0.1:');
    expect(error.message).not.toContain('secret');
  });

  test.each<[string, (socket: Socket) => void, typeof SourceUnavailable | typeof OptionsRejected]>([
    ['does not speak TLS', (socket) => socket.write('N'), OptionsRejected],
    ['fails before TLS', (socket) => socket.write('E'), SourceUnavailable],
    [
      'agrees to TLS and speaks something else',
      (socket) => socket.write('S', () => socket.write('hello')),
      SourceUnavailable,
    ],
    ['agrees to TLS and closes', (socket) => socket.write('S', () => socket.end()), SourceUnavailable],
  ])('%s, with TLS wanted', async (_what, answer, kind) => {
    const error = await refusalOf(accessTo(await serving(answer), { tls: true, connectTimeout: '300ms' }));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).not.toContain('secret');
  });

  test('never answers ends with the connect timeout, or at once when it is aborted', async () => {
    const access = accessTo(await serving(() => undefined), { connectTimeout: '300ms' });
    const late = await refusalOf(access);
    expect(late).toBeInstanceOf(SourceUnavailable);
    expect(late.message).toContain('no answer within 0.3 s');

    const aborter = new AbortController();
    const opening = openSql(
      accessTo(access.settings.hosts.map(({ port }) => `postgres://a@127.0.0.1:${port}/b`)[0] ?? ''),
      aborter.signal,
    );
    const reason = new Error('enough');
    setImmediate(() => aborter.abort(reason));
    await expect(opening).rejects.toBe(reason);
  });

  test('several of them name each', async () => {
    const [one, two] = [await serving((socket) => socket.end()), await serving((socket) => socket.end())];
    const port = (url: string): string => /:([0-9]+)\/db/.exec(url)?.[1] ?? '';
    const both = `postgres://user@127.0.0.1:${port(one)},127.0.0.1:${port(two)}/db`;
    const error = await refusalOf(accessTo(both));
    expect(error).toBeInstanceOf(SourceUnavailable);
    expect(error.message).toContain(`127.0.0.1:${port(one)}/db`);
    expect(error.message).toContain(`127.0.0.1:${port(two)}/db`);
  });
});
