// What a stream holds in memory, whatever its server sends.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { beginEvents, beginLines, Followed, streamServer, until } from './followed.js';

const MIB = 2 ** 20;

/** Of both ends on loopback: what the kernel takes of a connection that nobody reads. */
const KERNEL_BYTES = 16 * MIB;

/** Sends `text` over and over while it is taken. Returns how many bytes so far. */
function pour(response: ServerResponse, text: (n: number) => string): () => number {
  let bytes = 0;
  const run = async (): Promise<void> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    for (let n = 0; !gone.signal.aborted; n++) {
      const part = text(n);
      bytes += part.length;
      if (!response.write(part))
        await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
    }
  };
  void run();
  return () => bytes;
}

describe('a stream that pours', () => {
  test('waits while nobody takes what it brings, and then goes on without a gap', async () => {
    let poured = (): number => 0;
    const padding = 'x'.repeat(1_000);
    const server = await streamServer((response) => {
      beginLines(response);
      poured = pour(response, (n) => `{"id":${n},"padding":"${padding}"}\n`);
    });
    const followed = new Followed(server.url(), { staleAfterMs: 5_000 });
    await until(() => followed.batches.length > 10);
    followed.pause();
    let before = -1;
    for (; before !== poured(); await wait(150)) before = poured();
    const held = poured() - followed.count * 1_020;
    expect(held).toBeLessThan(KERNEL_BYTES);
    const { count } = followed;
    followed.resume();
    await until(() => followed.count > count + 20_000);
    await followed.stop();
    const keys = followed.batches.flatMap((batch) => batch.records.map(({ key }) => Number(key)));
    expect(keys).toEqual(keys.map((_, n) => n));
  });

  test.each([
    ['a line', beginLines, 'x'],
    ['an event', beginEvents, 'data: xxxxxxxxxxxxxx\n'],
  ])('%s without an end is cut, though it is small when compressed', async (_, begin, part) => {
    let poured = (): number => 0;
    const server = await streamServer((response, n) => {
      if (n > 0) return;
      response.setHeader('content-encoding', 'gzip');
      begin(response);
      const gzip = createGzip();
      gzip.pipe(response);
      poured = pour(gzip as unknown as ServerResponse, () => part.repeat(64 * 1024));
      response.on('close', () => gzip.destroy());
    });
    const before = process.resourceUsage().maxRSS;
    const followed = new Followed(server.url(), { maxBytes: 5 * MIB, staleAfterMs: 1_000 });
    await until(() => followed.told.includes('interrupted') && server.at.length === 2);
    expect(followed.reason).toMatch(/larger than 5242880 bytes/);
    expect(followed.records).toEqual([]);
    expect(poured()).toBeGreaterThan(5 * MIB);
    expect((process.resourceUsage().maxRSS - before) * 1024).toBeLessThan(150 * MIB);
  });
});
