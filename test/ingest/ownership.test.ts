import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batch, intakeOf, record } from './records.js';

const RULES = [
  { path: 'a/{value.x}' },
  { path: 'b/{value.y}', when: 'value.x != value.y' },
  { path: 'a/{value.y}', when: 'value.second', deleteWhen: 'value.gone' },
];

interface Value {
  readonly x: number;
  readonly y: number;
  readonly second: boolean;
  readonly gone: boolean;
}

/** What each record says, by the words of the rules and no code of ours: path -> whether it is set; undefined: rejected. */
function says({ x, y, second, gone }: Value): Map<string, boolean> | undefined {
  if (second && x === y) return undefined;
  const paths = new Map([[`a/${x}`, true]]);
  if (x !== y) paths.set(`b/${y}`, true);
  if (second) paths.set(`a/${y}`, !gone);
  return paths;
}

const step = fc.record({
  key: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { freq: 8 }),
  partition: fc.nat(1),
  value: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ x: fc.nat(2), y: fc.nat(2), second: fc.boolean(), gone: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant('broken' as const) },
  ),
});

test('any history of sets, moves, deletes and broken records leaves the paths and values of a naive model, and counts add up', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (history) => {
      const { intake, log } = intakeOf(RULES);
      const model = new Map<string, { owner: string | null; value: unknown }>();
      for (const { key, partition, value } of history) {
        void intake.take(batch([record(key, value === 'broken' ? '{' : value)], partition), 1);
        const owner = key === null ? null : `${partition}/${key}`;
        const said =
          value === null ? new Map<string, boolean>() : value === 'broken' ? undefined : says(value);
        if (said === undefined) continue;
        for (const [path, held] of model)
          if (owner !== null && held.owner === owner && !said.has(path)) model.delete(path);
        for (const [path, isSet] of said) {
          if (isSet) model.set(path, { owner, value });
          else model.delete(path);
        }
        expect(new Map(log.values)).toEqual(new Map([...model].map(([path, held]) => [path, held.value])));
      }
      const { records, mapped, unchanged, filtered, rejected } = intake.counts;
      expect(
        mapped + unchanged + filtered + Object.values(rejected).reduce((sum, count) => sum + count, 0),
      ).toBe(records);
      expect(records).toBe(history.length);
      expect(intake.paths).toBe(model.size);
    }),
    { numRuns: 1_000 },
  );
});
