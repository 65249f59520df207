// `POST /v1/push/:source` as far as it is the admin port's: who may send to which source, and how bodies are read. What a body
// means is test/connectors/push.test.ts.

import { createConnection, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ReceivedRequest, Receiver, ReceiverAnswer } from '../../connectors/contract.js';
import { ADMIN_TOKEN, TestAdmin } from './test-admin.js';
import { until } from './until.js';

const OWN_TOKEN = 'cAnArY-sender-token';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Takes all that comes, until told otherwise. */
class Taker implements Receiver {
  readonly taken: ReceivedRequest[] = [];
  readonly token: string | undefined;
  readonly maxBodyBytes = 100_000;
  answer: Promise<ReceiverAnswer> = Promise.resolve({
    status: 200,
    body: { accepted: 1 },
    headers: { 'X-Own': 'yes' },
  });

  constructor(token?: string) {
    this.token = token;
  }

  receive(request: ReceivedRequest): Promise<ReceiverAnswer> {
    this.taken.push(request);
    return this.answer;
  }
}

async function start(o: { readonly token?: string | null; readonly requestMs?: number } = {}) {
  const own = new Taker(OWN_TOKEN);
  const plain = new Taker();
  const receivers = new Map<string, Receiver>([
    ['own', own],
    ['plain', plain],
  ]);
  const admin = await TestAdmin.start({ ...o, receiver: (name) => receivers.get(name) });
  return { admin, own, plain };
}

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A sender that may send anything, in pieces. `answer` is all that it got. */
function open(port: number, head: string, body = '') {
  const sender = { answer: '', isClosed: false, socket: createConnection(port, '127.0.0.1') };
  sockets.push(sender.socket);
  sender.socket.on('data', (bytes) => (sender.answer += String(bytes)));
  sender.socket.on('close', () => (sender.isClosed = true)).on('error', () => undefined);
  sender.socket.write(`${head}\r\n\r\n${body}`);
  return sender;
}

const head = (source: string, ...lines: string[]): string =>
  [`POST /v1/push/${source} HTTP/1.1`, 'Host: a', `Authorization: Bearer ${ADMIN_TOKEN}`, ...lines].join(
    '\r\n',
  );

describe('what a source is given', () => {
  test('is the body as it was sent, its type without parameters, and the idempotency key', async () => {
    const { admin, plain } = await start();
    const headers = {
      ...bearer(ADMIN_TOKEN),
      'content-type': 'Application/JSON; Charset="UTF-8"',
      'idempotency-key': 'a 1',
    };
    const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    const { status, json, headers: answered } = await admin.ask('POST', '/v1/push/plain', { headers, body });
    expect([status, json, answered['x-own']]).toEqual([200, { accepted: 1 }, 'yes']);
    expect(plain.taken).toMatchObject([{ body, contentType: 'application/json', idempotencyKey: 'a 1' }]);
    await admin.ask('POST', '/v1/push/plain');
    expect(plain.taken[1]).toMatchObject({
      ...{ body: Buffer.alloc(0), contentType: '', idempotencyKey: undefined },
    });
  });

  test('is told when the sender goes away before it is answered', async () => {
    const { admin, plain } = await start();
    plain.answer = new Promise(() => undefined);
    const sender = open(admin.port, head('plain', 'Content-Length: 2'), '{}');
    await until('the request', () => plain.taken.length === 1);
    expect(plain.taken[0]?.signal.aborted).toBe(false);
    sender.socket.destroy();
    await until('the abort', () => plain.taken[0]?.signal.aborted === true);
  });

  test('is counted by what became of it, once the token was right', async () => {
    const { admin, plain } = await start();
    const send = (path: string, headers?: Record<string, string>) =>
      admin.ask('POST', path, { body: 'x'.repeat(2_000), ...(headers && { headers }) });
    await send('/v1/push/plain');
    await send('/v1/push/nothing');
    plain.answer = Promise.resolve({ status: 503, body: {} });
    await send('/v1/push/plain');
    await send('/v1/push/plain', bearer('wrong'));
    await send('/v1/reload');
    expect(Object.fromEntries(admin.admin.pushes)).toEqual({ accepted: 1, refused: 1, unavailable: 1 });
  });

  test('is nothing compressed, and nothing but UTF-8', async () => {
    const { admin, plain } = await start();
    for (const odd of [
      { 'content-encoding': 'gzip' },
      { 'content-type': 'application/json;charset=latin1' },
    ]) {
      const headers = { ...bearer(ADMIN_TOKEN), ...odd };
      const { status, json } = await admin.ask('POST', '/v1/push/plain', { headers, body: '{}' });
      expect([status, json]).toMatchObject([415, { error: { code: 'unsupported' } }]);
    }
    expect(plain.taken).toEqual([]);
  });
});

