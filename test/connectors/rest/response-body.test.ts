// C5: bodies are bounded in size, time and memory, decompressed as they come, and complete or a fault.

import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Writable } from 'node:stream';
import zlib from 'node:zlib';

import type { BodyCost } from './body-memory.js';
import { outputOf } from './compiled-apart.js';
import { answering, clientWith, faultOf, get, saying, until, type Answering } from './answering.js';

const MIB = 2 ** 20;
const open: Answering[] = [];
const opened = (server: Answering): Answering => {
  open.push(server);
  return server;
};
const serve = async (listener: RequestListener): Promise<Answering> => opened(await answering(listener));

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const TEXT = Buffer.from(JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: `n${id}` }))));
const QUICK = { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 };
const CODINGS: [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', (bytes) => zlib.gzipSync(bytes)],
  ['x-gzip', (bytes) => zlib.gzipSync(bytes)],
  ['GZIP', (bytes) => zlib.gzipSync(bytes)],
  ['deflate', (bytes) => zlib.deflateSync(bytes)],
  ['br', (bytes) => zlib.brotliCompressSync(bytes, { params: QUICK })],
];

describe('a compressed body', () => {
  const raw: (typeof CODINGS)[number] = ['deflate', (bytes) => zlib.deflateRawSync(bytes)];
  test.each([...CODINGS, raw, ['identity', (bytes: Buffer) => bytes]] as typeof CODINGS)(
    '%s is what it was before',
    async (coding, compressed) => {
      const server = await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': coding }).end(compressed(TEXT));
      });
      const client = clientWith();
      for (let i = 0; i < 3; i++)
        expect((await client.request(get(server.url()))).body.equals(TEXT)).toBe(true);
      expect(server.connections()).toBe(1);
    },
  );

  test('of several members of gzip is all of them', async () => {
    const members = Buffer.concat([zlib.gzipSync('[1,'), zlib.gzipSync('2]')]);
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(members);
    });
    expect((await clientWith().request(get(server.url()))).body.toString()).toBe('[1,2]');
  });

  test.each(CODINGS)(
    '%s that is cut short, goes on after its end, or is none, is a fault',
    async (coding, compressed) => {
      const whole = compressed(TEXT);
      const bodies = [
        ...[whole.subarray(0, -1), whole.subarray(0, -9), whole.subarray(0, 1), Buffer.alloc(0)],
        ...[Buffer.concat([whole, Buffer.from('x')]), Buffer.concat([whole, Buffer.alloc(9)])],
        ...[
          Buffer.from('[{"id":1}]'),
          Buffer.concat([whole.subarray(0, 40), Buffer.from([255, 255]), whole.subarray(42)]),
        ],
      ];
      const server = await serve((request, response) => {
        response.writeHead(200, { 'content-encoding': coding }).end(bodies[Number(request.url?.slice(1))]);
      });
      for (const each of bodies.keys()) {
        const fault = await faultOf(clientWith().request(get(server.url(`/${each}`))));
        expect(fault).toMatchObject({ kind: 'bad', status: undefined });
        expect(fault.message).toMatch(/its body (is said to be|goes on where)/);
      }
    },
  );

  test.each(['gzip, gzip', 'gzip, br', 'compress', 'aws-chunked', 'gzip,'])(
    '%s is refused',
    async (coding) => {
      const server = await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': coding }).write(zlib.gzipSync(zlib.gzipSync('[]')));
      });
      const fault = await faultOf(clientWith().request(get(server.url())));
      expect(fault).toMatchObject({ kind: 'bad' });
      expect(fault.message).toContain(`\`Content-Encoding: ${coding}\`, which is not read`);
      await until(() => server.sockets.size === 0);
    },
  );

  test('for the way only is refused', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n';
    const server = opened(await saying(`${head}2\r\n[]\r\n0\r\n\r\n`));
    expect(await faultOf(clientWith().request(get(server.url())))).toMatchObject({ kind: 'bad' });
  });
});

