// F17: the way out as connectors have it: what it says when it refuses, which connections it keeps, and its `fetch`.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import {
  createOutbound,
  type ConfiguredOutbound,
  type OutboundOptions,
} from '../../src/outbound/outbound.js';
import { until } from '../server/until.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener, host = '127.0.0.1', port = 0): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Names by what they resolve to, counted. */
function names(table: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const resolve: OutboundOptions['resolve'] = (name, _options, callback) => {
    asked.push(name);
    const found = (table[name] ?? []).map((address): LookupAddress => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    process.nextTick(callback, null, found);
  };
  return { asked, resolve };
}

function get(outbound: ConfiguredOutbound, url: string, options: object = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { agent: outbound.httpAgent, ...options }, (answer) => resolve(answer.resume()))
      .on('error', reject)
      .end();
  });
}

describe('F17 what it says', () => {
  const { resolve } = names({
    'feeds.example': ['169.254.169.254'],
    'inside.example': ['10.0.3.4'],
    'half.example': ['93.184.216.34', '10.0.3.4'],
    'both.example': ['::1', '127.0.0.1'],
    'mixed.example': ['10.0.3.4', 'fe80::1'],
    'mapped.example': ['::ffff:10.0.3.4'],
    'none.example': [],
  });
  const outbound = createOutbound({ allow: [], resolve });

  test.each([
    [
      'feeds.example',
      'feeds.example resolves to 169.254.169.254, which is a link-local address; if that is meant, add 169.254.169.254/32 to outbound.allow',
    ],
    [
      'inside.example',
      'inside.example resolves to 10.0.3.4, which is a private address; if that is meant, add 10.0.3.4/32, or the word private, to outbound.allow',
    ],
    [
      'half.example',
      'half.example resolves to 10.0.3.4, which is a private address (and to 93.184.216.34: a name is let through with all of its addresses or not at all); if that is meant, add 10.0.3.4/32, or the word private, to outbound.allow',
    ],
    [
      'both.example',
      'both.example resolves to ::1, which is a loopback address, and 127.0.0.1, which is a loopback address; if that is meant, add ::1/128 and 127.0.0.1/32, or the word loopback, to outbound.allow',
    ],
    [
      'mixed.example',
      'mixed.example resolves to 10.0.3.4, which is a private address, and fe80::1, which is a link-local address; if that is meant, add 10.0.3.4/32 and fe80::1/128 to outbound.allow',
    ],
    [
      'mapped.example',
      'mapped.example resolves to 10.0.3.4, which is a private address; if that is meant, add 10.0.3.4/32, or the word private, to outbound.allow',
    ],
    [
      '127.0.0.1',
      '127.0.0.1 is a loopback address; if that is meant, add 127.0.0.1/32, or the word loopback, to outbound.allow',
    ],
    [
      '[::ffff:127.0.0.1]',
      '::ffff:7f00:1 stands for 127.0.0.1, which is a loopback address; if that is meant, add 127.0.0.1/32, or the word loopback, to outbound.allow',
    ],
  ])('of %s', async (host, message) => {
    const expected = { name: 'AddressRefused', code: 'ADDRESS_REFUSED', message };
    await expect(get(outbound, `http://${host}:9/`)).rejects.toMatchObject(expected);
    await expect(outbound.fetch(`http://${host}:9/`)).rejects.toMatchObject(expected);
    await expect(outbound.fetch(`https://${host}:9/`)).rejects.toMatchObject(expected);
  });

  test('of a name without an address, and of a socket of this machine', async () => {
    await expect(outbound.fetch('http://none.example/')).rejects.toThrow('none.example has no address');
    await expect(
      get(outbound, 'http://feeds.example/', { socketPath: '/run/docker.sock' }),
    ).rejects.toMatchObject({
      name: 'AddressRefused',
    });
  });

  test('what it asks to be added lets the connection through', async () => {
    const port = await serve((_, response) => void response.end('here'));
    const url = `http://both.example:${port}/`;
    const refused: unknown = await outbound.fetch(url).catch((error: unknown) => error);
    const entries = /add (.*) and ([^ ,]*)/.exec((refused as Error).message)?.slice(1) ?? [];
    const allowed = createOutbound({ allow: entries, resolve });
    expect(await (await allowed.fetch(url)).text()).toBe('here');
  });
});

