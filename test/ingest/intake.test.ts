import { describe, expect, test } from '@jest/globals';
import { DEFAULT_JSON_LIMITS } from '../../src/json/json-scanner.js';
import type { IngestCounts } from '../../src/ingest/counts.js';
import { batch, intakeOf, record } from './records.js';

const BY_ID = [{ path: 'p/{value.id}' }];

function sumOf({ mapped, unchanged, filtered, rejected }: IngestCounts): number {
  return mapped + unchanged + filtered + Object.values(rejected).reduce((sum, count) => sum + count, 0);
}

describe('bad input: a record is rejected with a code and a counter, and the others go on', () => {
  const deep = (depth: number) => '{"id":1,"x":' + '['.repeat(depth) + ']'.repeat(depth) + '}';
  const cases: [string, string, string | Buffer, string][] = [
    ['malformed JSON', 'k', '{"id":1', 'syntax'],
    ['an empty value', 'k', '', 'syntax'],
    ['wrong UTF-8', 'k', Buffer.from([...Buffer.from('{"id":"'), 0xc0, 0xaf, ...Buffer.from('"}')]), 'utf8'],
    ['depth 65', 'k', deep(64), 'depth'],
    ['over 1 MiB', 'k', `{"id":1,"x":"${'x'.repeat(1_048_576)}"}`, 'size'],
    ['__proto__', 'k', '{"id":1,"__proto__":{"admin":true}}', 'proto-key'],
    ['a name twice', 'k', '{"id":1,"id":2}', 'duplicate-key'],
    ['a path over 255 bytes', 'k', `{"id":"${'x'.repeat(254)}"}`, 'path-too-long'],
    ['a missing field', 'k', '{}', 'field-missing'],
  ];
  test.each(cases)('%s', (_, key, value, code) => {
    const { intake, log, take } = intakeOf(BY_ID);
    take(record('before', { id: 'before' }), record(key, value), record('after', { id: 'after' }));
    expect([...log.values.keys()]).toEqual(['p/before', 'p/after']);
    expect(intake.counts.rejected).toEqual({ [code]: 1 });
    expect(sumOf(intake.counts)).toBe(intake.counts.records);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  test('depth 64 and just 1 MiB are taken', () => {
    const { intake, take } = intakeOf(BY_ID);
    take(record('a', deep(63)), record('b', `{"id":2,"x":"${'x'.repeat(1_048_576 - 15)}"}`));
    expect(intake.counts).toMatchObject({ mapped: 2, rejected: {} });
  });

  test('2^53 + 1 and 1e400 are strings of their digits, or rejected where the source says so', () => {
    const value = '{"id":1,"n":9007199254740993,"m":1e400}';
    const strings = intakeOf(BY_ID);
    strings.take(record('k', value));
    expect(strings.log.values.get('p/1')).toEqual({ id: 1, n: '9007199254740993', m: '1e400' });
    const strict = intakeOf(BY_ID, { limits: { ...DEFAULT_JSON_LIMITS, numbers: 'reject' } });
    strict.take(record('k', value), record('k', '{"id":1,"m":1e400}'));
    expect(strict.intake.counts.rejected).toEqual({ number: 2 });
  });

  test('an empty key is no segment, but is a key like any other where no path reads it', () => {
    const keyed = intakeOf([{ path: '{key}' }]);
    keyed.take(record('', { id: 1 }));
    expect(keyed.intake.counts.rejected).toEqual({ 'field-empty': 1 });
    const { log, take } = intakeOf(BY_ID);
    take(record('', { id: 1 }), record('', { id: 2 }));
    expect([...log.values.keys()]).toEqual(['p/2']);
  });

  test('a key that is not what its format says is rejected, and a delete without a key too', () => {
    const { intake, letters, take } = intakeOf([{ path: '{key.id}' }], { keyFormat: 'json' });
    take(record('{"id":', { a: 1 }), record(null, null));
    expect(letters).toEqual([
      { stage: 'decode key', code: 'syntax' },
      { stage: 'own', code: 'no-key' },
    ]);
    expect(sumOf(intake.counts)).toBe(2);
  });

  test('A13 the paths of the key are stale until its next good record, even one that changes nothing', () => {
    const { log, take } = intakeOf([{ path: 'p/{value.id}' }, { path: 'q/{value.id}' }]);
    take(record('k', { id: 1 }), record('other', { id: 2 }), record('k', '{'), record('k', '{'));
    expect([...log.stale].sort()).toEqual(['p/1', 'q/1']);
    take(record('k', { id: 1 }));
    expect([...log.stale]).toEqual([]);
    take(record('k', '['), record('k', { id: 1, more: true }));
    expect([...log.stale]).toEqual([]);
  });
});

test('A8 null deletes, empty bytes are rejected, JSON null is a value', () => {
  for (const [valueFormat, outcomes] of [
    ['json', ['rejected', null]],
    ['string', ['', 'null']],
    ['bytes', ['', Buffer.from('null').toString('base64')]],
  ] as const) {
    const { intake, log, take } = intakeOf([{ path: '{key}' }], { valueFormat });
    take(record('k', '"x"'), record('k', ''));
    expect(Object.keys(intake.counts.rejected).length > 0 ? 'rejected' : log.values.get('k')).toBe(
      outcomes[0],
    );
    take(record('k', 'null'));
    expect(log.values.get('k')).toBe(outcomes[1]);
    take(record('k', null));
    expect(log.values.has('k')).toBe(false);
    take(record('k', '"x"'));
    expect(log.values.has('k')).toBe(true);
  }
});

test('A21 names of JavaScript built-ins are keys, paths and fields like any other', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'prototype'];
  const { log, take } = intakeOf([{ path: '{key}/{value.name}' }]);
  take(...names.map((name) => record(name, { name })));
  expect([...log.values.keys()]).toEqual(names.map((name) => `${name}/${name}`));
  take(...names.map((name) => record(name, null)));
  expect(log.values.size).toBe(0);
});

