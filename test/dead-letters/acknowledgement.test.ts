// A letter that is not stored yet holds back the acknowledgement of its batch, and what it is about is read again after a crash.

import { expect, test } from '@jest/globals';
import type { LetterStub } from '../../src/dead-letters/dead-letter.js';
import { StoredDeadLetters, StoreOutage } from '../../src/dead-letters/stored.js';
import { Ingest } from '../../src/ingest/ingest.js';
import { MemorySource } from '../ingest/memory-source.js';
import { RecordedLog } from '../ingest/recorded-log.js';
import { batch, mappingOf, record } from '../ingest/records.js';
import { HandClock } from '../server/hand-clock.js';
import { until } from '../server/until.js';

function start() {
  const bad = batch([record('a', 1), record('b', '{'), record('c', 1)], 0, '3');
  const source = new MemorySource([
    { events: [{ type: 'live' }, bad, batch([record('d', 1)], 0, '4')], then: 'waits' },
  ]);
  const clock = new HandClock();
  const log = new RecordedLog();
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const stored: LetterStub[] = [];
  const state = { isFull: true };
  const store = {
    name: 'a store',
    probe: async () => undefined,
    store: async (letters: readonly LetterStub[]) => {
      if (state.isFull) throw new StoreOutage('the disk is full');
      stored.push(...letters);
      return letters;
    },
    close: async () => undefined,
  };
  const deadLetters = new StoredDeadLetters({ store, clock, log: quiet });
  const ingest = new Ingest({
    ...{ name: 's', source, mapping: mappingOf([{ path: 'p/{key}' }]), keyFormat: 'string' },
    ...{ valueFormat: 'json', writer: log, deadLetters, clock, log: quiet },
  });
  const stopping = new AbortController();
  const running = ingest.run(stopping.signal);
  return { source, clock, log, stored, state, deadLetters, ingest, stopping, running };
}

test('A13 nothing is acknowledged before its dead letters are stored, and what comes behind waits', async () => {
  const { source, clock, log, stored, state, deadLetters, stopping, running } = start();
  await until('the outage', () => deadLetters.outage !== undefined);
  for (let second = 0; second < 60; second++) {
    clock.pass(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([source.acks, stored, log.values.has('p/d')]).toEqual([[], [], false]);
  state.isFull = false;
  await until('acknowledged', () => (clock.pass(1_000), source.acks.length === 2));
  expect([source.acks, stored.map(({ code }) => code)]).toEqual([['t-0@3', 't-0@4'], ['syntax']]);
  stopping.abort();
  await running;
});

test('A13 a stop during an outage ends soon, and acknowledges nothing that is not stored', async () => {
  const { source, deadLetters, stopping, running } = start();
  await until('the outage', () => deadLetters.outage !== undefined);
  stopping.abort();
  await running;
  expect([source.acks, source.isClosed]).toEqual([[], true]);
});
