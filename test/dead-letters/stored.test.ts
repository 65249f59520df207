// The way of dead letters into a store that fails, hangs and recovers: nothing counts as stored that is not.

import { expect, test } from '@jest/globals';
import type { LetterStub } from '../../src/dead-letters/dead-letter.js';
import { StoredDeadLetters, StoreOutage, type LetterStore } from '../../src/dead-letters/stored.js';
import { HandClock } from '../server/hand-clock.js';
import { until } from '../server/until.js';
import { letter } from './letters.js';

/** Does what the test says; keeps what it was given. */
class TestStore implements LetterStore {
  readonly name = 'a store';
  readonly batches: (string | number)[][] = [];
  act: (letters: readonly LetterStub[]) => Promise<readonly LetterStub[]> = async (letters) => letters;
  closed = 0;

  async probe(): Promise<void> {}
  store(letters: readonly LetterStub[]): Promise<readonly LetterStub[]> {
    this.batches.push(letters.map(({ offset }) => offset));
    return this.act(letters);
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

function start() {
  const store = new TestStore();
  const clock = new HandClock();
  const lines: string[] = [];
  const write = (event: string, facts: object) => void lines.push(`${event} ${JSON.stringify(facts)}`);
  const sink = new StoredDeadLetters({ store, clock, log: { info: write, warn: write } });
  const settled: string[] = [];
  const put = (...offsets: number[]) =>
    offsets.forEach((offset) => {
      const done = (how: string) => void settled.push(`${offset} ${how}`);
      sink.write(letter(offset)).then(
        () => done('stored'),
        () => done('failed'),
      );
    });
  return { store, clock, lines, sink, settled, put };
}

const FULL = () => Promise.reject(new StoreOutage('the disk is full'));

test('A13 letters of one batch of records are one batch of the store, in order', async () => {
  const { store, settled, put } = start();
  put(1, 2, 3);
  expect(settled).toEqual([]);
  await until('all stored', () => settled.length === 3);
  expect(store.batches).toEqual([[1, 2, 3]]);
});

test('A13 what comes while a batch is under way is the next one, and waits for its own', async () => {
  const { store, settled, put } = start();
  const release: (() => void)[] = [];
  store.act = (letters) => new Promise((resolve) => release.push(() => resolve(letters)));
  put(1);
  await until('the first is under way', () => release.length === 1);
  put(2, 3);
  release[0]!();
  await until('the second is under way', () => release.length === 2);
  expect([store.batches, settled]).toEqual([[[1], [2, 3]], ['1 stored']]);
  release[1]!();
  await until('all stored', () => settled.length === 3);
});

test('A13 a store may take a part; the rest is offered again, in order', async () => {
  const { store, settled, put } = start();
  store.act = async (letters) => letters.filter((_, index) => index % 2 === 0);
  put(1, 2, 3, 4);
  await until('all stored', () => settled.length === 4);
  expect(store.batches).toEqual([[1, 2, 3, 4], [2, 4], [4]]);
  expect(settled).toEqual(['1 stored', '3 stored', '2 stored', '4 stored']);
});

test('D6 while the store is full nothing is stored or lost; it is said once, and once when it is over', async () => {
  const { store, clock, lines, sink, settled, put } = start();
  store.act = FULL;
  put(1, 2);
  for (let tries = 1; tries < 6; tries++) {
    await until('a try', () => store.batches.length === tries);
    await until('a pause', () => sink.outage === 'the disk is full');
    put(10 + tries);
    clock.pass(10_000);
  }
  expect(settled).toEqual([]);
  expect(lines).toEqual(['dead-letters-waiting {"store":"a store","reason":"the disk is full","letters":2}']);
  store.act = async (letters) => letters;
  await until('all stored', () => (clock.pass(10_000), settled.length === 7));
  expect(settled.map((each) => each.split(' ')[0])).toEqual(['1', '2', '11', '12', '13', '14', '15']);
  expect([lines.length, sink.outage]).toEqual([2, undefined]);
  expect(lines[1]).toMatch(/^dead-letters-stored \{"store":"a store","afterMs":\d+\}$/);
});

test('a batch is bounded, however many letters wait', async () => {
  const { store, sink } = start();
  const value = Buffer.alloc(64 * 1024);
  await Promise.all(Array.from({ length: 40 }, (_, offset) => sink.write(letter(offset, { value }))));
  expect(store.batches.every((batch) => batch.length <= 8)).toBe(true);
  expect(store.batches.flat()).toEqual(Array.from({ length: 40 }, (_, offset) => offset));
});

test('a close stores what waits, once more, and what it cannot store is rejected', async () => {
  const { store, settled, sink, put, clock } = start();
  store.act = FULL;
  put(1);
  await until('an outage', () => sink.outage !== undefined);
  store.act = async (letters) => letters.slice(0, 1);
  put(2);
  await sink.close();
  expect([settled, store.closed]).toEqual([['1 stored', '2 stored'], 1]);
  put(3);
  await sink.close();
  await until('rejected', () => settled.length === 3);
  expect([settled[2], store.closed]).toEqual(['3 failed', 1]);

  const full = start();
  full.store.act = FULL;
  full.put(1);
  await until('an outage', () => full.sink.outage !== undefined);
  await full.sink.close();
  await until('rejected', () => full.settled.length === 1);
  expect([full.settled, full.store.batches.length]).toEqual([['1 failed'], 2]);
  clock.pass(0);
});

test('a close does not wait for a store that hangs', async () => {
  const { store, clock, settled, sink, put } = start();
  store.act = () => new Promise(() => undefined);
  put(1);
  await until('under way', () => store.batches.length === 1);
  const closed = sink.close();
  clock.pass(2_000);
  await closed;
  await until('rejected', () => settled.length === 1);
  expect(settled).toEqual(['1 failed']);
});

test('what is no outage is a bug: it is told to everyone who waits, and nothing is tried again', async () => {
  const { store, sink, settled, put } = start();
  store.act = () => Promise.reject(new TypeError('a bug'));
  put(1, 2);
  await until('all failed', () => settled.length === 2);
  put(3);
  await until('the next fails too', () => settled.length === 3);
  expect([settled, store.batches.length]).toEqual([['1 failed', '2 failed', '3 failed'], 1]);
  await expect(sink.write(letter(4))).rejects.toThrow(/a store failed/);
});
