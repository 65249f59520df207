// What ingest makes of a source's transactions, and of a topic that is cleared.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HistoryLost, type SourceEvent } from '../../connectors/contract.js';
import type { SourceBatch, SourceClearing } from '../../src/ingest/intake.js';
import { batch, intakeOf, record } from './records.js';
import { LIVE, start } from './running-ingest.js';

const BY_KEY = [{ path: '{key}' }];

/** Part of a transaction that goes on with the next event. */
function more(event: SourceBatch): SourceBatch {
  return { ...event, more: true };
}

function cleared(topic: string, position = '1'): SourceClearing {
  return { type: 'cleared', partition: 't-0', topic, partitionNumber: 0, position };
}

function setOf(key: string, value: unknown): SourceBatch {
  return batch([record(key, value)]);
}

function ofTopic(topic: string, event: SourceBatch): SourceBatch {
  return { ...event, topic };
}

describe('G9 a transaction of an atomic source', () => {
  test('reaches the log as a whole when it is complete, with the last word on each path', () => {
    const { intake, log } = intakeOf(BY_KEY, { atomic: true });
    intake.take(more(batch([record('a', 1), record('b', 1)])), 1);
    intake.take(more(batch([record('a', 2), record('c', 1)])), 1);
    expect(log.lines).toEqual([]);
    intake.take(batch([record('c', null), record('b', null), record('d', 1)]), 1);
    expect(log.lines).toEqual(['a=2', 'd=1']);
    expect([log.appends, log.bounds]).toEqual([1, ['whole']]);
  });

  test('is one even where it changes what was there before, deletes it, and sets it again', () => {
    const { intake, log } = intakeOf(BY_KEY, { atomic: true });
    intake.take(batch([record('a', 1), record('b', 1)]), 1);
    intake.take(more(batch([record('a', null), record('b', 2)])), 1);
    intake.take(batch([record('a', 3), record('b', null)]), 1);
    expect(log.lines.slice(2)).toEqual(['a=3', 'b deleted']);
    expect(log.bounds).toEqual(['whole', 'whole']);
  });

  test('that is too large comes in parts, of which only the last says that it is whole', () => {
    const { intake, log } = intakeOf(BY_KEY, { atomic: true });
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => record(`k${from + i}`, 1));
    const large = JSON.stringify('x'.repeat(600_000));
    intake.take(more(batch(many(0, 1_500))), 1);
    expect([log.values.size, log.bounds]).toEqual([1_000, ['part']]);
    intake.take(batch(many(1_500, 700)), 1);
    expect([log.values.size, log.bounds]).toEqual([2_200, ['part', 'part', 'whole']]);
    intake.take(more(batch([record('large', large), record('larger', large)])), 1);
    expect(log.bounds.at(-1)).toBe('part');
  });

  test('whose last part brings nothing more is ended all the same', () => {
    const { intake, log } = intakeOf(BY_KEY, { atomic: true });
    intake.take(more(batch(Array.from({ length: 1_000 }, (_, i) => record(`k${i}`, 1)))), 1);
    intake.take(batch([record('k0', 1)]), 1);
    expect(log.bounds).toEqual(['part', 'whole']);
    intake.take(batch([record('k0', 1)]), 1);
    expect(log.bounds).toHaveLength(2);
  });

  test('marks a path stale after it, if its last record was rejected', () => {
    const { intake, log } = intakeOf(BY_KEY, { atomic: true });
    intake.take(batch([record('a', 1), record('b', 1)]), 1);
    intake.take(more(batch([record('a', '{'), record('b', '{')])), 1);
    expect(log.stale.size).toBe(0);
    intake.take(setOf('b', 2), 1);
    expect([...log.stale]).toEqual(['a']);
  });

  test('is acknowledged at its end, in every partition that it touched', async () => {
    const part = (partition: number, position: string, goesOn: boolean): SourceEvent => ({
      ...batch([record(`k${position}`, 1)], partition, position),
      more: goesOn,
    });
    const { source, log, until, stop, running } = start(
      [
        {
          events: [part(0, '1', true), part(1, '2', true), part(0, '3', false), part(0, '4', true)],
          then: 'waits',
        },
      ],
      { atomic: true },
    );
    await until(() => source.acks.length === 2);
    expect(source.acks).toEqual(['t-0@3', 't-1@2']);
    expect(log.values.size).toBe(3);
    stop();
    await running;
    expect(source.acks).toHaveLength(2);
  });

  test('that is cut short by a loss of history is not told; reading anew tells all as one', async () => {
    const { log, until, stop, running } = start(
      [
        { events: [setOf('a', 1), LIVE, more(setOf('b', 1))], then: new HistoryLost('the slot is gone') },
        { events: [setOf('a', 2), setOf('c', 1), LIVE], then: 'waits' },
      ],
      { atomic: true },
    );
    await until(() => log.values.size === 2);
    expect(log.lines).toEqual(['p/a=1', 'p/a=2', 'p/c=1']);
    expect(log.bounds).toEqual(['whole', 'whole']);
    stop();
    await running;
  });

  test('leads to the state that the same records lead to one by one, and the log never learns of what was undone', () => {
    const write = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.integer({ min: 0, max: 3 })));
    const transactions = fc.array(
      fc.array(fc.array(write, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(transactions, (all) => {
        const [whole, single] = [intakeOf(BY_KEY, { atomic: true }), intakeOf(BY_KEY)];
        for (const transaction of all) {
          for (const [index, writes] of transaction.entries()) {
            const event = batch(writes.map(([key, value]) => record(key, value)));
            whole.intake.take(index < transaction.length - 1 ? more(event) : event, 1);
            single.intake.take(event, 1);
          }
          expect(whole.log.values).toEqual(single.log.values);
        }
        expect(whole.log.appends).toBeLessThanOrEqual(all.length);
      }),
      { numRuns: 300 },
    );
  });
});

