import { expect, test } from '@jest/globals';
import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../connectors/contract.js';
import { LoggedDeadLetters } from '../../src/dead-letters/logged.js';
import type { IngestLog } from '../../src/ingest/rejection.js';
import { retryWait } from '../../src/ingest/retry.js';
import { batch, record } from './records.js';
import { leapingClock, LIVE, set, start } from './running-ingest.js';

test('G12 a batch is acknowledged only after its updates are durable; at the end the source is let go', async () => {
  let settle = () => {};
  const durable = new Promise<void>((resolve) => (settle = resolve));
  const { source, log, until, stop, running } = start([{ events: [set('a', '1')], then: 'waits' }]);
  log.durable = durable;
  await until(() => log.values.size === 1);
  expect(source.acks).toEqual([]);
  settle();
  await until(() => source.acks.length === 1);
  expect(source.acks).toEqual(['t-0@1']);
  stop();
  await running;
  expect(source.isClosed).toBe(true);
});

test('G13 paths are stale until the source is live, while it is interrupted, and when reading has stopped', async () => {
  const { log, ingest, until, stop, running } = start([
    {
      events: [{ type: 'progress', done: 1, total: 2 }, LIVE, { type: 'interrupted', reason: 'no broker' }],
      then: 'waits',
    },
  ]);
  await until(() => ingest.status.state === 'stale');
  expect(ingest.status.reason).toBe('no broker');
  expect(log.freshness).toEqual(['stale', 'live', 'stale']);
  stop();
  await running;
  expect(ingest.status.state).toBe('stopped');
  expect(log.freshness.at(-1)).toBe('stale');
});

test('progress is shown while the current state is read', async () => {
  const { ingest, until, stop, running } = start([
    { events: [{ type: 'progress', done: 1, total: 2 }], then: 'waits' },
  ]);
  await until(() => ingest.status.progress !== undefined);
  expect(ingest.status).toMatchObject({ state: 'starting', progress: { done: 1, total: 2 } });
  stop();
  await running;
});

test('a source that stops while it reads its state is not waited for any longer', async () => {
  const { ingest, running } = start([
    { events: [{ type: 'progress', done: 1, total: 2 }], then: new OptionsRejected('no such encoding') },
  ]);
  await running;
  expect(ingest.status).toMatchObject({ state: 'stopped', reason: 'no such encoding', progress: undefined });
});

test('A2 an unavailable source is tried again from where it was, after growing, jittered waits', async () => {
  const gone = new SourceUnavailable('no broker');
  const { source, clock, log, ingest, until, stop, running } = start([
    { events: [set('a', '1'), LIVE], then: gone },
    { events: [], then: gone },
    { events: [set('b', '2'), LIVE], then: 'waits' },
  ]);
  await until(() => source.readFrom.length === 3 && ingest.status.state === 'live');
  expect(source.readFrom).toEqual([{}, { 't-0': '1' }, { 't-0': '1' }]);
  expect(clock.waits).toEqual([375, 750]);
  expect(log.freshness).toEqual(['stale', 'live', 'stale', 'live']);
  expect([...log.values.keys()]).toEqual(['p/a', 'p/b']);
  stop();
  await running;
});

test('waits grow to 30 s and no further, and lie between half of the step and all of it', () => {
  expect([1, 2, 3, 20].map((attempt) => retryWait(attempt, 0))).toEqual([250, 500, 1_000, 15_000]);
  expect(retryWait(1_000, 0.999_999)).toBeCloseTo(30_000, -1);
});

test('A11 a complete source whose history is lost is read anew, and what it no longer has is deleted when it is live', async () => {
  const { source, log, ingest, until, stop, running } = start([
    { events: [set('a', '1'), set('b', '2'), LIVE], then: new HistoryLost('gone') },
    { events: [set('b', '7')], then: new SourceUnavailable('again') },
    { events: [set('c', '8'), LIVE], then: 'waits' },
  ]);
  await until(() => ingest.status.state === 'live' && source.readFrom.length === 3);
  expect(source.readFrom).toEqual([{}, {}, { 't-0': '7' }]);
  expect([...log.values.keys()]).toEqual(['p/b', 'p/c']);
  expect(log.lines).toEqual(['p/a={"key":"a"}', 'p/b={"key":"b"}', 'p/c={"key":"c"}', 'p/a deleted']);
  expect(ingest.counts.swept).toBe(1);
  stop();
  await running;
});

const say = (key: string, value: unknown, position: string) => batch([record(key, value)], 0, position);

test('G3 a source that is read anew shows nobody its history: the log gets the newest word on each path when it is live, and only then an ack', async () => {
  const { source, log, until, stop, running } = start([
    { events: [say('a', 5, '1'), say('b', 5, '2'), say('c', 5, '3'), LIVE], then: new HistoryLost('gone') },
    {
      events: [
        ...[say('a', 1, '4'), say('a', 2, '5'), say('a', 5, '6'), say('b', 1, '7'), say('b', '{', '8')],
        ...[say('d', 1, '9'), say('d', null, '10'), say('e', 1, '11'), say('e', 2, '12')],
        LIVE,
        say('a', 6, '13'),
      ],
      then: 'waits',
    },
  ]);
  await until(() => log.values.get('p/a') === 6);
  expect(log.lines.slice(3)).toEqual(['p/a=5', 'p/b=1', 'p/e=2', 'p/c deleted', 'p/a=6']);
  expect([...log.stale]).toEqual(['p/b']);
  expect(source.acks.slice(3)).toEqual(['t-0@12', 't-0@13']);
  stop();
  await running;
});

