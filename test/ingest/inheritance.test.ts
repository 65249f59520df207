// A source that gets a new reader (its options or rules have changed): what the log holds passes from one to the other.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RecordIntake } from '../../src/ingest/intake.js';
import type { MapRule } from '../../src/map/rule.js';
import type { Json } from '../../src/topic/json.js';
import type { RecordedLog } from './recorded-log.js';
import { batch, intakeOf, record } from './records.js';

interface Reader {
  readonly intake: RecordIntake;
  readonly log: RecordedLog;
}

/** Takes over from a former reader, through the same log. */
function heirOf(former: Reader, rules: readonly MapRule[], contended?: 'last' | 'newest' | 'reject'): Reader {
  const { log } = former;
  const { intake } = intakeOf(rules, { writer: log, ...(contended === undefined ? {} : { contended }) });
  void Array.from(intake.inherit(former.intake.held(), 2_000));
  intake.inheritRejected(former.intake);
  return { intake, log };
}

function sweep({ intake }: Reader): void {
  void Array.from(intake.sweep(3_000));
}

function take({ intake }: Reader, ...records: readonly (readonly [key: string, value: Json])[]): void {
  void intake.take(batch(records.map(([key, value]) => record(key, value))), 1);
}

test('what the new reader confirms is not said again, what it changes is, and the rest goes with the sweep', () => {
  const former = intakeOf([{ path: 'p/{key}' }]);
  take(former, ['a', 1], ['b', 2], ['c', 3]);
  const { log } = former;
  log.lines.length = 0;
  const heir = heirOf(former, [{ path: 'p/{key}' }]);
  expect([log.lines, heir.intake.paths]).toEqual([[], 3]);
  take(heir, ['a', 1], ['b', 20], ['d', 4]);
  expect(log.lines).toEqual(['p/b=20', 'p/d=4']);
  sweep(heir);
  expect(log.lines.slice(2)).toEqual(['p/c deleted']);
});

test('paths that the new rules cannot make are deleted before anything is read, so that another source may have them', () => {
  const former = intakeOf([{ path: 'p/{key}' }, { path: 'q/{key}/x' }]);
  take(former, ['a', 1]);
  const heir = heirOf(former, [{ path: 'q/{key}/x' }]);
  expect([...heir.log.values.keys()]).toEqual(['q/a/x']);
});

test('a path that was inherited is nobody’s: any key may have it, whatever contention says', () => {
  for (const contended of ['last', 'newest', 'reject'] as const) {
    const former = intakeOf([{ path: 'p/{value.to}' }]);
    take(former, ['k', { to: 'a' }], ['l', { to: 'b' }]);
    const heir = heirOf(former, [{ path: 'p/{value.to}' }], contended);
    take(heir, ['m', { to: 'c' }], ['m', { to: 'a' }]);
    expect([heir.intake.counts.contended, heir.intake.counts.rejected]).toEqual([0, {}]);
    sweep(heir);
    expect([...heir.log.values.keys()]).toEqual(['p/a']);
  }
});

test('a path that was stale is fresh again when its key says the same', () => {
  const former = intakeOf([{ path: 'p/{key}' }]);
  take(former, ['a', 1]);
  void former.intake.take(batch([record('a', '{')]), 1);
  expect([...former.log.stale]).toEqual(['p/a']);
  const heir = heirOf(former, [{ path: 'p/{key}' }]);
  expect([...heir.log.stale]).toEqual(['p/a']);
  take(heir, ['a', 1]);
  expect([...heir.log.stale]).toEqual([]);
});

const rulesArb = fc.subarray(['p/{key}', 'p/{value}', 'q/{key}', 'q/{value}/z', 'r/{value}'] as const, {
  minLength: 1,
});
const recordsArb = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.nat(3))), {
  maxLength: 12,
});

/** `isCutShort`: another reader comes before this one has swept. */
const generationArb = fc.record({
  paths: rulesArb,
  records: recordsArb,
  isHolding: fc.boolean(),
  isCutShort: fc.boolean(),
});

test('whatever the old and the new rules are, after the sweep the log holds what the new reader alone would have made', () => {
  fc.assert(
    fc.property(fc.array(generationArb, { minLength: 1, maxLength: 4 }), (generations) => {
      let reader: Reader = intakeOf([{ path: 'first/{key}' }]);
      take(reader, ['a', 1]);
      for (const { paths, records, isHolding, isCutShort } of generations) {
        const rules = paths.map((path) => ({ path }));
        void Array.from(reader.intake.letGo());
        reader = heirOf(reader, rules);
        if (isHolding) reader.intake.hold();
        const alone = intakeOf(rules);
        take(reader, ...records);
        take(alone, ...records);
        if (isCutShort) continue;
        sweep(reader);
        void Array.from(reader.intake.letGo());
        expect(new Map([...reader.log.values].sort())).toEqual(new Map([...alone.log.values].sort()));
      }
    }),
  );
});

test('a record that was rejected can be replayed after the rules have been mended, unless the new reader knows something newer', () => {
  const former = intakeOf([{ path: 'p/{value.id}' }]);
  take(former, ['a', { name: 'a' }], ['b', { name: 'b' }]);
  const heir = heirOf(former, [{ path: 'p/{value.name}' }]);
  take(heir, ['b', { name: 'newer' }]);
  const letter = (key: string) => ({ ...record(key, { name: key }), topic: 't', partition: 0 });
  const outcomes = ['a', 'b'].map((key) => heir.intake.replay(letter(key), 1).outcome);
  expect(outcomes).toEqual(['applied', 'superseded']);
  expect(heir.log.lines).toEqual(['p/newer={"name":"newer"}', 'p/a={"name":"a"}']);
});