describe('F15 who may send', () => {
  test('to a source with a token of its own, who has that; to another, who has the admin token', async () => {
    const { admin, own, plain } = await start();
    const statusOf = async (source: string, token: string) =>
      (await admin.ask('POST', `/v1/push/${source}`, { headers: bearer(token) })).status;
    expect(await statusOf('own', OWN_TOKEN)).toBe(200);
    expect(await statusOf('own', ADMIN_TOKEN)).toBe(401);
    expect(await statusOf('plain', ADMIN_TOKEN)).toBe(200);
    expect(await statusOf('plain', OWN_TOKEN)).toBe(401);
    expect([own.taken.length, plain.taken.length]).toEqual([1, 1]);
    const other = await admin.ask('GET', '/v1/status', { headers: bearer(OWN_TOKEN) });
    expect(other.status).toBe(401);
  });

  test('a source that takes nothing is not found, by who has the admin token', async () => {
    const { admin } = await start();
    for (const name of ['quotes', 'nothing', '__proto__', 'constructor', '%70lain', ':source']) {
      const { status, json } = await admin.ask('POST', `/v1/push/${name}`, { body: 'x'.repeat(2_000) });
      expect([name, status, json]).toMatchObject([name, 404, { error: { code: 'not_found' } }]);
    }
    for (const path of ['/v1/push', '/v1/push/', '/v1/push/plain/', '/v1/push//plain'])
      expect((await admin.ask('POST', path)).status).toBe(404);
  });

  test.each([ADMIN_TOKEN, null])(
    'no answer tells who has no right token which sources there are (%s)',
    async (token) => {
      const { admin } = await start({ token });
      const answers = new Set<string>();
      const wrong = token === null ? bearer(ADMIN_TOKEN) : bearer('wrong');
      for (const headers of [{}, wrong]) {
        answers.clear();
        for (const name of ['own', 'plain', 'quotes', 'nothing', '%ff']) {
          for (const [method, body] of [
            ['POST', 'x'.repeat(200_000)],
            ['POST', ''],
            ['GET', ''],
          ] as const) {
            const path = `/v1/push/${name}`;
            const { status, text, headers: got } = await admin.ask(method, path, { headers, body });
            admin.server.clock.pass(60_000);
            answers.add(JSON.stringify([status, text, got['allow']]));
          }
        }
        expect([...answers]).toHaveLength(1);
      }
    },
  );

  test('ten wrong tokens a minute are looked at, and they do not shut the operator out', async () => {
    const { admin } = await start();
    const push = async (token: string) =>
      (await admin.ask('POST', '/v1/push/own', { headers: bearer(token) })).status;
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push(await push(`guess-${i}`));
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(await push(OWN_TOKEN)).toBe(429);
    expect((await admin.ask('GET', '/v1/status')).status).toBe(200);
    admin.server.clock.pass(60_000);
    expect(await push(OWN_TOKEN)).toBe(200);
    expect(JSON.stringify(admin.log)).not.toContain('cAnArY');
  });
});

describe('F18 bodies that are meant to hurt', () => {
  test('the source says how large one may be: at the limit it is taken, one byte more is refused', async () => {
    const { admin, plain } = await start();
    const send = (bytes: number) => admin.ask('POST', '/v1/push/plain', { body: Buffer.alloc(bytes, 'x') });
    expect((await send(100_000)).status).toBe(200);
    expect(plain.taken[0]?.body.length).toBe(100_000);
    const refused = await send(100_001);
    expect([refused.status, refused.json, refused.headers['connection']]).toMatchObject([
      ...[413, { error: { code: 'too_large', message: 'a body has at most 100000 bytes' } }, 'close'],
    ]);
    expect(plain.taken).toHaveLength(1);
  });

  test('one that says that it is too large is refused before it is sent', async () => {
    const { admin } = await start();
    for (const lines of [[], ['Expect: 100-continue']]) {
      const sender = open(admin.port, head('plain', 'Content-Length: 9999999999', ...lines));
      await until('the refusal', () => sender.answer !== '');
      expect(sender.answer).toMatch(/^HTTP\/1.1 413 /);
      admin.server.clock.pass(1_000);
      await until('the end', () => sender.isClosed);
    }
  });

  test('one that does not say is refused as soon as it is too large, and who sends on reads why', async () => {
    const { admin } = await start();
    const sender = open(admin.port, head('plain', 'Transfer-Encoding: chunked'));
    const chunk = `${(50_000).toString(16)}\r\n${'x'.repeat(50_000)}\r\n`;
    const endless = setInterval(() => sender.socket.write(chunk), 1);
    await until('the refusal', () => sender.answer.includes('too_large'));
    admin.server.clock.pass(1_000);
    await until('the end', () => sender.isClosed);
    clearInterval(endless);
    expect(sender.answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test('who asks whether to send is told to go on', async () => {
    const { admin, plain } = await start();
    const sender = open(admin.port, head('plain', 'Content-Length: 2', 'Expect: 100-continue'));
    await until('the word', () => sender.answer.startsWith('HTTP/1.1 100 Continue'));
    sender.socket.write('{}');
    await until('the answer', () => sender.answer.includes('HTTP/1.1 200'));
    expect(plain.taken[0]?.body.toString()).toBe('{}');
    const stranger = open(
      admin.port,
      'POST /v1/push/plain HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue',
    );
    await until('the refusal', () => stranger.answer !== '');
    expect(stranger.answer).toMatch(/^HTTP\/1.1 401 /);
  });

  test('one in very many pieces takes the room of its bytes', async () => {
    const { admin, plain } = await start();
    const sender = open(admin.port, head('plain', 'Transfer-Encoding: chunked'));
    sender.socket.write('1\r\nx\r\n'.repeat(99_999) + '0\r\n\r\n');
    await until('the answer or the end', () => sender.answer.includes('}') || sender.isClosed, 20_000);
    expect(sender).toMatchObject({ answer: expect.stringContaining('{"accepted":1}'), isClosed: false });
    expect(plain.taken[0]?.body.toString()).toBe('x'.repeat(99_999));
    expect(plain.taken[0]?.body.buffer.byteLength).toBeLessThan(200_000);
  });

  test('one that does not arrive is cut', async () => {
    const { admin, plain } = await start({ requestMs: 100 });
    const sender = open(admin.port, head('plain', 'Content-Length: 9'), 'x');
    await until('the cut', () => sender.isClosed);
    expect(sender.answer).toMatch(/^HTTP\/1.1 408/);
    expect(plain.taken).toEqual([]);
    expect(admin.log.filter(({ event }) => event === 'unexpected')).toEqual([]);
  });
});