test('of a source that is not atomic nothing waits for the end of a transaction', () => {
  const { intake, log } = intakeOf(BY_KEY);
  intake.take(more(setOf('a', 1)), 1);
  expect(log.lines).toEqual(['a=1']);
  expect(log.bounds).toEqual([]);
});

describe('keys belong to a topic', () => {
  const BY_TOPIC = [{ path: '{topic}/{key}' }];

  test('equal keys of two topics in one partition are two keys', () => {
    const { intake, log } = intakeOf(BY_TOPIC);
    intake.take(ofTopic('x', setOf('a', 1)), 1);
    intake.take(ofTopic('y', setOf('a', 2)), 1);
    intake.take(ofTopic('x', batch([record('a', null)])), 1);
    expect(log.values).toEqual(new Map([['y/a', 2]]));
  });

  test('B16 a topic that is cleared takes its paths with it, and no others', () => {
    const { intake, log } = intakeOf(BY_TOPIC);
    for (const topic of ['x', 'y'])
      for (let key = 0; key < 2_500; key++) intake.take(ofTopic(topic, setOf(`k${key}`, key)), 1);
    expect([...intake.clear(cleared('x'), 2)]).toHaveLength(3);
    expect(log.values.size).toBe(2_500);
    expect(log.values.has('y/k0')).toBe(true);
    expect(intake.counts.swept).toBe(2_500);
    intake.take(ofTopic('x', setOf('k1', 7)), 3);
    expect(log.values.get('x/k1')).toBe(7);
  });

  test('what was rejected of a cleared topic is not replayed', () => {
    const { intake } = intakeOf(BY_TOPIC);
    const rejected = { ...record('a', '{'), offset: 5 };
    for (const topic of ['x', 'y']) intake.take(ofTopic(topic, batch([rejected])), 1);
    expect([...intake.clear(cleared('x'), 2)]).toHaveLength(1);
    const replayed = (topic: string) =>
      intake.replay({ ...record('a', 1), offset: 5, topic, partition: 0 }, 3).outcome;
    expect([replayed('x'), replayed('y')]).toEqual(['superseded', 'applied']);
  });

  test('G9 clearing and what fills the topic again are one transaction', async () => {
    const { log, source, until, stop, running } = start(
      [
        {
          events: [
            setOf('a', 1),
            LIVE,
            { ...cleared('t', '2'), more: true },
            batch([record('a', 1), record('b', 1)], 0, '3'),
          ],
          then: 'waits',
        },
      ],
      { atomic: true },
    );
    await until(() => source.acks.length === 2);
    expect(log.bounds).toEqual(['whole', 'whole']);
    expect(log.values).toEqual(
      new Map([
        ['p/a', 1],
        ['p/b', 1],
      ]),
    );
    stop();
    await running;
  });
});
