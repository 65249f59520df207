// Messages of the stream to events: order, size, where transactions end, and going on from any position.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ToastMemory } from '../../../connectors/postgres/toast-memory.js';
import { EVENT_RECORDS, wholeUpTo } from '../../../connectors/postgres/transaction-events.js';
import { begin, commit, insert, remove, truncate, UNCHANGED, update } from './server-bytes.js';
import { NOTES, ORDERS, OTHER, StreamedTables } from './streamed-tables.js';

/** The transaction whose commit record lies there, ten bytes long. */
function transaction(commitLsn: bigint, changes: readonly Buffer[]): Buffer[] {
  return [begin(commitLsn, 0n, 700), ...changes, commit(commitLsn, commitLsn + 10n)];
}

const inserts = (count: number, oid = ORDERS): Buffer[] =>
  Array.from({ length: count }, (_, n) => insert(oid, [String(n), 'x']));

describe('events of a transaction', () => {
  test.each([
    [1, [1]],
    [EVENT_RECORDS - 1, [EVENT_RECORDS - 1]],
    [EVENT_RECORDS, [EVENT_RECORDS]],
    [EVENT_RECORDS + 1, [EVENT_RECORDS, 1]],
    [2 * EVENT_RECORDS, [EVENT_RECORDS, EVENT_RECORDS]],
  ])(
    'B18 G9 of %d changes are of bounded size, and the last of them says that it is the last',
    (count, sizes) => {
      const stream = new StreamedTables();
      stream.send(transaction(100n, inserts(count)));
      const events = stream.handedOut.map(({ event }) => event);
      expect(events.map((event) => (event.type === 'records' ? event.records.length : 0))).toEqual(sizes);
      expect(events.map(({ more }) => more)).toEqual([...sizes.slice(1).map(() => true), undefined]);
      expect(stream.events.handedOut).toEqual(wholeUpTo(110n));
    },
  );

  test('B18 are cut where they hold many bytes, whatever the number of records', () => {
    const stream = new StreamedTables();
    const text = 'x'.repeat(100_000);
    stream.send(
      transaction(
        100n,
        Array.from({ length: 7 }, (_, n) => insert(ORDERS, [String(n), text])),
      ),
    );
    const sizes = stream.handedOut.map(({ event }) => (event.type === 'records' ? event.records.length : 0));
    expect(sizes).toEqual([3, 3, 1]);
  });

  test('B19 say of each record where it stands: the LSN of the commit, and the number of the change', () => {
    const stream = new StreamedTables();
    stream.send(transaction(0x1_0000_00abn, [...inserts(1, OTHER), ...inserts(2)]));
    const [first] = stream.handedOut;
    const records = first?.event.type === 'records' ? first.event.records : [];
    expect(records.map(({ offset }) => offset)).toEqual(['1/AB+2', '1/AB+3']);
  });

  test('are one for each run of changes of one table', () => {
    const stream = new StreamedTables();
    stream.send(
      transaction(100n, [...inserts(2), ...inserts(1, NOTES), ...inserts(1, OTHER), ...inserts(1)]),
    );
    const topics = stream.handedOut.map(({ event }) => [event.topic, event.more]);
    expect(topics).toEqual([
      ['public.orders', true],
      ['public.notes', true],
      ['public.orders', undefined],
    ]);
  });

  test('B15 delete the old key and set the new one in one event, where the key changes', () => {
    const stream = new StreamedTables();
    const changes = inserts(EVENT_RECORDS - 1);
    const rename = update(ORDERS, ['2', 'b'], { key: ['1', null] });
    stream.send(transaction(100n, [...changes, rename, ...inserts(1)]));
    const [first] = stream.handedOut;
    const records = first?.event.type === 'records' ? first.event.records : [];
    expect(records).toHaveLength(EVENT_RECORDS + 1);
    expect(records.slice(-2).map(({ value }) => value === null)).toEqual([true, false]);
    expect(new Set(records.slice(-2).map(({ offset }) => offset)).size).toBe(1);
  });

  test('B15 with the whole old row: only a key that differs is deleted', () => {
    const stream = new StreamedTables({ replicaIdentity: 'full' });
    const changes = [
      update(ORDERS, ['1', 'b'], { old: ['1', 'a'] }),
      update(ORDERS, ['2', UNCHANGED], { old: ['1', 'b'] }),
      remove(ORDERS, { old: ['2', 'b'] }),
    ];
    stream.send(transaction(100n, changes));
    expect(stream.said).toEqual([
      'public.orders {"id":1} = {"id":1,"text":"b"}',
      'public.orders {"id":1} = gone',
      'public.orders {"id":2} = {"id":2,"text":"b"}',
      'public.orders {"id":2} = gone',
      '|',
    ]);
  });

  test('B16 say that each truncated table is empty, in its place', () => {
    const stream = new StreamedTables();
    stream.send(
      transaction(100n, [...inserts(1), truncate([ORDERS, OTHER, NOTES], 0), ...inserts(1, NOTES)]),
    );
    expect(stream.said).toEqual([
      'public.orders {"id":0} = {"id":0,"text":"x"}',
      'public.orders is empty',
      'public.notes is empty',
      'public.notes {"id":0} = {"id":0,"text":"x"}',
      '|',
    ]);
  });

  test('are none where nothing of it is read; only the position moves, when somebody asks', () => {
    const stream = new StreamedTables();
    stream.send(transaction(100n, inserts(3, OTHER)));
    expect(stream.handedOut).toEqual([]);
    expect(stream.events.advance()).toMatchObject({ topic: 'p', records: [], position: '1/A-0:0/6E+0' });
    expect(stream.events.advance()).toBeUndefined();
  });
});

