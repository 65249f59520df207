// `tailrace tap` on a real cluster: from now on, from the beginning, and when there is nothing to read from.

import { describe, expect, test } from '@jest/globals';
import { terminal } from '../../src/cli/output.js';
import { createTopic, produce, testBrokers, until, withAdmin } from '../support/kafka.js';
import { filesWith, tailrace, type Captured } from './command.js';

const configOf = (topic: string, brokers = testBrokers()) => `listen: { host: 127.0.0.1 }
auth: none
sources:
  - name: orders
    kafka: { brokers: [${brokers.join(', ')}], topics: [${topic}] }
    map: [{ path: 'orders/{key}' }]
entitlements: [{ allow: everyone, paths: ['**'] }]
`;

function tap(config: string, ...argv: string[]) {
  const { file = '' } = filesWith({ file: config });
  const text = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof text) => ({
    write: (chunk: string, done?: () => void) => ((text[name] += chunk), done?.(), true),
  });
  const output = terminal({ stdout: stream('stdout'), stderr: stream('stderr') } as never);
  const ended: Promise<Captured> = tailrace(['tap', '-c', file, '--timeout', '20s', ...argv], { output });
  return { text, ended, lines: () => text.stdout.split('\n').filter(Boolean) };
}

describe('tap on a real cluster', () => {
  test('shows only what comes from now on, with a word about what it waits for', async () => {
    const topic = await createTopic({ partitions: 2 });
    await produce(topic, [{ key: 'old', value: '{}' }]);
    const { text, ended, lines } = tap(configOf(topic), '-n', '2');
    await until('the hint', () => text.stderr.includes('waiting for records'));
    expect(text.stdout).toBe('');
    await produce(topic, [
      { key: 'new', value: '{"total":1}', partition: 0 },
      { key: 'new', value: null, partition: 0 },
    ]);
    expect((await ended).code).toBe(0);
    expect(lines()).toEqual([
      expect.stringMatching(new RegExp(`^${topic}/0@\\d  new  ->  orders/new  {"total":1}$`)),
      expect.stringMatching(new RegExp(`^${topic}/0@\\d  new  ->  deleted: all paths of the key$`)),
    ]);
  });

  test('reads from the beginning, or from some time ago, and leaves nothing behind on the cluster', async () => {
    const topic = await createTopic();
    const old = { key: 'old', value: '{}', timestamp: String(Date.now() - 3_600_000) };
    await produce(topic, [old, { key: 'young', value: '{}' }, { key: 'bad', value: '{' }]);
    const groups = () =>
      withAdmin(async (admin) => (await admin.listGroups()).groups.map(({ groupId }) => groupId));
    const before = await groups();
    const all = tap(configOf(topic), '--from', 'earliest', '-n', '3', '--json');
    expect((await all.ended).code).toBe(0);
    expect(all.lines().map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        topic,
        partition: 0,
        offset: 0,
        key: 'old',
        outcome: 'mapped',
        paths: [{ path: 'orders/old', value: {} }],
      },
      { offset: 1, key: 'young', outcome: 'mapped' },
      { offset: 2, key: 'bad', outcome: 'rejected', stage: 'decode value', code: 'syntax', at: 1 },
    ]);
    const some = tap(configOf(topic), '--from', '10m', '-n', '1', '--json');
    await some.ended;
    expect(some.lines().map((line) => JSON.parse(line) as object)).toMatchObject([{ key: 'young' }]);
    expect(await groups()).toEqual(before);
  });

  test('says what is wrong: no such topic is 78, nobody there is 69', async () => {
    const topic = await createTopic();
    const missing = tap(configOf(`${topic}x`));
    expect((await missing.ended).code).toBe(78);
    expect(missing.text.stderr).toContain(`there is no topic ${topic}x (did you mean ${topic}?)`);
    const gone = tap(configOf(topic, ['127.0.0.1:1']));
    expect((await gone.ended).code).toBe(69);
    expect(gone.text.stderr).toContain('127.0.0.1:1');
  });
});