describe('ownership of paths', () => {
  test('a changed field moves the value: the old path is deleted first', () => {
    const { log, take } = intakeOf(BY_ID);
    take(record('k', { id: 1 }), record('k', { id: 2 }));
    expect(log.lines).toEqual(['p/1={"id":1}', 'p/1 deleted', 'p/2={"id":2}']);
  });

  test('a key deletes only what it still owns', () => {
    const { log, take } = intakeOf(BY_ID);
    take(
      record('a', { id: 1, by: 'a' }),
      record('b', { id: 1, by: 'b' }),
      record('a', null),
      record('a', { id: 2 }),
    );
    expect([...log.values]).toEqual([
      ['p/1', { id: 1, by: 'b' }],
      ['p/2', { id: 2 }],
    ]);
  });

  test('an equal record of a key that lost its path takes the path back', () => {
    const { log, take } = intakeOf(BY_ID);
    take(record('a', { id: 1 }), record('b', { id: 1, by: 'b' }), record('a', { id: 1 }));
    expect(log.values.get('p/1')).toEqual({ id: 1 });
  });

  test('A7 contended paths: last, newest or reject, and counted', () => {
    const history = [record('a', { id: 1, by: 'a' }, 10), record('b', { id: 1, by: 'b' }, 5)];
    for (const [contended, by, rejected] of [
      ['last', 'b', {}],
      ['newest', 'a', {}],
      ['reject', 'a', { contended: 1 }],
    ] as const) {
      const { intake, log, take } = intakeOf(BY_ID, { contended });
      take(...history);
      expect(log.values.get('p/1')).toEqual({ id: 1, by });
      expect(intake.counts).toMatchObject({ contended: 1, rejected });
      expect(sumOf(intake.counts)).toBe(2);
    }
  });

  test('a filtered record takes back what its key said, a rejected one nothing', () => {
    const { intake, log, take } = intakeOf([{ path: 'p/{value.id}', when: 'value.open' }]);
    take(record('k', { id: 1, open: true }), record('k', '{'));
    expect(log.values.size).toBe(1);
    take(record('k', { id: 1, open: false }));
    expect(log.values.size).toBe(0);
    expect(intake.counts).toMatchObject({ mapped: 1, filtered: 1, rejected: { syntax: 1 } });
  });

  test('records without a key set and delete by rule only', () => {
    const { log, take } = intakeOf([{ path: 'p/{value.id}', deleteWhen: 'value.gone' }]);
    take(record(null, { id: 1, gone: false }), record(null, { id: 2, gone: false }));
    expect(log.values.size).toBe(2);
    take(record(null, { id: 1, gone: true }), record(null, { id: 3, gone: true }));
    expect([...log.values.keys()]).toEqual(['p/2']);
  });

  test('A7 equal keys of two partitions are two keys', () => {
    const { intake, log } = intakeOf([{ path: '{partition}/{key}' }]);
    void intake.take(batch([record('k', { a: 1 })], 0), 1);
    void intake.take(batch([record('k', { a: 1 })], 1), 1);
    void intake.take(batch([record('k', null)], 1), 1);
    expect([...log.values.keys()]).toEqual(['0/k']);
  });
});

describe('no change', () => {
  test('A6 G11 an equal record is not appended, nor is one whose path gets the same value', () => {
    const { intake, log, take } = intakeOf([{ path: 'p/{key}', value: { omit: ['/at'] } }]);
    take(record('k', { a: 1, at: 1 }), record('k', { a: 1, at: 1 }), record('k', { a: 1, at: 2 }));
    expect(log.lines).toEqual(['p/k={"a":1}']);
    expect(intake.counts).toMatchObject({ mapped: 1, unchanged: 2, updates: 1 });
  });

  test('ignored fields, and numbers within the deadband of what was last appended', () => {
    const { log, take } = intakeOf([{ path: 'p', ignore: ['/at'], deadband: [{ field: '/v', within: 1 }] }]);
    const values = [0, 0.9, 1, 1.1, 1.9, 0, 0.1].map((v, at) => record('k', { v, at }));
    take(...values);
    expect(log.lines).toEqual(['p={"v":0,"at":0}', 'p={"v":1.1,"at":3}', 'p={"v":0,"at":5}']);
  });

  test('a record equal to the last but one is not skipped when another rule of it changed', () => {
    const { log, take } = intakeOf([{ path: 'p', deadband: [{ field: '/v', within: 1 }] }, { path: 'q' }]);
    take(record('k', { v: 0 }), record('k', { v: 1 }), record('k', { v: 0 }));
    expect(log.lines).toEqual(['q', 'p', 'q', 'q'].map(() => expect.any(String)));
    expect(log.values.get('q')).toEqual({ v: 0 });
  });

  test('an equal value with another header or timestamp is mapped again where a rule reads these', () => {
    const { log, take } = intakeOf([{ path: '{key}/{timestamp}' }]);
    take(record('k', { a: 1 }, 1), record('k', { a: 1 }, 2));
    expect([...log.values.keys()]).toEqual(['k/2']);
  });
});

