// What one request is, which answers count as a feed, and the sentence for those that do not.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';

import { createOutbound } from '../../../src/outbound/outbound.js';
import { headerFault } from '../../../connectors/rest/client/header-field.js';
import { answering, clientWith, faultOf, get, saying, until, type Answering } from './answering.js';

const open: Answering[] = [];
const opened = (server: Answering): Answering => {
  open.push(server);
  return server;
};
const serve = async (listener: RequestListener): Promise<Answering> => opened(await answering(listener));

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe('an answer', () => {
  test('of 200 is the feed, with its headers and the URL that it comes from', async () => {
    const server = await serve((_, response) => response.writeHead(200, { etag: '"1"' }).end('[1]'));
    const got = await clientWith().request(get(server.url('/a?b=c')));
    expect(got).toMatchObject({ status: 200, body: Buffer.from('[1]'), url: server.url('/a?b=c') });
    expect(got.headers.etag).toBe('"1"');
    expect(server.requests[0]?.headers).toMatchObject({
      'accept-encoding': expect.stringMatching(/^gzip, deflate, br/),
      'user-agent': 'tailrace',
    });
  });

  test('of 304 is one too, without a body, and keeps its connection', async () => {
    const server = await serve((_, response) =>
      response.writeHead(304, { 'content-encoding': 'gzip' }).end(),
    );
    const client = clientWith();
    for (const time of [1, 2, 3]) {
      const got = await client.request(get(server.url(), { 'If-None-Match': `"${time}"` }));
      expect(got).toMatchObject({ status: 304, body: Buffer.alloc(0) });
    }
    expect(server.connections()).toBe(1);
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['"1"', '"2"', '"3"']);
  });

  test('carries a body that is posted, and says how long it is', async () => {
    let body = '';
    const server = await serve((request, response) => {
      request.on('data', (bytes) => (body += String(bytes))).on('end', () => response.end('{}'));
    });
    await clientWith().request({ ...get(server.url()), method: 'POST', body: '{"q":"ü"}' });
    expect(body).toBe('{"q":"ü"}');
    expect(server.requests[0]).toMatchObject({ method: 'POST', headers: { 'content-length': '10' } });
  });

  const statuses: [number, 'refused' | 'unreachable', RegExp][] = [
    [204, 'unreachable', /no complete feed/],
    [206, 'unreachable', /no complete feed/],
    [201, 'unreachable', /no complete feed/],
    [300, 'unreachable', /300/],
    [400, 'refused', /check `url`, `query`/],
    [401, 'refused', /set `auth`/],
    [403, 'refused', /without credentials/],
    [404, 'refused', /nothing at this path .*`url`/],
    [405, 'refused', /does not take GET .*`method`/],
    [410, 'refused', /nothing at this path/],
    [407, 'unreachable', /proxy/],
    [418, 'unreachable', /418/],
    [429, 'unreachable', /too often .*`every`/],
    [500, 'unreachable', /fails \(500 Internal Server Error\)/],
    [503, 'unreachable', /fails \(503/],
  ];
  test.each(statuses)('of %i is none: %s', async (status, kind, text) => {
    const server = await serve((_, response) => response.writeHead(status).end());
    const fault = await faultOf(clientWith().request(get(server.url('/feed?key=secret'))));
    expect(fault).toMatchObject({ kind, status, retryAfterMs: undefined });
    expect(fault.message).toMatch(text);
    expect(fault.message).toContain(`${server.url('/feed').href}: `);
    expect(fault.message).not.toContain('secret');
  });
});

