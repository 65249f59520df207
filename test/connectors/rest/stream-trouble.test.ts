// Streams that cannot be had, or bring what nobody can take: what is done about it, and what subscribers hear.

import { describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { beginEvents, beginLines, Followed, readingOf, streamServer, until } from './followed.js';

/** Ends the connection without an end of the body. */
function cut(response: ServerResponse): void {
  response.socket?.destroy();
}

describe('contact that is lost', () => {
  test('is told of when it has lasted, and again when it is back', async () => {
    let isUp = true;
    const open = new Set<ServerResponse>();
    const server = await streamServer((response) => {
      if (!isUp) return void response.writeHead(503).end();
      beginEvents(response);
      open.add(response);
    });
    const followed = new Followed(server.url(), { staleAfterMs: 400 });
    await until(() => followed.told.length === 1);
    isUp = false;
    const lostAt = performance.now();
    for (const response of open) cut(response);
    await until(() => followed.told.length === 2);
    expect(performance.now() - lostAt).toBeGreaterThan(390);
    expect(followed.reason).toMatch(/^feed: http:\/\/127\.0\.0\.1:\d+\/feed: the server fails \(503/);
    isUp = true;
    await until(() => followed.told.length === 3);
    expect(followed.told).toEqual(['live', 'interrupted', 'live']);
    expect(followed.logged.map(({ event }) => event)).toEqual(['stream-lost']);
  });

  test('is told of in the middle of a connection that is not answered', async () => {
    const server = await streamServer(() => undefined);
    const followed = new Followed(server.url(), { staleAfterMs: 60 });
    await until(() => followed.told.length === 1);
    expect(followed.told).toEqual(['interrupted']);
    expect(server.at).toHaveLength(1);
  });

  test('is not told of where it comes back in time', async () => {
    const server = await streamServer((response, n) => {
      beginEvents(response);
      if (n < 5) response.write('data: {"id":1}\n\n', () => setImmediate(() => cut(response)));
    });
    const followed = new Followed(server.url(), { staleAfterMs: 2_000 });
    await until(() => server.at.length === 6);
    await until(() => followed.records.length === 5);
    expect(followed.told).toEqual(['live']);
  });

  test('is waited with longer and longer, and not again after a connection that was well', async () => {
    const server = await streamServer((response, n) => {
      if (n < 4) return void response.writeHead(500).end();
      beginEvents(response);
      response.end('data: {"id":1}\n\n');
    });
    const followed = new Followed(server.url(), {
      backOff: { firstMs: 20, longestMs: 10_000, longestRetryAfterMs: 1_000 },
      staleAfterMs: 5_000,
    });
    await until(() => server.at.length >= 6);
    const waits = server.at.slice(1).map((at, n) => at - (server.at[n] ?? 0));
    for (const [n, wait] of waits.slice(0, 4).entries()) expect(wait).toBeGreaterThan(0.79 * 20 * 2 ** n);
    expect(waits[4]).toBeLessThan(200);
    expect(followed.told).toEqual(['live']);
  });

  test('heeds Retry-After, at a probe too', async () => {
    const server = await streamServer((response, n) => {
      if (n === 0) return void response.writeHead(503, { 'retry-after': '1' }).end();
      beginEvents(response);
    });
    const reading = readingOf(server.url());
    const signal = new AbortController().signal;
    await expect(reading.probe(signal)).rejects.toMatchObject({ kind: 'unreachable', status: 503 });
    await expect(reading.probe(signal)).rejects.toMatchObject({ status: 503 });
    expect(server.at).toHaveLength(1);
    await until(() => performance.now() > (server.at[0] ?? 0) + 1_150);
    await reading.probe(signal);
    expect(server.at).toHaveLength(2);
    await until(() => server.sockets.size === 0);
  });

  test('is not regained by a server that accepts and closes, and closes', async () => {
    const server = await streamServer((response) => {
      beginEvents(response);
      response.end(': go away\n\n');
    });
    const followed = new Followed(server.url(), { staleAfterMs: 400 });
    await until(() => followed.told.length === 2);
    const connections = server.at.length;
    await until(() => server.at.length > connections + 2);
    expect(followed.told).toEqual(['live', 'interrupted']);
    expect(followed.reason).toBe('feed: the server closed the stream before any message came');
  });

  test('says of a server that answers 204 that there is nothing to follow, and asks seldom', async () => {
    let isOver = true;
    const server = await streamServer((response) => {
      if (isOver) return void response.writeHead(204).end();
      beginEvents(response);
    });
    const followed = new Followed(server.url(), { staleAfterMs: 400 });
    await until(() => followed.told.length === 1);
    expect(followed.reason).toBe(
      'feed: the server says that there is nothing to follow (204 No Content); it is asked again every 0.2 s',
    );
    await until(() => server.at.length === 3);
    for (const n of [1, 2]) expect((server.at[n] ?? 0) - (server.at[n - 1] ?? 0)).toBeGreaterThan(155);
    isOver = false;
    await until(() => followed.told.at(-1) === 'live');
  });

  test('at a probe by 204 is no fault, but is not asked again soon by the reading', async () => {
    const server = await streamServer((response, n) => {
      if (n === 0) return void response.writeHead(204).end();
      beginEvents(response);
    });
    const reading = readingOf(server.url());
    await reading.probe(new AbortController().signal);
    const ending = new AbortController();
    for await (const event of reading.events(undefined, ending.signal)) {
      expect(event).toEqual({ type: 'live' });
      ending.abort();
    }
    expect((server.at[1] ?? 0) - (server.at[0] ?? 0)).toBeGreaterThan(155);
  });
});

describe('an answer that is no stream', () => {
  test.each([
    [404, 'refused'],
    [401, 'refused'],
    [500, 'unreachable'],
  ])('with status %i is %s at a probe', async (status, kind) => {
    const server = await streamServer((response) => void response.writeHead(status).end());
    await expect(readingOf(server.url()).probe(new AbortController().signal)).rejects.toMatchObject({
      kind,
      status,
    });
  });

  test('by its Content-Type is refused, unless the options take any', async () => {
    const server = await streamServer((response) => {
      beginEvents(response, { 'content-type': 'application/json; charset=utf-8' });
      response.write('{"id":1}\n');
    });
    const signal = new AbortController().signal;
    await expect(readingOf(server.url()).probe(signal)).rejects.toThrow(
      /^the Content-Type of the answer is application\/json: a stream is text\/event-stream or application\/x-ndjson/,
    );
    await until(() => server.sockets.size === 0);
    const followed = new Followed(server.url(), { contentType: 'any' });
    await until(() => followed.records.length === 1);
  });

  test('while it is followed is tried again, with what is wrong', async () => {
    let isStream = false;
    const server = await streamServer((response) => {
      if (!isStream) return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      beginEvents(response);
    });
    const followed = new Followed(server.url(), { staleAfterMs: 400 });
    await until(() => followed.told.length === 1);
    expect(server.at.length).toBeGreaterThan(1);
    isStream = true;
    await until(() => followed.told.length === 2);
    expect(followed.told).toEqual(['interrupted', 'live']);
    expect(followed.reason).toMatch(/text\/html/);
  });
});

describe('a message that is too large', () => {
  test('ends the connection, and is not taken for contact again and again', async () => {
    const server = await streamServer((response, n) => {
      beginEvents(response);
      if (n === 0) response.write('id: 1\ndata: {"id":1}\n\n');
      response.write(`id: 2\ndata: {"id":2,"text":"${'x'.repeat(2_000)}"}\n\n`);
    });
    const followed = new Followed(server.url(), { maxBytes: 1_000, staleAfterMs: 400 });
    await until(() => followed.told.at(-1) === 'interrupted');
    const connections = server.at.length;
    await until(() => server.at.length > connections + 2);
    expect(followed.told).toEqual(['live', 'interrupted']);
    expect(followed.reason).toMatch(/larger than 1000 bytes, so the connection was cut; raise maxBytes/);
    expect(followed.records).toEqual(['1={"id":1}']);
    expect(server.requests.at(-1)?.headers['last-event-id']).toBe('1');
    const waits = server.at.slice(1).map((at, n) => at - (server.at[n] ?? 0));
    expect(waits.at(-1)).toBeGreaterThan(100);
  });

  test('costs what came before it nothing, and lines after it are followed again', async () => {
    const server = await streamServer((response, n) => {
      beginLines(response);
      response.write(`{"id":${n}}\n`);
      if (n === 0) response.write(`{"id":"large","text":"${'x'.repeat(2_000)}"}\n`);
    });
    const followed = new Followed(server.url(), { maxBytes: 1_000, staleAfterMs: 400 });
    await until(() => followed.records.length === 2);
    expect(followed.records).toEqual(['0={"id":0}', '1={"id":1}']);
    await until(() => followed.told.at(-1) === 'live');
  });
});
