// Answers that stay open: chunks as they come, decompressed as they are flushed, for as long as both sides like.

import { afterEach, describe, expect, test } from '@jest/globals';
import { Agent as HttpAgent, type RequestListener, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import zlib from 'node:zlib';

import type { FeedStream } from '../../../connectors/rest/client/feed-client.js';
import { answering, clientWith, faultOf, get, until, type Answering } from './answering.js';

const open: Answering[] = [];
const serve = async (listener: RequestListener): Promise<Answering> => {
  const server = await answering(listener);
  open.push(server);
  return server;
};
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** A stream that the test writes to. */
async function streaming(headers: Record<string, string> = {}, timeoutMs = 5_000) {
  let response: ServerResponse | undefined;
  const server = await serve((_, given) => {
    response = given;
    given.writeHead(200, { 'content-type': 'text/event-stream', ...headers }).flushHeaders();
  });
  const stop = new AbortController();
  const stream = await clientWith({ timeoutMs }).open({ ...get(server.url()), signal: stop.signal });
  if (response === undefined) throw new Error('not asked');
  return { server, stream, stop, response };
}

/** Of text, until it has come to this much. */
async function take(chunks: AsyncIterator<Buffer>, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const next = await chunks.next();
    if (next.done === true) return `${text} and its end`;
    text += next.value.toString();
  }
  return text;
}

const iterated = ({ chunks }: FeedStream): AsyncIterator<Buffer> => chunks[Symbol.asyncIterator]();

describe('a stream', () => {
  test('comes as it is written, and ends where the server ends it', async () => {
    const { stream, response } = await streaming();
    expect(stream.headers['content-type']).toBe('text/event-stream');
    const chunks = iterated(stream);
    for (const text of ['one', 'two', 'three']) {
      response.write(text);
      expect(await take(chunks, text.length)).toBe(text);
    }
    response.end();
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
  });

  test.each([
    ['gzip', () => zlib.createGzip(), zlib.constants.Z_SYNC_FLUSH],
    ['deflate', () => zlib.createDeflate(), zlib.constants.Z_SYNC_FLUSH],
    ['br', () => zlib.createBrotliCompress(), zlib.constants.BROTLI_OPERATION_FLUSH],
  ])('compressed with %s does not wait for more than what was flushed', async (coding, make, flush) => {
    const { stream, response } = await streaming({ 'content-encoding': coding });
    const squeezed = make();
    squeezed.pipe(response);
    const chunks = iterated(stream);
    for (const text of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      squeezed.write(text);
      squeezed.flush(flush);
      expect(await take(chunks, text.length)).toBe(text);
    }
    squeezed.end();
    expect(await chunks.next()).toMatchObject({ done: true });
  });

  test('outlives the time for its head, and the time after which idle connections are closed', async () => {
    let response: ServerResponse | undefined;
    const server = await serve((_, given) => {
      response = given.writeHead(200);
      given.flushHeaders();
    });
    const agents = {
      httpAgent: new HttpAgent({ keepAlive: true, timeout: 50 }),
      httpsAgent: new HttpsAgent(),
    };
    const client = clientWith({ timeoutMs: 100 }, { ...agents, fetch } as Parameters<typeof clientWith>[1]);
    const stream = await client.open(get(server.url()));
    const chunks = iterated(stream);
    const next = take(chunks, 4);
    const silent = performance.now();
    await until(() => performance.now() - silent > 300);
    response?.write('late');
    expect(await next).toBe('late');
    stream.close();
  });

  test('whose head does not come has its time', async () => {
    const server = await serve(() => undefined);
    const fault = await faultOf(clientWith({ timeoutMs: 100 }).open(get(server.url())));
    expect(fault.message).toMatch(/no complete answer within 0.1 s/);
  });

  test.each([204, 304, 206, 302, 404, 503])('of status %i is none', async (status) => {
    const server = await serve((_, response) => response.writeHead(status, { 'retry-after': '7' }).end());
    const fault = await faultOf(clientWith().open(get(server.url())));
    expect(fault).toMatchObject({ status, retryAfterMs: status === 503 ? 7_000 : undefined });
    await until(() => server.sockets.size === 0);
  });

  test('that is cut fails, after all that came before', async () => {
    const { stream, response, server } = await streaming();
    const chunks = iterated(stream);
    response.write('one');
    expect(await take(chunks, 3)).toBe('one');
    for (const socket of server.sockets) socket.destroy();
    const fault = await faultOf(Promise.resolve(chunks.next()));
    expect(fault.message).toMatch(/the connection ended before the end of the body/);
  });

  test('that is closed ends, also while something is awaited; the server sees it go', async () => {
    const { stream, response, server } = await streaming();
    const chunks = iterated(stream);
    response.write('one');
    await take(chunks, 3);
    const next = chunks.next();
    stream.close();
    stream.close();
    expect(await next).toMatchObject({ done: true });
    await until(() => server.sockets.size === 0);
  });

  test('that nobody reads is closed all the same', async () => {
    const { stream, server } = await streaming();
    stream.close();
    await until(() => server.sockets.size === 0);
    expect(await iterated(stream).next()).toMatchObject({ done: true });
  });

  test('that is left in a loop is closed', async () => {
    const { stream, response, server } = await streaming();
    response.write('one');
    for await (const chunk of stream.chunks) {
      expect(chunk.toString()).toBe('one');
      break;
    }
    await until(() => server.sockets.size === 0);
  });

  test('ends with the reason of the signal', async () => {
    const { stream, stop, server } = await streaming();
    const next = iterated(stream).next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    await until(() => server.sockets.size === 0);
  });

  test('that is not read stops its sender', async () => {
    let sent = 0;
    const { stream, response } = await streaming();
    const piece = Buffer.alloc(2 ** 16);
    const more = (): void => {
      sent += piece.length;
      if (!response.destroyed && sent < 2 ** 28) response.write(piece, more);
    };
    more();
    let seen = -1;
    for (let still = 0; still < 10; still += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (sent !== seen) [seen, still] = [sent, 0];
    }
    expect(sent).toBeLessThan(2 ** 26);
    stream.close();
  });
});