describe('C3 how long a server asks us to stay away', () => {
  const at = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const absurd = Number.MAX_SAFE_INTEGER;
  const cases: [string, Record<string, string>, number | undefined][] = [
    ['one second', { 'retry-after': '1' }, 1_000],
    ['two minutes', { 'retry-after': '120' }, 120_000],
    ['as absurd as it likes', { 'retry-after': '1000000000' }, 1e12],
    ['more than numbers hold', { 'retry-after': '9'.repeat(400) }, absurd],
    [
      'a date, from the date of the answer',
      { date: at, 'retry-after': 'Sun, 06 Nov 1994 08:50:37 GMT' },
      60_000,
    ],
    ['a date of RFC 850', { date: at, 'retry-after': 'Sunday, 06-Nov-94 08:50:37 GMT' }, 60_000],
    ['a date of asctime', { date: at, 'retry-after': 'Sun Nov  6 08:50:37 1994' }, 60_000],
    ['a date that has been', { date: at, 'retry-after': 'Sat, 05 Nov 1994 08:49:37 GMT' }, 0],
    ['nothing that makes sense', { 'retry-after': 'soon' }, undefined],
    ['no date that there is', { 'retry-after': 'Sun, 99 Nov 1994 08:49:37 GMT' }, undefined],
    ['less than nothing', { 'retry-after': '-5' }, undefined],
    ['nothing', {}, undefined],
  ];
  test.each(cases)('%s', async (_, headers, expected) => {
    const server = await serve((request, response) =>
      response.writeHead(request.url === '/busy' ? 429 : 503, headers).end(),
    );
    for (const path of ['/busy', '/down']) {
      const fault = await faultOf(clientWith().request(get(server.url(path))));
      expect(fault).toMatchObject({ kind: 'unreachable', retryAfterMs: expected });
    }
  });

  test('a date counts from now where the answer has none', async () => {
    const until = new Date(Date.now() + 60_000).toUTCString();
    const server = await serve((_, response) => {
      response.sendDate = false;
      response.writeHead(503, { 'retry-after': until }).end();
    });
    const { retryAfterMs } = await faultOf(clientWith().request(get(server.url())));
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});

describe('without an answer', () => {
  test('a name that does not resolve', async () => {
    const fault = await faultOf(clientWith().request(get(new URL('http://no-such-host.invalid/feed'))));
    expect(fault).toMatchObject({ kind: 'unreachable', status: undefined });
    expect(fault.message).toMatch(/^http:\/\/no-such-host.invalid\/feed: the name does not resolve/);
  });

  test('a port where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const fault = await faultOf(clientWith().request(get(new URL(`http://127.0.0.1:${port}/`))));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/nothing listens there/);
  });

  test('a connection that is cut', async () => {
    const server = await serve((request) => request.socket.resetAndDestroy());
    const fault = await faultOf(clientWith().request(get(server.url())));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/cut before an answer came \(ECONNRESET\)/);
    expect(server.requests).toHaveLength(1);
  });

  test('what speaks no HTTP', async () => {
    const server = opened(await saying('SSH-2.0-OpenSSH_9.6\r\n'));
    const fault = await faultOf(clientWith().request(get(server.url())));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/does not speak HTTP\/1.1 \(HPE_/);
  });

  test('an address that is not allowed, as the way out says it', async () => {
    const server = await serve((_, response) => response.end('[]'));
    const fault = await faultOf(clientWith({}, createOutbound({ allow: [] })).request(get(server.url())));
    expect(fault).toMatchObject({ kind: 'refused' });
    expect(fault.message).toMatch(/127\.0\.0\.1.*outbound\.allow/);
    expect(server.connections()).toBe(0);
  });

  test.each(['ftp://host/feed', 'file:///etc/passwd', 'http://user:secret@127.0.0.1/feed'])(
    '%s is not requested',
    async (url) => {
      const fault = await faultOf(clientWith().request(get(new URL(url))));
      expect(fault.kind).toBe('refused');
      expect(fault.message).not.toContain('secret');
    },
  );
});

describe('the time of a request', () => {
  test('ends one that is not answered', async () => {
    const server = await serve(() => undefined);
    const fault = await faultOf(clientWith({ timeoutMs: 100 }).request(get(server.url())));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/no complete answer within 0.1 s.*`timeout`/);
    await until(() => server.sockets.size === 0);
  });

  test('is cut short by the signal, whose reason is told, before the answer and in its body', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/body') response.writeHead(200).write('[');
    });
    for (const path of ['/head', '/body']) {
      const stop = new AbortController();
      const work = clientWith().request({ ...get(server.url(path)), signal: stop.signal });
      await until(() => server.requests.at(-1)?.url === path);
      stop.abort(new Error('enough'));
      await expect(work).rejects.toThrow('enough');
      await until(() => server.sockets.size === 0);
    }
  });

  test('of a signal that has aborted already is none at all', async () => {
    const server = await serve((_, response) => response.end('[]'));
    const work = clientWith().request({
      ...get(server.url()),
      signal: AbortSignal.abort(new Error('enough')),
    });
    await expect(work).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(0);
  });
});

describe('a header of the configuration', () => {
  test.each([
    ['X Key', 'a', /^"X Key" is no name/],
    ['', 'a', /is no name/],
    ['X-Key', 'sec\nret', /^has a line break/],
    ['X-Key', 'sec€ret', /^has a character at 4/],
    ['X-Key', 'sec\0ret', /^has a character at 4/],
    ['X-Key', ' secret', /^begins or ends with a blank/],
    ['Content-Length', '5', /^is set by Tailrace itself/],
  ])('%j: %j is refused with a sentence', (name, value, text) => {
    expect(headerFault(name, value)).toMatch(text);
    expect(headerFault(name, value)).not.toContain('ret');
  });

  test.each([
    ['Accept-Language', 'en'],
    ['X-Name', 'Zoë'],
    ['Host', 'b'],
    ['X-Empty', ''],
  ])('%s: %s can be sent', (name, value) => {
    expect(headerFault(name, value)).toBeUndefined();
  });
});
