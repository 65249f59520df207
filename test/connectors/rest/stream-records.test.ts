// What a stream that stays open brings, as events.

import { gzipSync, createGzip } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RequestForm } from '../../../connectors/rest/client/request-template.js';
import { isLong } from '../../support/long.js';
import { beginEvents, beginLines, Followed, streamServer, until } from './followed.js';
import { inPieces, pieces } from './stream-pieces.js';

describe('a stream that is followed', () => {
  test('is live when it is connected, and yields the items of events as records of its partition', async () => {
    const server = await streamServer((response) => {
      beginEvents(response);
      response.write(
        'id: a1\ndata: {"id": 1, "n": 10.50}\n\nevent: update\ndata: {"id":"x",\ndata:  "n":2}\n\n',
      );
    });
    const followed = new Followed(server.url(), { name: 'north', number: 3 });
    await until(() => followed.records.length === 2);
    expect(followed.told).toEqual(['live']);
    expect(followed.records).toEqual(['1={"id": 1, "n": 10.50}', 'x={"id":"x",\n "n":2}']);
    expect(followed.batches).toMatchObject([{ partition: 'north', topic: 'north', partitionNumber: 3 }]);
    expect(followed.batches[0]).not.toHaveProperty('more', true);
  });

  test('is asked for as a stream, with the headers of the options', async () => {
    const server = await streamServer((response) => beginEvents(response));
    const url = server.url('/x?y=1');
    const request: RequestForm = { url, method: 'POST', headers: { 'x-team': 'a' }, body: '{}' };
    const followed = new Followed(server.url(), { request });
    await until(() => followed.told.length === 1);
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/x?y=1' });
    const { headers } = server.requests[0] ?? {};
    expect(headers).toMatchObject({ 'x-team': 'a', 'cache-control': 'no-cache' });
    expect(headers?.accept).toMatch(/^text\/event-stream, /);
    expect(headers).not.toHaveProperty('last-event-id');
  });

  test('may be lines: one item, a list of items, or a document that has them, in each', async () => {
    const server = await streamServer((response) => {
      beginLines(response);
      response.write('{"id":1}\n\n[{"id":2},{"id":3}]\r\n');
    });
    const followed = new Followed(server.url());
    await until(() => followed.records.length === 3);
    expect(followed.records).toEqual(['1={"id":1}', '2={"id":2}', '3={"id":3}']);

    const wrapping = await streamServer((response) => {
      beginLines(response);
      response.write('{"at":1,"data":{"items":[{"id":2},{"id":3}]}}\n{"data":{"items":{"id":4}}}\n');
    });
    const wrapped = new Followed(wrapping.url(), { items: '/data/items' });
    await until(() => wrapped.records.length === 3);
    expect(wrapped.records).toEqual(['2={"id":2}', '3={"id":3}', '4={"id":4}']);
  });

  test('deletes what an event named delete or remove has, and what has something where `deleted` points', async () => {
    const server = await streamServer((response) => {
      beginEvents(response);
      response.write('event: delete\ndata: {"id":1}\n\nevent: remove\ndata: [{"id":2},{"id":3}]\n\n');
      response.write(
        'data: {"id":4,"gone":true}\n\ndata: {"id":5,"gone":false}\n\ndata: {"id":6,"gone":null}\n\n',
      );
      response.write('data: {"id":7,"gone":"yesterday"}\n\n');
    });
    const followed = new Followed(server.url(), { deleted: '/gone' });
    await until(() => followed.records.length === 7);
    expect(followed.records).toEqual([
      ...['1=-', '2=-', '3=-', '4=-', '5={"id":5,"gone":false}', '6={"id":6,"gone":null}', '7=-'],
    ]);
  });

  test('goes on after a message that cannot be read, which becomes a record without key, as it is', async () => {
    const server = await streamServer((response) => {
      beginLines(response);
      response.write('{"id":1}\n<html>\n{"id":2,"id":3}\n17\n{"name":"x"}\n{"id":4}\n');
    });
    const followed = new Followed(server.url());
    await until(() => followed.records.length === 6);
    expect(followed.records).toEqual([
      ...['1={"id":1}', '-=<html>', '-={"id":2,"id":3}', '-=17', '-={"name":"x"}', '4={"id":4}'],
    ]);
    expect(followed.told).toEqual(['live']);
    const warnings = followed.logged.filter(({ event }) => event === 'message-rejected');
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).not.toContain('html');
  });

  test('gives its records names that no other record of it has', async () => {
    const server = await streamServer((response) => {
      beginEvents(response);
      response.write('data: {"id":1}\n\nid: e5\ndata: [{"id":2},{"id":3}]\n\ndata: {"id":4}\n\n');
    });
    const followed = new Followed(server.url());
    await until(() => followed.records.length === 4);
    const offsets = followed.batches.flatMap(({ records }) => records.map(({ offset }) => offset));
    expect(new Set(offsets).size).toBe(4);
    expect(offsets.slice(1, 3)).toEqual(['e5', 'e5+1']);
  });

  test('tells together what has arrived together, within bounds, and a list whole', async () => {
    const line = (n: number): string => `${JSON.stringify({ id: n })}\n`;
    const many = Array.from({ length: 3_000 }, (_, n) => line(n)).join('');
    const list = `${JSON.stringify(Array.from({ length: 2_000 }, (_, n) => ({ id: n })))}\n`;
    const server = await streamServer((response) => {
      beginLines(response);
      response.write(many);
      response.write(list);
    });
    const followed = new Followed(server.url());
    await until(() => followed.records.length === 5_000);
    const sizes = followed.batches.map(({ records }) => records.length);
    expect(Math.max(...sizes.slice(0, 6))).toBeLessThanOrEqual(500);
    expect(Math.max(...sizes)).toBeGreaterThanOrEqual(2_000);
    expect(sizes.length).toBeLessThan(12);
  });

  test('tells of many small pieces that have arrived while it was not looked at as of few', async () => {
    let written = 0;
    const server = await streamServer((response) => {
      beginLines(response);
      const writeOne = (): void => {
        response.write(`{"id":${written}}\n`);
        if (++written < 400) setImmediate(writeOne);
      };
      writeOne();
    });
    const followed = new Followed(server.url());
    followed.pause();
    await until(() => written === 400);
    followed.resume();
    await until(() => followed.count === 400);
    expect(followed.batches.length).toBeLessThan(40);
  });

  test('is the same records in whatever pieces it is sent, compressed or not', async () => {
    const item = fc.record({
      id: fc.integer({ min: 0, max: 9 }),
      text: fc.string({ unit: 'grapheme', maxLength: 20 }),
    });
    const sent = fc.record({
      items: fc.array(item, { minLength: 1, maxLength: 30 }),
      form: fc.constantFrom('sse', 'ndjson'),
      coding: fc.constantFrom('identity', 'gzip'),
      cuts: pieces,
    });
    let current: { readonly type: string; readonly coding: string; readonly chunks: Iterable<Buffer> };
    const server = await streamServer((response) => {
      beginEvents(response, { 'content-type': current.type, 'content-encoding': current.coding });
      for (const chunk of current.chunks) response.write(chunk);
    });
    await fc.assert(
      fc.asyncProperty(sent, async ({ items, form, coding, cuts }) => {
        const texts = items.map((each) => JSON.stringify(each));
        const body = Buffer.from(
          texts.map((text) => (form === 'sse' ? `data: ${text}\n\n` : `${text}\n`)).join(''),
        );
        current = {
          ...{ type: form === 'sse' ? 'text/event-stream' : 'application/jsonl', coding },
          chunks: inPieces(coding === 'gzip' ? gzipSync(body) : body, cuts),
        };
        const followed = new Followed(server.url());
        await until(() => followed.records.length >= items.length);
        await followed.stop();
        expect(followed.records).toEqual(items.map(({ id }, n) => `${id}=${texts[n]}`));
      }),
      { numRuns: isLong ? 500 : 40 },
    );
  });

  test('tells of what is compressed as soon as the server flushes it', async () => {
    const gzip = createGzip();
    const server = await streamServer((response) => {
      beginEvents(response, { 'content-encoding': 'gzip' });
      gzip.pipe(response);
    });
    const followed = new Followed(server.url());
    await until(() => followed.told.length === 1);
    for (let n = 0; n < 3; n++) {
      gzip.write(`data: {"id":${n}}\n\n`);
      gzip.flush();
      await until(() => followed.records.length === n + 1);
    }
  });

  test('ends at once when its reader does', async () => {
    const server = await streamServer((response) => beginEvents(response));
    const followed = new Followed(server.url());
    await until(() => followed.told.length === 1);
    await followed.stop();
    expect(followed.isEnded).toBe(true);
    await until(() => server.sockets.size === 0);
  });
});