test('the same bytes with other headers are another record where the format is one of events', () => {
  const { intake, take } = intakeOf(BY_ID, { valueFormat: 'cloudevents' });
  const event = (...missing: string[]) => ({
    ...record('k', { id: 1 }),
    headers: Object.entries({ id: 'e1', source: '/s', type: 't', specversion: '1.0' })
      .filter(([name]) => !missing.includes(name))
      .map(([name, value]) => ({ name: `ce_${name}`, value: Buffer.from(value) })),
  });
  take(event(), event(), event('type'));
  expect(intake.counts).toMatchObject({ mapped: 1, unchanged: 1, rejected: { invalid: 1 } });
});

test('everything of a batch is one append, and an ack waits for dead letters', async () => {
  let settle = () => {};
  const letters = new Promise<void>((resolve) => (settle = resolve));
  const { intake, log } = intakeOf(BY_ID, { deadLetters: { write: () => letters } });
  expect(intake.take(batch([record('a', { id: 1 }), record('b', { id: 2 })]), 1).durable).toBeUndefined();
  expect(log.appends).toBe(1);
  let isDurable = false;
  const waiting = intake.take(batch([record('a', '{')]), 1).durable?.then(() => (isDurable = true));
  await Promise.resolve();
  expect(isDurable).toBe(false);
  settle();
  await waiting;
  expect(isDurable).toBe(true);
});

describe('maxPaths', () => {
  test('a record that would make one path more is rejected, whole; others go on, and room that is made is used', () => {
    const { intake, log, take } = intakeOf([{ path: 'a/{value.id}' }, { path: 'b/{value.id}' }], {
      maxPaths: 5,
    });
    take(
      record('k1', { id: 1 }),
      record('k2', { id: 2 }),
      record('k3', { id: 3 }),
      record('k1', { id: 1, x: 1 }),
    );
    expect([...log.values.keys()]).toEqual(['a/1', 'b/1', 'a/2', 'b/2']);
    expect(intake.counts.rejected).toEqual({ 'too-many-paths': 1 });
    take(record('k1', { id: 9 }), record('k2', null), record('k3', { id: 3 }));
    expect([...log.values.keys()].sort()).toEqual(['a/3', 'a/9', 'b/3', 'b/9']);
    expect(intake.counts.rejected).toEqual({ 'too-many-paths': 1 });
  });
});

describe('expireAfter', () => {
  const HOUR = 3_600_000;
  const NOW = 10 * HOUR;
  const taken = () => {
    const made = intakeOf(BY_ID, { expireAfterMs: HOUR });
    const take = (...records: ReturnType<typeof record>[]) => void made.intake.take(batch(records), NOW);
    return { ...made, take, expire: (now: number) => [...made.intake.expire(now)].length };
  };

  test('a path goes when its last record is too old, changed or not; a record that came too old makes none', () => {
    const { intake, log, take, expire } = taken();
    take(
      ...[record('a', { id: 'a' }, NOW - HOUR / 2), record('b', { id: 'b' }, NOW - HOUR / 2)],
      ...[record('c', { id: 'c' }, NOW - 2 * HOUR), record('b', { id: 'b' }, NOW)],
    );
    expect([...log.values.keys()]).toEqual(['p/a', 'p/b']);
    expire(NOW + HOUR / 4);
    expect([...log.values.keys()]).toEqual(['p/a', 'p/b']);
    expire(NOW + (HOUR * 3) / 4);
    expect([...log.values.keys()]).toEqual(['p/b']);
    expect(intake.counts).toMatchObject({ expired: 1, mapped: 2, unchanged: 2, rejected: {} });
  });

  test('an old record takes back what its key said; one without a key says nothing', () => {
    const { log, intake, take } = taken();
    take(record('a', { id: 'a' }, NOW), record('a', { id: 'a' }, 1), record(null, { id: 'n' }, 1));
    expect([...log.values.keys()]).toEqual([]);
    expect(intake.counts).toMatchObject({ mapped: 2, filtered: 1, rejected: {} });
  });

  test('a record whose time the upstream does not say is as old as its reading', () => {
    const { log, take, expire } = taken();
    take(record('a', { id: 'a' }, -1));
    expire(NOW + HOUR - 1);
    expect(log.values.size).toBe(1);
    expire(NOW + HOUR + 1);
    expect(log.values.size).toBe(0);
  });
});
