// `tailrace init` on a real cluster: what it writes passes check, runs at once, and shows the values of every topic.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Message } from 'kafkajs';
import { createTopic, produce, testBrokers, uniqueTopic } from '../support/kafka.js';
import { filesWith, tailrace } from './command.js';
import { runInTest } from './run-in-test.js';

const COMPACTED = { 'cleanup.policy': 'compact' };

interface Kind {
  readonly name: string;
  readonly configs?: Readonly<Record<string, string>>;
  readonly messages: readonly Message[];
  /** Behind the topic, in the file. */
  readonly path: string;
  /** The same in values that are served. */
  readonly sees: Readonly<Record<string, unknown>>;
}

const json = (value: unknown): string => JSON.stringify(value);
const change = (id: number, after: object | null, op = 'c') => ({
  key: json({ id }),
  value: json({ op, before: null, after, source: { table: 'orders' } }),
});

const KINDS: readonly Kind[] = [
  {
    name: 'quotes',
    configs: COMPACTED,
    messages: ['EURUSD', 'USDJPY'].map((symbol) => ({ key: symbol, value: json({ symbol, bid: 1.5 }) })),
    path: '{key}',
    sees: { EURUSD: { symbol: 'EURUSD', bid: 1.5 }, USDJPY: { symbol: 'USDJPY', bid: 1.5 } },
  },
  {
    name: 'keyless',
    messages: [7, 8].map((id) => ({ key: null, value: json({ id, total: 2 }) })),
    path: '{value.id}',
    sees: { 7: { id: 7, total: 2 }, 8: { id: 8, total: 2 } },
  },
  {
    name: 'composite',
    messages: [{ key: json({ region: 'EU', id: 1 }), value: json({ total: 2 }) }],
    path: '{key.region}/{key.id}',
    sees: { 'EU/1': { total: 2 } },
  },
  { name: 'texts', messages: [{ key: 'a', value: 'hello you' }], path: '{key}', sees: { a: 'hello you' } },
  {
    name: 'bytes',
    messages: [{ key: 'a', value: Buffer.from([1, 0xff, 2]) }],
    path: '{key}',
    sees: { a: 'Af8C' },
  },
  { name: 'metrics', messages: [{ key: null, value: json([1.5]) }], path: 'latest', sees: { latest: [1.5] } },
  { name: 'empty', messages: [], path: '{key}', sees: {} },
  {
    name: 'events',
    messages: [
      {
        key: null,
        value: json({ total: 3 }),
        headers: {
          ce_specversion: '1.0',
          ce_id: 'x',
          ce_source: '/s',
          ce_type: 't',
          ce_subject: 'o-1',
          'content-type': 'application/json',
        },
      },
      {
        key: null,
        value: json({
          specversion: '1.0',
          id: 'y',
          source: '/s',
          type: 't',
          subject: 'o-2',
          data: { total: 4 },
        }),
        headers: { 'content-type': 'application/cloudevents+json' },
      },
    ],
    path: '{headers.ce_subject}',
    sees: { 'o-1': { total: 3 }, 'o-2': { total: 4 } },
  },
  {
    name: 'changes',
    configs: COMPACTED,
    messages: [change(1, { id: 1, total: 5 }), change(2, { id: 2, total: 6 }), change(2, null, 'd')],
    path: '{key.id}',
    sees: { 1: { id: 1, total: 5 } },
  },
  {
    name: 'wrapped',
    messages: [3, 4].map((id) => ({
      key: json({ schema: {}, payload: { id } }),
      value: json({ schema: {}, payload: { op: 'u', before: { id }, after: { id, total: 1 }, source: {} } }),
    })),
    path: '{key.id}',
    sees: { 3: { id: 3, total: 1 }, 4: { id: 4, total: 1 } },
  },
];

async function createKinds(): Promise<Map<Kind, string>> {
  const topics = new Map<Kind, string>();
  for (const kind of KINDS) {
    const topic = await createTopic({
      topic: uniqueTopic(`init.${kind.name}`),
      partitions: 3,
      configs: kind.configs ?? {},
    });
    if (kind.messages.length > 0) await produce(topic, kind.messages);
    topics.set(kind, topic);
  }
  return topics;
}

describe('a configuration that init writes', () => {
  test('passes check, runs at once, and shows the values of topics of every kind', async () => {
    const topics = await createKinds();
    const { other = '' } = filesWith({ other: '' });
    const file = `${other}.yaml`;
    const argv = ['--brokers', testBrokers().join(','), '--topics', [...topics.values()].join(',')];
    const made = await tailrace(['init', ...argv, '-o', file]);
    expect([made.code, made.stdout]).toEqual([0, '']);
    const text = readFileSync(file, 'utf8');
    for (const [{ path }, topic] of topics)
      expect(text).toContain(`- path: '${topic.split('.').join('/')}/${path}'`.replace(/'([\w/-]+)'$/, '$1'));

    expect(await tailrace(['check', '-c', file])).toMatchObject({ code: 0, stdout: '' });

    const running = runInTest(file);
    try {
      const url = await running.url();
      await running.ready();
      expect(await running.status()).toMatchObject({ isReady: true, config: { file, success: true } });
      const seen = await tailrace(['cat', '**', '--until-ready', '--timeout', '20s', '--url', url]);
      const lines = seen.stdout.split('\n').filter(Boolean);
      const values = new Map(
        lines
          .map((line) => JSON.parse(line) as { path: string; value: unknown })
          .map(({ path, value }) => [path, value]),
      );
      const expected = [...topics].flatMap(([{ sees }, topic]) =>
        Object.entries(sees).map(
          ([rest, value]) => [`${topic.split('.').join('/')}/${rest}`, value] as const,
        ),
      );
      expect(Object.fromEntries(values)).toEqual(Object.fromEntries(expected));
    } finally {
      await running.stop();
    }
  });

  test('goes to stdout without -o; a topic that is not there is said', async () => {
    const topic = await createTopic();
    await produce(topic, [{ key: 'a', value: '{}' }]);
    const brokers = ['init', '--brokers', testBrokers().join(',')];
    const { code, stdout, stderr } = await tailrace([...brokers, '--topics', topic]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(`${topic}: 1 record, 1 goes to paths such as ${topic}/a\n`),
    ]);
    const { file = '' } = filesWith({ file: stdout });
    expect((await tailrace(['check', '-c', file])).code).toBe(0);
    expect(await tailrace([...brokers, '--topics', `${topic}x`])).toMatchObject({
      ...{
        code: 1,
        stdout: '',
        stderr: expect.stringContaining(`there is no topic ${topic}x (did you mean ${topic}?)`),
      },
    });
  });
});
