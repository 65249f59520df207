// Connections are used again, and one that its server has closed in the meantime costs nothing.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { clientWith, faultOf, get, answering, type Answering } from './answering.js';

const close: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of close.splice(0)) await each();
});

/** Answers the first request of each connection, and does `next` to the second. */
async function goneAfterOne(next: (socket: Socket) => void): Promise<{ url: URL; seen: string[] }> {
  const seen: string[] = [];
  const server: Server = createServer((socket) => {
    let count = 0;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      count += 1;
      seen.push(bytes.toString().split(' ', 1)[0] ?? '');
      if (count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]');
      else next(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), seen };
}

describe('a kept connection', () => {
  test('serves one request after the other, whatever their bodies were', async () => {
    const server: Answering = await answering((_, response) => response.end('x'.repeat(300_000)));
    close.push(server.close);
    const client = clientWith();
    for (let i = 0; i < 5; i++) await client.request(get(server.url()));
    expect(server.connections()).toBe(1);
  });

  test('that ends without a byte of the answer: asked again at once, and once', async () => {
    const server = await goneAfterOne((socket) => socket.resetAndDestroy());
    const client = clientWith();
    await client.request(get(server.url));
    const second = await client.request(get(server.url));
    expect(second.body.toString()).toBe('[]');
    expect(server.seen).toEqual(['GET', 'GET', 'GET']);
    await client.request(get(server.url));
    expect(server.seen).toHaveLength(5);
  });

  test('that ends in the middle of the answer: not asked again', async () => {
    const server = await goneAfterOne((socket) => socket.end('HTTP/1.1 200'));
    const client = clientWith();
    await client.request(get(server.url));
    expect(await faultOf(client.request(get(server.url)))).toMatchObject({ kind: 'unreachable' });
    expect(server.seen).toEqual(['GET', 'GET']);
  });

  test('under a POST: not asked again', async () => {
    const server = await goneAfterOne((socket) => socket.resetAndDestroy());
    const client = clientWith();
    await client.request(get(server.url));
    const posted = client.request({ ...get(server.url), method: 'POST', body: '{}' });
    expect(await faultOf(posted)).toMatchObject({ kind: 'unreachable' });
    expect(server.seen).toEqual(['GET', 'POST']);
  });
});