describe('a keepalive', () => {
  test('B4 B5 moves the position between transactions, and never within one', () => {
    const stream = new StreamedTables();
    stream.send(transaction(100n, inserts(1)).slice(0, 2));
    stream.events.keepalive(500n);
    expect(stream.events.canAdvance).toBe(false);
    stream.send([commit(100n, 110n)]);
    stream.events.keepalive(500n);
    expect(stream.events.advance()?.position).toBe('1/A-0:0/1F4+0');
  });
});

describe('B12 values that an update leaves out', () => {
  const long = 'l'.repeat(2_000);
  const whole = (id: number, text: string): string =>
    `public.orders {"id":${id}} = {"id":${id},"text":"${text}"}`;

  test('are those that were seen last, also after the key has changed', () => {
    const stream = new StreamedTables();
    const changes = [
      insert(ORDERS, ['1', long]),
      update(ORDERS, ['2', UNCHANGED], { key: ['1', null] }),
      update(ORDERS, ['2', UNCHANGED]),
    ];
    stream.send(transaction(100n, changes));
    expect(stream.said).toEqual([
      whole(1, long),
      'public.orders {"id":1} = gone',
      whole(2, long),
      whole(2, long),
      '|',
    ]);
  });

  test('are asked for where nothing is known, and then known', () => {
    let asked = 0;
    const fill = (): Map<number, Buffer> => new Map([[1, Buffer.from(`"answer ${++asked}"`)]]);
    const stream = new StreamedTables({ fill });
    stream.send(transaction(100n, [update(ORDERS, ['1', UNCHANGED]), update(ORDERS, ['1', UNCHANGED])]));
    expect(stream.said).toEqual([whole(1, 'answer 1'), whole(1, 'answer 1'), '|']);
  });

  test('are never those of a row of the same key that was deleted, or emptied away', () => {
    for (const end of [remove(ORDERS, { key: ['1', null] }), truncate([ORDERS], 0)]) {
      let asked = 0;
      const fill = (): Map<number, Buffer> => new Map([[1, Buffer.from(`"answer ${++asked}"`)]]);
      const stream = new StreamedTables({ fill });
      stream.send(transaction(100n, [insert(ORDERS, ['1', long]), end, update(ORDERS, ['1', UNCHANGED])]));
      expect([stream.said.at(-2), asked]).toEqual([whole(1, 'answer 1'), 1]);
    }
  });

  test('leave the change out where its row has moved on; a key that changed is deleted all the same', () => {
    const stream = new StreamedTables({ fill: () => 'moved on' });
    const changes = [
      update(ORDERS, ['1', UNCHANGED]),
      update(ORDERS, ['3', UNCHANGED], { key: ['2', null] }),
    ];
    stream.send(transaction(100n, changes));
    expect(stream.said).toEqual(['public.orders {"id":2} = gone', '|']);
  });

  test('that was left out at the end of a transaction does not leave it open', () => {
    const stream = new StreamedTables({ fill: () => 'moved on' });
    stream.send(
      transaction(100n, [...inserts(1), insert(NOTES, ['1', 'n']), update(ORDERS, ['1', UNCHANGED])]),
    );
    expect(stream.said.at(-1)).toBe('|');
    expect(stream.handedOut.at(-1)?.event).toMatchObject({ topic: 'p', records: [] });
  });
});

describe('B3 B19 going on from any position', () => {
  const change = fc.record({
    kind: fc.constantFrom('insert', 'insert', 'update', 'rename', 'remove', 'truncate'),
    oid: fc.constantFrom(ORDERS, ORDERS, NOTES, OTHER),
    id: fc.nat(4),
    times: fc.constantFrom(1, 1, 1, 600),
  });
  const transactions = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 5 });

  let serial = 0;
  function bytesOf({
    kind,
    oid,
    id,
    times,
  }: typeof change extends fc.Arbitrary<infer T> ? T : never): Buffer[] {
    return Array.from({ length: times }, () => {
      const row = [String(id), String(++serial)];
      if (kind === 'insert') return insert(oid, row);
      if (kind === 'update') return update(oid, row);
      if (kind === 'rename')
        return update(oid, [String(id + 1), String(serial)], { key: [String(id), null] });
      return kind === 'remove' ? remove(oid, { key: [String(id), null] }) : truncate([oid], 0);
    });
  }

  test('brings what comes after it, once and in order, whether the stream goes on or another one begins', () => {
    fc.assert(
      fc.property(transactions, fc.nat(20), fc.boolean(), (written, taken, isSame) => {
        const sent = written.map((changes, n) => transaction(BigInt(100 + 10 * n), changes.flatMap(bytesOf)));
        const all = new StreamedTables();
        all.send(sent.flat());

        const first = new StreamedTables();
        first.send(sent.flat(), taken);
        const from = first.events.handedOut;
        const again = sent.filter((_, n) => BigInt(100 + 10 * n) >= from.lsn).flat(); // as the server does
        const second = isSame ? first : new StreamedTables({ from, memory: new ToastMemory(0) });
        if (isSame) first.events.restart();
        const before = [...first.said];
        second.send(again);
        const said = isSame ? second.said : [...before, ...second.said];
        const isWord = (text: string): boolean => text !== '|';
        expect(said.filter(isWord)).toEqual(all.said.filter(isWord));
        expect(said.at(-1)).toBe(all.said.at(-1));
        expect(second.events.doneUpTo).toBe(all.events.doneUpTo);
      }),
      { numRuns: 100 },
    );
  });
});
