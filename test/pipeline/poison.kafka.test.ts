// A13 A14 from the broker to the socket: records that cannot be used, one in a thousand, or nothing else.

import { afterEach, expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';

import type { Value } from '../oracle/naive-json.js';
import { createTopic, produce, until } from '../support/kafka.js';
import { KafkaPipeline, untilHeld } from './kafka-pipeline.js';

let pipeline: KafkaPipeline;
afterEach(() => pipeline.stop());

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** Twelve ways to be of no use, by the code under which each is filed. */
const POISON: readonly (readonly [code: string, value: string | Buffer | null, key?: null])[] = [
  ['syntax', '{"symbol":"a","bid":1'],
  ['syntax', ''],
  ['syntax', 'NaN'],
  ['utf8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ['depth', nested(65)],
  ['size', JSON.stringify({ symbol: 'a', note: 'x'.repeat(1_100_000) })],
  ['duplicate-key', '{"symbol":"a","bid":1,"bid":2}'],
  ['proto-key', '{"symbol":"a","__proto__":{"isAdmin":true}}'],
  ['field-missing', '{"bid":1}'],
  ['field-null', '{"symbol":null}'],
  ['field-not-scalar', '{"symbol":{"of":"a"}}'],
  ['no-key', null, null],
];

test('A13 one poisoned record in a thousand, of each of twelve kinds, is filed with its place and delays none behind it', async () => {
  const topic = await createTopic({ configs: { 'max.message.bytes': '4000000' } });
  const map = [{ path: 'prices/{value.symbol}' }];
  await produce(
    topic,
    POISON.map((_, n) => ({ key: `poisoned-${n}`, value: JSON.stringify({ symbol: `p${n}` }) })),
  );
  pipeline = await KafkaPipeline.start({ topics: [topic], source: { map } });
  const watcher = await pipeline.watch();
  const truth = new Map<string, Value>(POISON.map((_, n) => [`prices/p${n}`, { symbol: `p${n}` }]));
  const expected: object[] = [];
  let offset = POISON.length;
  for (const [n, [code, value, key]] of POISON.entries()) {
    const good = Array.from({ length: 999 }, (_, i): Message => {
      const document = { symbol: `s${i}`, round: n };
      truth.set(`prices/s${i}`, document);
      return { key: `k${i}`, value: JSON.stringify(document) };
    });
    const bad: Message = { key: key === null ? null : `poisoned-${n}`, value };
    await produce(topic, [...good.slice(0, 500), bad, ...good.slice(500)]);
    await untilHeld(watcher, truth, 5_000);
    const stage = code === 'no-key' ? 'own' : code.startsWith('field') ? 'map' : 'decode value';
    expected.push({ source: 'quotes', topic, partition: 0, offset: offset + 500, stage, code });
    offset += 1_000;
  }
  await until('the letters', async () => (await pipeline.letters()).length >= POISON.length);
  const letters = await pipeline.letters();
  expect(letters).toMatchObject(expected);
  for (const [n, letter] of letters.entries()) {
    const [, value, key] = POISON[n] ?? ['', null];
    const bytes = value === null ? null : Buffer.from(value);
    const stub = bytes?.subarray(0, 65_536).toString('base64') ?? null;
    expect([letter.value, letter.valueBytes]).toEqual([stub, bytes?.length ?? 0]);
    expect(letter.key).toBe(key === null ? null : Buffer.from(`poisoned-${n}`).toString('base64'));
  }
  const staleNow = new Set(POISON.flatMap(([, , key], n) => (key === null ? [] : [`prices/p${n}`])));
  await until('the marks', () => watcher.stale.size === staleNow.size);
  expect(watcher.stale).toEqual(staleNow);
  expect(await pipeline.metric('tailrace_source_state', 'degraded')).toBe(0);
}, 60_000);

test('A14 a flood of poison degrades the source instead of draining the topic into the dead letters, and ends with the first good record', async () => {
  const topic = await createTopic();
  await produce(topic, [{ key: 'a', value: '{"bid":1}' }]);
  pipeline = await KafkaPipeline.start({ topics: [topic] });
  const watcher = await pipeline.watch();
  const poison = (count: number): Message[] =>
    Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: 'not json' }));
  const isDegraded = async (): Promise<boolean> =>
    (await pipeline.metric('tailrace_source_state{', '"degraded"')) === 1;

  await produce(topic, [...poison(101), { key: 'a', value: '{"bid":2}' }]);
  await until('degraded', isDegraded);
  await untilHeld(watcher, new Map([['prices/a', { bid: 2 }]]));
  await until('fresh', () => watcher.stale.size === 0);
  expect([await isDegraded(), (await pipeline.letters()).length]).toEqual([false, 101]);

  await produce(topic, poison(5_000));
  await until('degraded again', isDegraded);
  await until('stale', () => watcher.stale.size === 1);
  expect((await pipeline.letters()).length - 101).toBeLessThanOrEqual(200);
  watcher.expect(new Map([['prices/a', { bid: 2 }]]), { areStale: true });
  expect(pipeline.lines.filter(({ event }) => event === 'source-degraded')).toHaveLength(2);
}, 60_000);