test('what a reader held back when it was replaced or retired is not lost to who comes next', async () => {
  const first = start([{ events: [say('a', 1, '1'), say('b', 1, '2'), LIVE], then: 'waits' }]);
  await first.until(() => first.ingest.status.state === 'live');
  first.stop();
  await first.running;
  const second = start([{ events: [say('a', 2, '1'), say('c', 1, '2')], then: 'waits' }], { former: first });
  await second.begun;
  await second.until(() => second.ingest.counts.records === 2);
  expect([...second.log.values]).toEqual([
    ['p/a', 1],
    ['p/b', 1],
  ]);
  second.stop();
  await second.running;
  const third = start([{ events: [say('a', 2, '1'), say('c', 1, '2'), LIVE], then: 'waits' }], {
    former: second,
  });
  await third.begun;
  await third.until(() => third.ingest.status.state === 'live');
  expect([...third.log.values].sort()).toEqual([
    ['p/a', 2],
    ['p/c', 1],
  ]);
  third.stop();
  await third.running;
  await third.ingest.retire();
  expect([third.log.values.size, third.log.isRetired]).toEqual([0, true]);
});

test.each([
  ['history lost and not a complete source', new HistoryLost('gone'), 'history lost: gone'],
  ['a bug in the connector', new RangeError('oops'), 'a bug: see the log'],
])('%s: this source stops with a reason, and its values stay, stale', async (_, error, reason) => {
  const { log, ingest, lines, running } = start([{ events: [set('a', '1'), LIVE], then: error }], {
    completeState: false,
  });
  await running;
  expect(ingest.status).toMatchObject({ state: 'stopped', reason });
  expect(log.freshness).toEqual(['stale', 'live', 'stale']);
  expect([...log.values.keys()]).toEqual(['p/a']);
  expect(lines.some((line) => line.startsWith('error'))).toBe(true);
});

test('options that are refused at the start stop the source', async () => {
  const { ingest, lines, running } = start([{ events: [], then: new OptionsRejected('wrong password') }]);
  await running;
  expect(ingest.status).toMatchObject({ state: 'stopped', reason: 'wrong password' });
  expect(lines).toContain('error source-options-rejected');
});

test('A19 a source that was live and is refused is stale, tried again every 30 s, and said to be so once', async () => {
  const revoked = new OptionsRejected('may not read it any more');
  const { source, clock, ingest, lines, until, stop, running } = start([
    { events: [set('a', '1'), LIVE], then: revoked },
    { events: [], then: revoked },
    { events: [], then: revoked },
    { events: [set('b', '2'), LIVE], then: 'waits' },
  ]);
  await until(() => source.readFrom.length === 3);
  expect(ingest.status).toMatchObject({ state: 'stale', reason: revoked.message });
  await until(() => ingest.status.state === 'live');
  expect(source.readFrom.at(-1)).toEqual({ 't-0': '1' });
  expect(clock.waits).toEqual([30_000, 30_000, 30_000]);
  expect(lines.filter((line) => line === 'error source-options-rejected')).toHaveLength(1);
  stop();
  await running;
});

test('a connector that ends its reading by itself has a bug', async () => {
  const { ingest, running } = start([{ events: [], then: 'ends' }]);
  await running;
  expect(ingest.status.state).toBe('stopped');
});

test('A13 rejected records are logged a few times a second with their origin', async () => {
  const bad = batch(Array.from({ length: 99 }, () => record('secret-key', 'secret-value')));
  const { ingest, lines, until, stop, running } = start([{ events: [LIVE, bad], then: 'waits' }]);
  await until(() => ingest.counts.records === 99);
  expect(lines.filter((line) => line === 'warn record-rejected')).toHaveLength(5);
  stop();
  await running;
});

test('A13 a line about a rejected record has its origin and never its payload or key', () => {
  const facts: unknown[] = [];
  const operator: IngestLog = { info() {}, error() {}, warn: (_, given) => void facts.push(given) };
  const letters = new LoggedDeadLetters(operator, leapingClock());
  const letter = {
    source: 's',
    topic: 't',
    partition: 3,
    offset: '42',
    stage: 'map',
    code: 'field-missing',
    at: 0,
  } as const;
  letters.write({ ...letter, record: record('secret-key', 'secret-value') });
  expect(facts).toEqual([{ ...letter, leftOut: 0 }]);
});

test('what stops a reading is counted by kind, and contact that the connector regains by itself as well', async () => {
  const { ingest, until, stop, running } = start([
    {
      events: [LIVE, { type: 'interrupted', reason: 'the broker is gone' }, LIVE],
      then: new HistoryLost('gone'),
    },
    { events: [set('a', '1'), LIVE], then: new SourceUnavailable('no contact') },
    { events: [LIVE], then: new SourceUnavailable('no contact') },
    { events: [LIVE], then: 'waits' },
  ]);
  await until(() => ingest.figures().counts.errors.unavailable === 3 && ingest.status.state === 'live');
  const { state, counts, lag } = ingest.figures();
  expect(counts.errors).toEqual({ unavailable: 3, history_lost: 1, options_rejected: 0, bug: 0 });
  expect([state, lag]).toEqual(['live', { records: 0, age: 0, lastAt: 1 }]);
  stop();
  await running;
});