describe('connections', () => {
  test('C9 a name is resolved once, and its other address is tried where the first is dead', async () => {
    const port = await serve((_, response) => void response.end('second'), '127.0.0.3');
    const { asked, resolve } = names({ 'two.example': ['127.0.0.2', '127.0.0.3'] });
    const outbound = createOutbound({ allow: ['loopback'], resolve });
    expect(await (await outbound.fetch(`http://two.example:${port}/`)).text()).toBe('second');
    expect(asked).toEqual(['two.example']);
  });

  test('C9 are kept for the same host, and for no other that leads to the same address', async () => {
    const peers: (number | undefined)[] = [];
    const port = await serve((asking, response) => {
      peers.push(asking.socket.remotePort);
      response.end();
    });
    const { asked, resolve } = names({ 'a.example': ['127.0.0.1'], 'b.example': ['127.0.0.1'] });
    const outbound = createOutbound({ allow: ['loopback'], resolve });
    for (const host of ['a.example', 'a.example', 'b.example', 'a.example']) {
      await outbound.fetch(`http://${host}:${port}/`);
      await until('it is idle', () => Object.keys(outbound.httpAgent.sockets).length === 0);
    }
    expect(asked).toEqual(['a.example', 'b.example']);
    expect(peers[1]).toBe(peers[0]);
    expect(peers[2]).not.toBe(peers[0]);
    expect(peers[3]).toBe(peers[0]);
  });

  test('F17 another `allow` counts at once: connections that are open end, idle or not', async () => {
    const port = await serve((asking, response) => {
      response.write('begun');
      if (asking.url === '/short') response.end();
    });
    const outbound = createOutbound({ allow: ['loopback'] });
    await outbound.fetch(`http://localhost:${port}/short`);
    await until('it is idle', () => Object.keys(outbound.httpAgent.freeSockets).length === 1);
    const streaming = await get(outbound, `http://localhost:${port}/stream`);
    await until('both are open', () => Object.keys(outbound.httpAgent.sockets).length === 1);
    const ended = once(streaming, 'close');
    outbound.use(['private']);
    await expect(ended).rejects.toThrow('aborted');
    await until('the idle one has ended', () => Object.keys(outbound.httpAgent.freeSockets).length === 0);
    await expect(outbound.fetch(`http://localhost:${port}/short`)).rejects.toMatchObject({
      name: 'AddressRefused',
    });
    outbound.use(['loopback']);
    expect((await outbound.fetch(`http://localhost:${port}/short`)).status).toBe(200);
  });

  test('what is no entry is refused, and what was allowed before still is', async () => {
    const port = await serve((_, response) => void response.end());
    const outbound = createOutbound({ allow: ['loopback'] });
    expect(() => outbound.use(['intranet'])).toThrow(TypeError);
    expect((await outbound.fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
});

describe('fetch', () => {
  const outbound = createOutbound({ allow: ['loopback'] });

  test('sends what it is given, and gives back what came', async () => {
    const seen: unknown[] = [];
    const port = await serve((asking, response) => {
      const { 'content-type': type, authorization, 'accept-encoding': coding } = asking.headers;
      let body = '';
      asking
        .on('data', (chunk) => (body += String(chunk)))
        .on('end', () => {
          seen.push([asking.method, asking.url, type, authorization, coding, body]);
          response.writeHead(201, { 'x-a': 'ä', 'set-cookie': ['a=1', 'b=2'] }).end('{"ok":true}');
        });
    });
    const response = await outbound.fetch(new URL(`http://127.0.0.1:${port}/t?x=%20y`), {
      method: 'POST',
      headers: { authorization: 'Bearer t' },
      body: new URLSearchParams({ a: 'b c' }),
    });
    expect(seen).toEqual([
      [
        'POST',
        '/t?x=%20y',
        'application/x-www-form-urlencoded;charset=UTF-8',
        'Bearer t',
        'identity',
        'a=b+c',
      ],
    ]);
    expect([response.status, response.headers.getSetCookie(), await response.json()]).toEqual([
      201,
      ['a=1', 'b=2'],
      { ok: true },
    ]);
  });

  test.each([301, 302, 303, 307, 308])(
    'C9 answers with a redirect of status %i, and does not follow it',
    async (status) => {
      const asked: (string | undefined)[] = [];
      const port = await serve((asking, response) => {
        asked.push(asking.url);
        response.writeHead(status, { location: '/there' }).end();
      });
      const response = await outbound.fetch(`http://127.0.0.1:${port}/here`, { redirect: 'follow' });
      expect([response.status, response.headers.get('location')]).toEqual([status, '/there']);
      expect(asked).toEqual(['/here']);
    },
  );

  test.each([204, 304])('an answer of status %i has no body', async (status) => {
    const port = await serve((_, response) => void response.writeHead(status).end());
    expect((await outbound.fetch(`http://127.0.0.1:${port}/`)).body).toBeNull();
  });

  test('takes no more than 1 MiB, however it is said', async () => {
    let closed = 0;
    const port = await serve(({ url }, response) => {
      response.on('close', () => closed++);
      if (url === '/fits') response.end(Buffer.alloc(1024 * 1024));
      else response.write(Buffer.alloc(1024 * 1024 + 1)); // and more would come
    });
    expect((await (await outbound.fetch(`http://127.0.0.1:${port}/fits`)).arrayBuffer()).byteLength).toBe(
      1024 * 1024,
    );
    await expect(outbound.fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('larger than 1 MiB');
    await until('the connection ends', () => closed === 2);
  });

  test('takes nothing compressed, which could be of any size', async () => {
    const port = await serve(
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    );
    await expect(outbound.fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('compressed');
  });

  test('ends when its signal says so: before, in the middle, and for a server that never answers', async () => {
    const port = await serve(({ url }, response) => void (url === '/drip' && response.write('x')));
    const at = `http://127.0.0.1:${port}`;
    const reason = new Error('enough');
    await expect(outbound.fetch(at, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    for (const path of ['/never', '/drip']) {
      const signal = AbortSignal.timeout(50);
      await expect(outbound.fetch(at + path, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    }
  });

  test.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'data:,x', 'http://user:pass@127.0.0.1/', 'nothing'])(
    'C9 does not take %s',
    async (url) => {
      await expect(outbound.fetch(url)).rejects.toMatchObject({ name: 'TypeError' });
    },
  );
});
