// What holds up ingest while its upstream is well, and what it does about quiet keys and rejected records.

import { describe, expect, test } from '@jest/globals';
import { batch, record } from './records.js';
import { LIVE, set, start } from './running-ingest.js';

describe('A14 a flood of rejected records', () => {
  const bad = (count: number) => Array.from({ length: count }, () => record('secret-key', 'secret-value'));
  const good = (id: string) => record(id, { id });

  test('degrades the source and pauses it at the hundredth: one at a time until one is good, then on at full speed', async () => {
    const records = [...bad(104), good('a'), ...bad(50), good('b')];
    const { clock, log, ingest, lines, source, until, stop, running } = start([
      { events: [LIVE, batch(records, 0, '156')], then: 'waits' },
    ]);
    await until(() => ingest.status.state === 'degraded');
    expect(ingest.counts.records).toBe(100);
    expect(ingest.status.reason).toMatch(/mostly syntax.*paused/);
    expect([log.freshness.at(-1), source.acks]).toEqual(['stale', []]);
    await until(() => source.acks.length === 1);
    expect([ingest.status.state, log.freshness.at(-1)]).toEqual(['live', 'live']);
    expect([...log.values.keys()]).toEqual(['p/a', 'p/b']);
    expect(clock.waits).toEqual([375, 750, 1_500, 3_000, 6_000]);
    expect(lines.filter((line) => line.startsWith('warn record-rejected')).length).toBeLessThan(60);
    expect(lines.filter((line) => line === 'warn source-degraded')).toHaveLength(1);
    stop();
    await running;
  });

  test('is one too when more than half of a minute are rejected', async () => {
    const records = bad(150).flatMap((each, i) => (i % 3 === 0 ? [good(`${i}`), each] : [each]));
    const { ingest, until, stop, running } = start([{ events: [LIVE, batch(records)], then: 'waits' }]);
    await until(() => ingest.status.state === 'degraded');
    expect(ingest.counts.rejected).toEqual({ syntax: 100 });
    stop();
    await running;
  });

  test('ends with the process, in the middle of a wait, and what was not taken is not acknowledged', async () => {
    const { source, ingest, until, stop, running } = start([
      { events: [LIVE, batch(bad(500))], then: 'waits' },
    ]);
    await until(() => ingest.status.state === 'degraded');
    stop();
    await running;
    expect(ingest.counts.records).toBeLessThan(500);
    expect(source.acks).toEqual([]);
  });

  test('goes into the dead letters at full speed where the source says so; what is good stays fresh', async () => {
    const { log, ingest, source, until, stop, running } = start(
      [{ events: [LIVE, batch([...bad(500), good('a'), ...bad(100)])], then: 'waits' }],
      { onFlood: 'continue' },
    );
    await until(() => source.acks.length === 1);
    expect(ingest.status).toMatchObject({ state: 'degraded' });
    expect(ingest.status.reason).not.toMatch(/paused/);
    expect([ingest.counts.records, log.freshness.at(-1)]).toEqual([601, 'live']);
    stop();
    await running;
  });
});

test('G13 a source that reads on in a flood turns stale when contact is lost, and says that rather than the flood', async () => {
  const bad = Array.from({ length: 100 }, () => record('k', '{'));
  const { log, ingest, until, stop, running } = start(
    [{ events: [LIVE, batch(bad), { type: 'interrupted', reason: 'no broker' }], then: 'waits' }],
    { onFlood: 'continue' },
  );
  await until(() => ingest.status.state === 'stale');
  expect(ingest.status.reason).toBe('no broker');
  expect(log.freshness).toEqual(['stale', 'live', 'stale']);
  stop();
  await running;
});

