// A15 What a registry can do wrong, by a small HTTP server that does it.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../../src/clock.js';
import { SchemasUnavailable } from '../../../src/decode/decoder.js';
import { KnownSchemas } from '../../../src/decode/registry/known-schemas.js';
import { RegistryClient } from '../../../src/decode/registry/registry-client.js';
import { loopbackOutbound } from '../../support/outbound.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json = (status: number, body: unknown): Answer => {
  return (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const missing = json(404, { error_code: 40403, message: 'Schema not found' });
const subjects = json(200, []);
const text = json(200, { schema: '"string"' });

let server: Server;
let url: string;
let asked: string[] = [];
let answers: Record<string, Answer> = {};
const sockets = new Set<Socket>();
let now = 0;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    (answers[request.url ?? ''] ?? json(404, { detail: 'no such page' }))(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function known(
  more: { readonly readerSchema?: string; readonly onUnusable?: (id: number, reason: string) => void } = {},
) {
  const login = { username: 'me', password: 'Zzyzx' };
  const client = new RegistryClient({
    url,
    login,
    timeoutMs: 1_000,
    clock: systemClock,
    outbound: loopbackOutbound,
  });
  return new KnownSchemas({ client, clock: { monotonic: () => now }, ...more });
}

const failure = async (schemas: KnownSchemas): Promise<string> => {
  const error: unknown = await schemas.request(1).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SchemasUnavailable);
  expect(schemas.find(1)).toBeUndefined();
  return (error as Error).message;
};

describe('A15 a registry that cannot be asked is waited for', () => {
  test.each<[string, Answer, RegExp]>([
    ['503', json(503, { message: 'starting' }), /starting/],
    ['500 of a proxy', (_, response) => void response.writeHead(500).end('<html>'), /500/],
    ['429', json(429, {}), /429/],
    [
      'a login that is refused',
      json(401, { message: 'Unauthorized' }),
      /Unauthorized.*check username and password/,
    ],
    ['no right to read', json(403, {}), /403.*check username and password/],
    ['no answer', () => undefined, /no answer within 1000 ms/],
    [
      'a connection that is reset',
      (request) => void request.socket.destroy(),
      /no answer \(socket hang up\)/,
    ],
    [
      'an answer that breaks off',
      (request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        setImmediate(() => request.socket.destroy());
      },
      /no answer within 1000 ms/,
    ],
    [
      'an answer that is no schema',
      (_, response) => void response.end('<html>'),
      /not the answer of a schema registry/,
    ],
    ['404 of somebody else', json(404, { detail: 'x' }), /no schema registry; check url/],
  ])('%s', async (_, answer, reason) => {
    answers = { '/base/schemas/ids/1': answer };
    const schemas = known();
    const message = await failure(schemas);
    expect(message).toMatch(reason);
    expect(message).toContain(`${url} was asked for schema 1`);
    expect(message).not.toContain('Zzyzx');
    answers = { '/base/schemas/ids/1': text };
    await schemas.request(1);
    expect(schemas.find(1)).toMatchObject({ format: 'avro' });
  });

  test('nothing listens', async () => {
    url = 'http://127.0.0.1:1';
    expect(await failure(known())).toContain('ECONNREFUSED');
  });

  test('a question that had no answer in time keeps no connection', async () => {
    answers = { '/base/schemas/ids/1': () => undefined };
    await failure(known());
    while (sockets.size > 0) await new Promise(setImmediate);
  });
});

test('A15 a schema that the registry does not have is asked for again after half a minute', async () => {
  answers = { '/base/schemas/ids/1': missing, '/base/subjects': subjects };
  const schemas = known();
  await schemas.request(1);
  expect(schemas.find(1)).toBe('unknown-schema');
  answers = { '/base/schemas/ids/1': text };
  now += 29_000;
  expect(schemas.find(1)).toBe('unknown-schema');
  now += 1_000;
  expect(schemas.find(1)).toBeUndefined();
  await schemas.request(1);
  expect(schemas.find(1)).toMatchObject({ format: 'avro' });
});

test('who asks at the same time shares one request', async () => {
  answers = { '/base/schemas/ids/1': text };
  const schemas = known();
  await Promise.all(Array.from({ length: 20 }, () => schemas.request(1)));
  expect(asked).toEqual(['/base/schemas/ids/1']);
});

test('references are followed, each once; one that is gone makes the schema unknown', async () => {
  const reference = (name: string, subject: string) => ({ name, subject, version: 1 });
  const record = (name: string, type: string) =>
    JSON.stringify({ type: 'record', name, fields: [{ name: 'x', type }] });
  answers = {
    '/base/schemas/ids/1': json(200, {
      schema: record('A', 'B'),
      references: [reference('B', 'b'), reference('C', 'c')],
    }),
    '/base/subjects/b/versions/1': json(200, { schema: record('B', 'C'), references: [reference('C', 'c')] }),
    '/base/subjects/c/versions/1': json(200, { schema: record('C', 'int') }),
    '/base/subjects': subjects,
  };
  const schemas = known();
  await schemas.request(1);
  expect(schemas.find(1)).toMatchObject({ format: 'avro' });
  expect(asked.filter((path) => path.includes('/c/'))).toHaveLength(1);
  answers['/base/subjects/c/versions/1'] = missing;
  const others = known();
  await others.request(1);
  expect(others.find(1)).toBe('unknown-schema');
});

test('a schema that cannot be used says why, once', async () => {
  const reasons: string[] = [];
  answers = { '/base/schemas/ids/1': json(200, { schema: '{"type":"record"}' }) };
  const schemas = known({ onUnusable: (id, reason) => void reasons.push(`${id}: ${reason}`) });
  await schemas.request(1);
  expect(schemas.find(1)).toBe('schema-mismatch');
  expect(reasons).toHaveLength(1);
  answers = { '/base/schemas/ids/1': json(200, { schema: 'x', schemaType: 'XML' }) };
  const others = known({ onUnusable: (id, reason) => void reasons.push(reason) });
  await others.request(1);
  expect(reasons[1]).toContain('XML');
});

test('the reader’s schema is asked for once, and waited for', async () => {
  answers = {
    '/base/schemas/ids/1': json(200, { schema: '"int"' }),
    '/base/schemas/ids/2': json(200, { schema: '"long"' }),
  };
  const schemas = known({ readerSchema: 'quotes-value@latest' });
  expect(await failure(schemas)).toContain('no schema registry');
  answers['/base/subjects'] = subjects;
  expect(await failure(schemas)).toContain('readerSchema is quotes-value@latest');
  answers['/base/subjects/quotes-value/versions/latest'] = json(200, { schema: '"double"' });
  await schemas.request(1);
  await schemas.request(2);
  expect(schemas.find(2)).toMatchObject({ format: 'avro' });
  expect(asked.filter((path) => path.includes('latest'))).toHaveLength(3);
});
