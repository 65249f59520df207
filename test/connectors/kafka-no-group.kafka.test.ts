// A4: there is no group, so nothing is rebalanced: who else reads, comes, goes or hangs changes nothing for a reader.

import { expect, test } from '@jest/globals';

import type { Source } from '../../connectors/contract.js';
import { createTopic, produce, until, withAdmin } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';

/** Takes one event, and then nothing until it is told to end. */
function stalled(source: Source): { readonly taken: Promise<void>; end(): Promise<void> } {
  const events = source.read(new Map(), new AbortController().signal)[Symbol.asyncIterator]();
  const taken = events.next().then(() => undefined);
  return {
    taken,
    async end() {
      await source.close();
      await events.return?.();
    },
  };
}

test('A4 readers of the same topics that come, hang and go take nothing from one another, and leave nothing on the cluster', async () => {
  const topic = await createTopic({ partitions: 4 });
  const steady = collect(kafkaSource({ topics: [topic] }));
  await steady.live();
  const expected: string[] = [];
  for (let round = 0; round < 5; round++) {
    const hanging = stalled(kafkaSource({ topics: [topic] }));
    await hanging.taken;
    const coming = collect(kafkaSource({ topics: [topic] }));
    const messages = Array.from({ length: 40 }, (_, n) => ({
      key: `${round}.${n}`,
      value: '1',
      partition: n % 4,
    }));
    await produce(topic, messages);
    expected.push(...messages.map(({ key }) => `${key}=1`));
    await until('all at both', () =>
      [steady, coming].every(({ values }) => values.length === expected.length),
    );
    await coming.stop();
    await hanging.end();
  }
  expect([...steady.values].sort()).toEqual(expected.sort());
  expect(steady.told()).toEqual(['live']);
  const { groups } = await withAdmin((admin) => admin.listGroups());
  expect(groups.filter(({ groupId }) => groupId.startsWith('tailrace'))).toEqual([]);
});
