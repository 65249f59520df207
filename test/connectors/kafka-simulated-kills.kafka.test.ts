// The reader's loop killed again and again at random places: what was made durable, run after run, is exactly what the log holds.

import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { Source, SourceEvent } from '../../connectors/contract.js';
import { javaProduce, type JavaStep } from '../support/java-producer.js';
import { createTopic, produce, testBrokers, uniqueTopic, until } from '../support/kafka.js';
import { kafkaSource } from './collector.js';
import { COMPACT, compacted, others } from './compacted-topic.js';
import { isLong } from '../support/long.js';

const KILLS = isLong ? 1_000 : 50;
const TRANSACTIONS = isLong ? 500 : 45;
const PRODUCERS = ['A', 'B', 'C'];
const PARTITIONS = 3;
/** Keys that have fooled readers: an abort marker's, none, empty. */
const KEYS = [Buffer.alloc(4), null, '', 'k'];

/** What a kill does to the reading: the generator is given up, aborted from outside, or its source closed. */
const KILL_WAYS = ['return', 'abort', 'close'] as const;

const prefix = uniqueTopic('kills');
/** What must be read of each partition, in order. */
const expected = new Map<string, string[]>();
beforeAll(async () => {
  await Promise.all([transactionalTopic(), compactedTopic()]);
  const wanted = [...expected.values()].flat().length;
  // Markers of what was committed last are written after the producer has its answer.
  await until(
    'all that was committed',
    async () => {
      const durable = new Durable();
      await readOn(durable, Infinity);
      return [...durable.values.values()].flat().length === wanted;
    },
    60_000,
  );
}, 240_000);

/** Transactions of three producers, one in each that commits or aborts at random, with plain records in between. */
async function transactionalTopic(): Promise<void> {
  const topic = await createTopic({ topic: `${prefix}.transactions`, partitions: PARTITIONS });
  const steps: JavaStep[] = [{ step: 'open', producer: 'plain', codec: 'lz4' }];
  for (const producer of PRODUCERS)
    steps.push({ step: 'open', producer, transactionalId: `${topic}-${producer}`, codec: 'snappy' });
  const log = new Map<string, { value: string; producer: string; number: number }[]>();
  const fates = new Map<string, boolean>();
  const send = (producer: string, number: number): void => {
    const partition = dice(PARTITIONS);
    const value = `${producer}${number}.${steps.length}`;
    steps.push({ step: 'send', producer, topic, partition, key: KEYS[dice(KEYS.length)] ?? null, value });
    const name = `${topic}/${partition}`;
    log.set(name, [...(log.get(name) ?? []), { value, producer, number }]);
  };
  for (let round = 0; round * PRODUCERS.length < TRANSACTIONS; round++) {
    for (const producer of PRODUCERS) steps.push({ step: 'begin', producer });
    for (let n = 0; n < 8; n++) send(PRODUCERS[dice(PRODUCERS.length)] ?? 'A', round);
    if (dice(2) === 0) send('plain', round);
    for (const producer of fc.sample(fc.shuffledSubarray(PRODUCERS, { minLength: 3 }), 1)[0] ?? []) {
      const isCommitted = dice(2) === 0;
      fates.set(`${producer}${round}`, isCommitted);
      steps.push({ step: isCommitted ? 'commit' : 'abort', producer });
    }
  }
  fates.set('plain', true);
  await javaProduce(testBrokers(), steps);
  for (const [name, records] of log) {
    const isThere = ({ producer, number }: { producer: string; number: number }): boolean =>
      producer === 'plain' || fates.get(`${producer}${number}`) === true;
    expected.set(
      name,
      records.filter(isThere).map(({ value }) => value),
    );
  }
}

async function compactedTopic(): Promise<void> {
  const topic = await createTopic({ topic: `${prefix}.compacted`, configs: COMPACT });
  const rounds = 6;
  for (let round = 1; round <= rounds; round++)
    await produce(
      topic,
      Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, value: `${round}` })),
    );
  await compacted(topic, (values) => others(values).length === 20);
  expected.set(
    `${topic}/0`,
    Array.from({ length: 20 }, () => `${rounds}`),
  );
}

function dice(sides: number): number {
  return Math.floor(Math.random() * sides);
}

/** What survives a kill: records and the position after them, written in one go. */
class Durable {
  readonly values = new Map<string, string[]>();
  readonly positions = new Map<string, string>();

  append({ partition, position, records }: Extract<SourceEvent, { type: 'records' }>): void {
    const values = this.values.get(partition) ?? [];
    // What rolls segments of the compacted topic may be cleaned away meanwhile.
    values.push(...records.filter(({ key }) => String(key) !== 'roll').map(({ value }) => String(value)));
    this.values.set(partition, values);
    this.positions.set(partition, position);
  }
}

/** Reads on from what is durable. Returns whether it came to the end before it was killed, after so many events. */
async function readOn(durable: Durable, events: number): Promise<boolean> {
  const source: Source = kafkaSource({
    topics: [`${prefix}.*`],
    maxBytesPerPartition: 1024,
    fetchWindow: '0ms',
  });
  const ending = new AbortController();
  const way = KILL_WAYS[dice(KILL_WAYS.length)];
  let left = events;
  for await (const event of source.read(new Map(durable.positions), ending.signal)) {
    if (left === 0) {
      // Taken, and lost with the process before it was durable, as is all that still comes.
      if (way === 'return') return false;
      if (way === 'abort') ending.abort();
      else await source.close();
      continue;
    }
    left--;
    if (event.type === 'live') return true;
    if (event.type === 'records') durable.append(event);
  }
  return false;
}

test('A6 A10 A20 a reader that is killed at random places and goes on from what is durable loses, repeats and shows nothing wrong', async () => {
  let durable = new Durable();
  let runs = 0;
  for (let kills = 0; kills < KILLS;) {
    if (!(await readOn(durable, dice(15)))) kills++;
    else {
      runs++;
      expectAll(durable);
      durable = new Durable();
    }
  }
  while (!(await readOn(durable, Infinity)));
  expectAll(durable);
  console.info(`${KILLS} kills of the reader's loop in ${++runs} readings of the whole log`);
}, 1_200_000);

function expectAll({ values }: Durable): void {
  expect(new Map([...values].sort())).toEqual(new Map([...expected].sort()));
}
