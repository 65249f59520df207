// When a reader says live and interrupted.

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';

import { Contact } from '../../src/kafka/contact.js';
import { PartitionState } from '../../src/kafka/partition.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function partition(number: number): PartitionState {
  return new PartitionState({ topic: 't', partition: number, topicId: undefined, offset: 0 });
}

test('live comes once, when every partition has delivered up to the end first seen', () => {
  const contact = new Contact(2_000, () => undefined);
  const [one, two] = [partition(0), partition(1)];
  contact.add(one);
  contact.add(two);
  expect(contact.regain(one, 10)).toBe(true);
  expect(contact.regain(one, 50)).toBe(false);
  expect(contact.regain(two, 0)).toBe(true);
  expect(contact.settle(two)).toBe(false);
  one.delivered = 9;
  expect(contact.settle(one)).toBe(false);
  one.delivered = 10;
  expect(contact.settle(one)).toBe(true);
  expect(contact.settle(one)).toBe(false);
});

test('a loss shorter than the grace is not told, a longer one is, and live follows when the new end is reached', () => {
  const told: string[] = [];
  const contact = new Contact(2_000, (reason) => told.push(reason));
  const one = partition(0);
  contact.add(one);
  contact.regain(one, 0);
  expect(contact.settle(one)).toBe(true);

  contact.lose(one, 'election');
  jest.advanceTimersByTime(1_900);
  contact.regain(one, 5);
  jest.advanceTimersByTime(5_000);
  expect(told).toEqual([]);

  contact.lose(one, 'gone');
  jest.advanceTimersByTime(2_100);
  expect(told).toEqual(['gone']);
  contact.regain(one, 7);
  expect(contact.settle(one)).toBe(false);
  one.delivered = 7;
  expect(contact.settle(one)).toBe(true);
});

test('A20 a tail that compaction emptied counts as the end without moving the position', () => {
  const contact = new Contact(2_000, () => undefined);
  const one = partition(0);
  contact.add(one);
  contact.regain(one, 10);
  one.emptyTails = 2;
  expect(contact.settle(one)).toBe(false);
  one.emptyTails = 3;
  expect(contact.settle(one)).toBe(true);
  expect(one.delivered).toBe(0);
});

test('A10 what is withheld for long enough is told at once, whatever the grace, and live follows when it has been read', () => {
  const told: string[] = [];
  const contact = new Contact(2_000, (reason) => told.push(reason));
  const [one, two] = [partition(0), partition(1)];
  for (const each of [one, two]) {
    contact.add(each);
    contact.regain(each, 0);
    contact.settle(each);
  }
  expect(contact.state).toBe('live');
  contact.withhold(one, 'a transaction');
  contact.withhold(one, 'a transaction');
  expect([told, contact.state]).toEqual([['a transaction'], 'interrupted']);
  expect(contact.settle(two)).toBe(false);
  contact.regain(one, 7);
  expect(contact.settle(one)).toBe(false);
  one.delivered = 7;
  expect(contact.settle(one)).toBe(true);
});
