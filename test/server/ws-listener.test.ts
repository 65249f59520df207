// Frames written beside ws: right bytes, in order with those of ws, shared, and never to a connection that is closing.

import { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { FrameCache, textFrame } from '../../src/server/frame.js';
import { Tag } from '../../src/protocol/data-lines.js';
import { stringifyJson } from '../../src/topic/json.js';
import { Bystander } from './bystander.js';
import { TestServer } from './test-server.js';
import { until } from './until.js';

describe('a text frame', () => {
  // RFC 6455 section 5.2: 7 bits, 16 bits, 64 bits of length
  const sizes: readonly [number, readonly number[]][] = [
    [0, [0x81, 0]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ];
  test.each(sizes)('of %d bytes', (size, header) => {
    const text = stringifyJson('x'.repeat(size)).slice(1, -1) as ReturnType<typeof stringifyJson>;
    const frame = textFrame(text);
    expect([...frame.subarray(0, header.length)]).toEqual(header);
    expect(frame.subarray(header.length).toString('latin1')).toBe(text);
  });

  test('is the same Buffer for the same lines, one after the other', () => {
    const frames = new FrameCache();
    const lines = stringifyJson(['ü', 1]);
    const first = frames.frameOf(lines);
    expect(frames.frameOf(stringifyJson(['ü', 1]))).toBe(first);
    expect(frames.frameOf(stringifyJson(2))).not.toBe(first);
    expect(frames.frameOf(lines)).toEqual(first);
  });
});

test('every size of message arrives whole, mixed with pings and pongs of ws', async () => {
  const server = await TestServer.start();
  const client = await server.session({ acks: false });
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  const values = [0, 1, 50, 80, 125, 126, 1_000, 65_000, 65_536, 100_000].map((size) => 'ü'.repeat(size));
  const told = (): unknown[][] => client.data.filter(([tag]) => tag === Tag.Keyframe || tag === Tag.Full);
  for (const [i, value] of values.entries()) {
    server.put('prices/A', value);
    client.ws.ping('from the client');
    server.clock.pass(1_000);
    await until('the value', () => told().length > i);
  }
  const received = told().map((line) => line[line[0] === Tag.Keyframe ? 6 : 3]);
  expect(received.map((value) => String(value).length)).toEqual(values.map((value) => value.length));
  expect(received.every((value, i) => value === values[i])).toBe(true);
});

test('sessions of one audience are written one shared Buffer', async () => {
  const server = await TestServer.start();
  const clients = await Promise.all([1, 2, 3].map(() => server.session()));
  for (const client of clients) client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  for (const client of clients) await client.untilControl('end');
  const written = new Map<Duplex, unknown>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const original = Duplex.prototype.write;
  Duplex.prototype.write = function (this: Duplex, ...args: unknown[]): boolean {
    written.set(this, args[0]);
    return Reflect.apply(original, this, args) as boolean;
  };
  try {
    server.put('prices/A', { bid: 1 });
    for (const client of clients) await client.untilData(1);
  } finally {
    Duplex.prototype.write = original;
  }
  expect(written.size).toBe(3);
  expect(new Set(written.values()).size).toBe(1);
});

test('nothing is written behind a close frame', async () => {
  const server = await TestServer.start();
  const client = await server.session();
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  const { frames } = client;
  client.ws.send('garbage');
  for (let i = 0; i < 100; i++) server.put('prices/A', i);
  await client.closing();
  await until('the log line', () => server.closes().length === 1);
  expect(server.closes()[0]).toMatchObject({ sentFrames: client.frames });
  expect(client.frames).toBeLessThanOrEqual(frames + 2);
});

test('nothing is written to a peer that has said good-bye and hangs on', async () => {
  const server = await TestServer.start();
  const bystander = await Bystander.join(server);
  const client = await server.session({ acks: false });
  client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
  await client.untilControl('end');
  client.ws.pause(); // it never reads our close frame, so its socket stays
  client.ws.close(1000);
  const { traffic } = server.server;
  let writes = 0;
  for (let round = 0; round < 50 && writes !== 1; round++) {
    const before = traffic.socketWrites;
    await bystander.goesOn();
    writes = traffic.socketWrites - before;
  }
  expect(writes).toBe(1);
  expect(server.closes()).toEqual([]);
});