test('A18 what cannot be stored for 5 s makes the source stale, and nothing is acknowledged; it is live again when it is stored', async () => {
  let settle = () => {};
  const { source, log, ingest, until, stop, running } = start([
    { events: [LIVE, set('a', '1'), set('b', '2')], then: 'waits' },
  ]);
  log.durable = new Promise<void>((resolve) => (settle = resolve));
  await until(() => ingest.status.state === 'stale');
  expect(ingest.status.reason).toMatch(/cannot be stored/);
  expect([source.acks, log.values.size]).toEqual([[], 1]);
  settle();
  await until(() => source.acks.length === 2);
  expect(ingest.status.state).toBe('live');
  stop();
  await running;
});

test('a path whose key has gone quiet expires while the source is live, and never while it is out of contact', async () => {
  const now = 1_000;
  const at = (key: string, time: number) => batch([record(key, { key }, time)]);
  const live = start([{ events: [at('a', now), at('b', now + 1e6), LIVE], then: 'waits' }], {
    expireAfterMs: 10_000,
  });
  await live.until(() => live.ingest.counts.expired === 1);
  expect([...live.log.values.keys()]).toEqual(['p/b']);
  live.stop();
  await live.running;
  const gone = start(
    [{ events: [at('a', now), LIVE, { type: 'interrupted', reason: 'no broker' }], then: 'waits' }],
    { expireAfterMs: 10_000 },
  );
  await gone.until(() => gone.clock.now() > now + 100_000);
  expect([...gone.log.values.keys()]).toEqual(['p/a']);
  gone.stop();
  await gone.running;
});

test('a look for quiet keys that is under way ends with the reader: what another one inherits is not deleted behind its back', async () => {
  const old = Array.from({ length: 5_000 }, (_, i) => record(`k${i}`, { i }, 1_000));
  const { log, ingest, until, stop, running } = start([{ events: [batch(old), LIVE], then: 'waits' }], {
    expireAfterMs: 10_000,
  });
  await until(() => ingest.counts.expired > 0);
  stop();
  await running;
  const left = log.values.size;
  expect(left).toBeGreaterThan(0);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(log.values.size).toBe(left);
});

test('a source is told which of its records were rejected, before its batch is acknowledged', async () => {
  const { source, until, stop, running } = start([
    { events: [LIVE, batch([record('a', { key: 'a' }), record('b', '{')], 0, '2')], then: 'waits' },
  ]);
  await until(() => source.told.length > 1);
  expect(source.told).toEqual(['t-0!0 decode value syntax', 't-0@2']);
  stop();
  await running;
});

test('rejected records are tried again if they are still the newest word on their key, and not otherwise', async () => {
  let isMended = false;
  const { ingest, log, until, stop, running } = start(
    [
      {
        events: [
          LIVE,
          batch([
            record('a', { x: 0 }),
            record('a', { x: 1, bad: true }),
            record('b', { bad: true }),
            record('b', { x: 2 }),
          ]),
          batch([record('c', { bad: true }), record('c', null), record('d', { bad: true })]),
        ],
        then: 'waits',
      },
    ],
    { refuses: (value) => !isMended && value.includes('bad') },
  );
  await until(() => ingest.counts.records === 7);
  expect(log.stale).toEqual(new Set(['p/a']));
  const letter = (key: string, value: object, offset = 0) => ({
    ...record(key, value),
    topic: 't',
    partition: 0,
    offset,
  });
  expect(await ingest.replay([letter('d', { bad: true })])).toEqual(['rejected']);
  isMended = true;
  expect(
    await ingest.replay([
      letter('a', { x: 1, bad: true }),
      ...[letter('b', { bad: true }), letter('c', { bad: true }), letter('never', { x: 1 })],
      letter('d', { bad: true }, 99),
      letter('d', { bad: true }),
      letter('d', { bad: true }),
    ]),
  ).toEqual(['applied', 'superseded', 'superseded', 'superseded', 'superseded', 'applied', 'superseded']);
  expect(log.stale.size).toBe(0);
  expect(Object.fromEntries(log.values)).toEqual({
    ...{ 'p/a': { x: 1, bad: true }, 'p/b': { x: 2 }, 'p/d': { bad: true } },
  });
  stop();
  await running;
});