describe('C5 a body that is cut short is a fault, and never a short feed', () => {
  test.each([
    ['against Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1]'],
    ['before its first byte', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'],
    ['between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[1]'],
  ])('%s', async (_, bytes) => {
    const server = opened(await saying(bytes));
    const fault = await faultOf(clientWith().request(get(server.url())));
    expect(fault).toMatchObject({ kind: 'unreachable' });
    expect(fault.message).toMatch(/the connection ended before the end of the body/);
  });

  test('but one whose end is that of the connection is whole', async () => {
    const server = opened(await saying('HTTP/1.0 200 OK\r\n\r\n[1]'));
    expect((await clientWith().request(get(server.url()))).body.toString()).toBe('[1]');
  });
});

describe('C5 too much', () => {
  test('6 MiB against a limit of 5: not begun where it is announced, else left off', async () => {
    const body = randomBytes(6 * MIB);
    let closed = 0;
    const server = await serve((request, response) => {
      response.on('close', () => (closed += 1));
      response.writeHead(200, request.url === '/told' ? { 'content-length': body.length } : {}).end(body);
    });
    for (const path of ['/told', '/untold']) {
      const fault = await faultOf(clientWith().request(get(server.url(path))));
      expect(fault).toMatchObject({ kind: 'bad' });
      expect(fault.message).toMatch(/its body is over 5 MiB; raise `maxBytes`/);
    }
    await until(() => closed === 2 && server.sockets.size === 0);
  });

  test.each(CODINGS)(
    '%s: what fits in the limit is taken, one byte more is not',
    async (coding, compressed) => {
      const server = await serve((request, response) => {
        const size = request.url === '/more' ? MIB + 1 : MIB;
        response.writeHead(200, { 'content-encoding': coding }).end(compressed(randomBytes(size)));
      });
      const client = clientWith({ maxBytes: MIB });
      expect((await client.request(get(server.url()))).body).toHaveLength(MIB);
      expect(await faultOf(client.request(get(server.url('/more'))))).toMatchObject({ kind: 'bad' });
    },
  );

  test('an endless body, plain and compressed to nearly nothing', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/plain') return writeOn(response);
      const squeezed = zlib.createGzip();
      squeezed.pipe(response.writeHead(200, { 'content-encoding': 'gzip' }));
      response.on('close', () => squeezed.destroy());
      writeOn(squeezed);
    });
    for (const path of ['/plain', '/gzip']) {
      const fault = await faultOf(clientWith().request(get(server.url(path))));
      expect(fault.message).toMatch(/over 5 MiB/);
    }
  });

  test('a byte now and then: the whole of it has its time', async () => {
    const server = await serve((_, response) => {
      response.write('[');
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const began = performance.now();
    const fault = await faultOf(clientWith({ timeoutMs: 300 }).request(get(server.url())));
    expect(fault.message).toMatch(/no complete answer within 0.3 s/);
    expect(performance.now() - began).toBeLessThan(2_000);
    await until(() => server.sockets.size === 0);
  });

  test('10 MiB that become 10 GiB, and no end: left off within 64 KiB, and less than 50 MiB of memory', async () => {
    const bomb = Buffer.concat(Array.from({ length: 165 }, () => SQUEEZED));
    expect(bomb.length).toBeGreaterThan(10 * MIB);
    const server = await serve(({ url }, response) => {
      if (url === '/small') response.end(TEXT);
      if (url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      if (url === '/br') response.writeHead(200, { 'content-encoding': 'br' }).end(BROTLI);
      if (url === '/endless') writeOn(response);
    });
    const urls = ['/small', '/gzip', '/br', '/endless'].map((path) => server.url(path).href);
    const costs = JSON.parse(await outputOf('test/connectors/rest/body-memory.ts', urls)) as BodyCost[];
    expect(costs.map(({ path }) => path)).toEqual(['/gzip', '/br', '/endless']);
    for (const { fault, risenMiB, overKiB } of costs) {
      expect(fault).toMatch(/over 5 MiB/);
      expect(risenMiB).toBeLessThan(50);
      expect(overKiB).toBeLessThanOrEqual(64);
    }
  });

  test('of overhead: chunks of one byte are the body that they make', async () => {
    const text = 'abcdefgh'.repeat(10_000);
    const chunks = Buffer.from([...text].map((byte) => `1\r\n${byte}\r\n`).join('') + '0\r\n\r\n');
    const head = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const server = opened(await saying(Buffer.concat([head, chunks])));
    expect((await clientWith().request(get(server.url()))).body.toString()).toBe(text);
  });
});

/** Zeros for as long as somebody takes them. */
function writeOn(to: Writable): void {
  const zeros = Buffer.alloc(MIB);
  const more = (): void => void (to.destroyed || to.write(zeros, more));
  more();
}

/** 64 MiB and 128 MiB of nothing. */
const SQUEEZED = zlib.gzipSync(Buffer.alloc(64 * MIB));
const BROTLI = zlib.brotliCompressSync(Buffer.alloc(128 * MIB), { params: QUICK });
