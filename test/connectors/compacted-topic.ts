// Compacted topics that the broker's cleaner has been through for certain.

import { expect } from '@jest/globals';

import { produce, until } from '../support/kafka.js';
import { collect, kafkaSource } from './collector.js';

/** Configuration of a topic that is cleaned within seconds of the next record. */
export const COMPACT = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'min.cleanable.dirty.ratio': '0.001',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '1',
};

const PATIENCE_MS = 40_000;

/** Reads all of a topic once: records as `key=value`, and the position at which it was live, which must be all that there is. */
export async function readAll(
  topic: string,
): Promise<{ readonly values: string[]; readonly position: number }> {
  const seen = collect(kafkaSource({ topics: [topic] }));
  await seen.live();
  await seen.stop();
  const behind = seen.events.flatMap((event) => (event.type === 'records' ? [event.behind] : []));
  expect(behind.at(-1)).toBe(0);
  return { values: seen.values, position: Number.parseInt(seen.positions.get(`${topic}/0`) ?? '', 10) };
}

/** Writes records that roll segments until a fresh reading of the topic is as `isDone` wants it. Returns how many were written. */
export async function compacted(
  topic: string,
  isDone: (values: readonly string[]) => boolean,
): Promise<number> {
  let rolls = 0;
  await until(
    'the cleaner',
    async () => {
      await produce(topic, [{ key: 'roll', value: `${++rolls}` }]);
      return isDone((await readAll(topic)).values);
    },
    PATIENCE_MS,
  );
  return rolls;
}

/** Without those that only roll segments. */
export const others = (values: readonly string[]): string[] =>
  values.filter((each) => !each.startsWith('roll='));
