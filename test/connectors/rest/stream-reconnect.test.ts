// Connections of a stream come to an end: what is asked for then, and when.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ServerResponse } from 'node:http';
import { isLong } from '../../support/long.js';
import { beginEvents, beginLines, Followed, streamServer, until } from './followed.js';
import { inPieces, pieces } from './stream-pieces.js';

/** Ends the connection without an end of the body. */
function cut(response: ServerResponse): void {
  response.socket?.destroy();
}

describe('a connection that ends', () => {
  test('is made anew from the last event that was handed out', async () => {
    const server = await streamServer((response, n) => {
      beginEvents(response);
      response.write(
        `id: e${n}\ndata: {"id":${n}}\n\ndata: {"id":"no id of its own"}\n\nid: late\ndata: {"id":`,
      );
      if (n < 3) setImmediate(n % 2 === 0 ? () => response.end() : () => cut(response));
    });
    const followed = new Followed(server.url());
    await until(() => followed.records.length === 8);
    expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      'e0',
      'e1',
      'e2',
    ]);
    expect(followed.position).toBe('id:e3');
    expect(followed.told).toEqual(['live']);
  });

  test('is asked for nothing that was handed out, and for all that was not, however much of it had come', async () => {
    const event = (n: number): string => `id: ${n}\ndata: {"id":${n}}\n\n`;
    const server = await streamServer((response, n, { headers }) => {
      beginEvents(response);
      const last = Number(headers['last-event-id'] ?? 0);
      if (n > 0)
        return void response.write(
          [1, 2, 3]
            .filter((id) => id > last)
            .map(event)
            .join(''),
        );
      response.write(event(1));
      setTimeout(() => response.write(event(2), () => setImmediate(() => cut(response))), 30);
    });
    const followed = new Followed(server.url());
    followed.pause();
    await until(() => followed.told.length === 1 && server.sockets.size === 0);
    expect(followed.records).toEqual([]);
    expect(server.requests).toHaveLength(1);
    followed.resume();
    await until(() => followed.position === 'id:3');
    expect(followed.records).toEqual(['1={"id":1}', '2={"id":2}', '3={"id":3}']);
  });

  test('loses nothing of what it had brought, though nobody had taken it, and the server cannot send it again', async () => {
    const server = await streamServer((response, n) => {
      beginLines(response);
      const lines = (from: number): string => [0, 1, 2].map((id) => `{"id":${from + id}}\n`).join('');
      if (n > 0) return;
      response.write(lines(0));
      setTimeout(() => response.write(lines(3)), 20);
      setTimeout(() => response.write(lines(6), () => setImmediate(() => cut(response))), 40);
    });
    const followed = new Followed(server.url());
    followed.pause();
    await until(() => followed.told.length === 1 && server.sockets.size === 0);
    followed.resume();
    await until(() => server.at.length === 2);
    expect(followed.records).toEqual(Array.from({ length: 9 }, (_, id) => `${id}={"id":${id}}`));
    expect(followed.batches.length).toBeLessThan(4);
  });

  test('loses nothing and yields nothing twice, cut wherever, where the server goes on after the id that it is told', async () => {
    const history = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      /** Bytes after which each connection is cut. */
      lives: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 }),
      cuts: pieces,
      resets: fc.boolean(),
    });
    let current: {
      readonly count: number;
      readonly lives: readonly number[];
      readonly cuts: readonly number[];
      readonly resets: boolean;
    };
    let connections = 0;
    const event = (n: number): string => `id: ${n}\nevent: e\ndata: {"id":"k${n}",\ndata: "n":${n}}\n\n`;
    const server = await streamServer((response, _, { headers }) => {
      const { count, lives, cuts, resets } = current;
      const from = Number(headers['last-event-id'] ?? -1) + 1;
      const life = lives[connections++];
      const text = Array.from({ length: count - from }, (__, n) => event(from + n)).join('');
      beginEvents(response);
      for (const piece of inPieces(Buffer.from(text).subarray(0, life), cuts)) response.write(piece);
      if (life !== undefined)
        setImmediate(() => (resets ? response.socket?.resetAndDestroy() : response.end()));
    });
    await fc.assert(
      fc.asyncProperty(history, async (drawn) => {
        current = drawn;
        connections = 0;
        const followed = new Followed(server.url(), {
          ...{ reconnectMs: 1, staleAfterMs: 20_000 },
          backOff: { firstMs: 1, longestMs: 2, longestRetryAfterMs: 1_000 },
        });
        await until(() => followed.position === `id:${drawn.count - 1}`);
        await followed.stop();
        const expected = Array.from({ length: drawn.count }, (_, n) => `k${n}={"id":"k${n}",\n"n":${n}}`);
        expect(followed.records).toEqual(expected);
        expect(followed.told.filter((type) => type === 'interrupted')).toEqual([]);
      }),
      { numRuns: isLong ? 500 : 40 },
    );
  });

  test('of a reading from a position begins after its event, if it is one', async () => {
    const server = await streamServer((response) => {
      beginEvents(response);
      response.write('data: {"id":1}\n\n');
    });
    for (const [after, asked] of [
      ['id:17', '17'],
      ['id:Zürich {"at": 1}', Buffer.from('Zürich {"at": 1}').toString('latin1')],
      ['1732000000000000', undefined],
      [undefined, undefined],
    ] as const) {
      const followed = new Followed(server.url(), {}, after);
      await until(() => followed.records.length === 1);
      await followed.stop();
      expect(server.requests.at(-1)?.headers['last-event-id']).toBe(asked);
      if (asked === undefined) expect(followed.position).toMatch(/^\d{16,}$/);
      else expect(followed.position).toBe(after);
    }
  });

  test('is not asked to go on from an id that was taken back, or cannot be sent', async () => {
    const server = await streamServer((response, n) => {
      beginEvents(response);
      if (n === 0) response.end('id: 1\ndata: {"id":1}\n\nid: two\u0001\ndata: {"id":2}\n\n');
      if (n === 1) response.end('id\ndata: {"id":3}\n\n');
      if (n === 2) response.write('data: {"id":4}\n\n');
    });
    const followed = new Followed(server.url());
    await until(() => followed.records.length === 4);
    expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '1',
      undefined,
    ]);
    expect(followed.position).toMatch(/^\d+$/);
  });

  test('gives each of its lines a position of its own, which no later reading gives again', async () => {
    const server = await streamServer((response) => {
      beginLines(response);
      response.write('{"id":1}\n');
      setTimeout(() => response.write('{"id":2}\n'), 20);
    });
    const positions: number[] = [];
    for (let reading = 0; reading < 2; reading++) {
      const after = positions.at(-1);
      const followed = new Followed(server.url(), {}, after === undefined ? undefined : String(after));
      await until(() => followed.records.length === 2);
      await followed.stop();
      positions.push(...followed.batches.map(({ position }) => Number(position)));
    }
    expect(new Set(positions).size).toBe(4);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });

  test.each([
    [1, 100],
    [250, 250],
    [10_000_000, 60_000],
  ])('is waited for %i ms where the server asks for that, within bounds', async (asked, waited) => {
    const waits: number[] = [];
    const server = await streamServer((response) => {
      beginEvents(response);
      response.end(`retry: ${asked}\ndata: {"id":1}\n\n`);
    });
    const followed = new Followed(server.url(), {
      clock: {
        now: () => Date.now(),
        monotonic: () => performance.now(),
        random: () => (waits.push(0), 0.5),
      },
    });
    if (waited < 1_000) {
      await until(() => server.at.length === 3);
      for (const n of [1, 2]) {
        const after = (server.at[n] ?? 0) - (server.at[n - 1] ?? 0);
        expect(after).toBeGreaterThan(waited * 0.98);
        expect(after).toBeLessThan(waited + 1_500);
      }
    } else {
      await until(() => followed.records.length === 1 && waits.length > 0);
      await followed.stop();
      expect(server.at).toHaveLength(1);
    }
  });

  test('is made anew where nothing came for too long, and comments are something', async () => {
    const server = await streamServer((response, n) => {
      beginEvents(response);
      if (n !== 1) return;
      const timer = setInterval(() => response.write(': still here\n\n'), 25);
      response.on('close', () => clearInterval(timer));
    });
    const followed = new Followed(server.url(), { idleTimeoutMs: 200 });
    await until(() => server.at.length === 2);
    const began = server.at[1] ?? 0;
    await until(() => performance.now() > began + 600);
    expect(server.at).toHaveLength(2);
    expect(server.sockets.size).toBe(1);
    expect(followed.told).toEqual(['live']);
  });

  test('is not idle while nobody takes what it brings', async () => {
    const server = await streamServer((response) => {
      beginLines(response);
      response.write('{"id":1}\n');
      setTimeout(() => response.write('{"id":2}\n'), 20);
    });
    const followed = new Followed(server.url(), { idleTimeoutMs: 60 });
    followed.pause();
    const began = performance.now();
    await until(() => performance.now() > began + 200);
    followed.resume();
    await until(() => followed.records.length >= 2);
    expect(followed.records.slice(0, 2)).toEqual(['1={"id":1}', '2={"id":2}']);
    expect(server.at).toHaveLength(1);
  });
});
