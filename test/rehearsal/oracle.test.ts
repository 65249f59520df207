// Whatever the rules and the records: a test that expects what the oracle says passes, and no session ever disagrees with
// another. The oracle shares no code with the product.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rehearse } from '../../src/rehearsal/rehearsal.js';
import { readTestFile } from '../../src/rehearsal/test-file.js';
import { isObject, type Json } from '../../src/topic/json.js';
import { principal, rules, value } from '../entitle/arbitrary-policy.js';
import { seen, type Rule } from '../oracle/naive-rules.js';
import { canonical, type Value } from '../oracle/naive-json.js';
import { Oracle } from '../oracle/oracle.js';
import { run, staged } from './staged.js';

const word = fc.constantFrom('a', 'b', 'c');

/** The members that rules hide stand at the top of the value. */
function textOf(x: string, body: Json): string {
  return JSON.stringify({ ...(isObject(body) ? body : { p: body }), x });
}

/** Records of few keys, so that they meet: some delete, some cannot be read, some lack what the path needs. */
const record = fc.record({
  key: word,
  text: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(word, value).map(([x, body]) => textOf(x, body)) },
    { weight: 1, arbitrary: fc.constantFrom('{"x":', '{"p":1}') },
    { weight: 2, arbitrary: fc.constant(null) },
  ),
});

/** As a configuration takes it: what is empty is left out, and nothing stands twice. */
function asWritten(rule: Rule): Rule {
  const kept = Object.entries(rule).filter(
    ([, part]) => typeof part !== 'object' || Object.keys(part as object).length > 0,
  );
  return Object.fromEntries(
    kept.map(([key, part]) => [key, Array.isArray(part) ? [...new Set<unknown>(part)] : part]),
  ) as unknown as Rule;
}

function configOf(entitlements: readonly Rule[]): string {
  return JSON.stringify({
    auth: { jwt: { secret: { env: 'S' }, issuer: 'https://idp.example', audience: 'tailrace' } },
    sources: [
      {
        name: 'things',
        kafka: { brokers: ['k:1'], topics: ['t'] },
        map: [{ path: '{value.x}/{key}' }, { path: 'c/{key}/all', value: { pick: ['/p'] } }],
      },
    ],
    entitlements,
  });
}

/** What the rules make of the records, as expectations. */
function expectations(records: readonly { key: string; text: string | null }[]) {
  const oracle = new Oracle([{ path: '{value.x}/{key}' }, { path: 'c/{key}/all', pick: ['/p'] }]);
  const outcomes = records.flatMap(({ key, text }, index) => {
    oracle.apply({ partition: '-0', key, text });
    const code = text === '{"x":' ? 'syntax' : text === '{"p":1}' ? 'field-missing' : undefined;
    return code === undefined ? [] : [{ rejected: code, record: index + 1 }];
  });
  return { values: oracle.values, outcomes };
}

test('G4 G14 what the oracle expects of random rules and records is what everybody sees, live and anew', () => {
  fc.assert(
    fc.property(
      rules.map((all) => (all as readonly Rule[]).map(asWritten)),
      fc.array(principal, { minLength: 1, maxLength: 3 }),
      fc.array(record, { minLength: 1, maxLength: 8 }),
      (entitlements, people, records) => {
        const stage = staged(configOf(entitlements));
        const { values, outcomes } = expectations(records);
        const sights = people.map((person) => {
          const sees = [...values].flatMap(([path, held]): [string, Value][] => {
            const shown = seen(entitlements, person, path, held);
            return shown === undefined ? [] : [[path, shown]];
          });
          const roles = person.roles.length === 0 ? {} : { roles: person.roles };
          return { as: { ...person.claims, ...roles }, sees: Object.fromEntries(sees) };
        });
        const given = records.map(({ key, text }) => ({ key, value: text }));
        const tests = JSON.stringify({ tests: [{ name: 'ok', given, expect: [...outcomes, ...sights] }] });
        expect(run(tests, stage)).toEqual(['ok']);

        const [unlike] = readTestFile({ name: 'a', text: tests }, stage).tests;
        const viewers = unlike?.sights.map(({ viewer }) => viewer) ?? [];
        const again = rehearse(stage, unlike?.given ?? [], viewers).sights;
        const texts = again.map((sight) =>
          sight.kind === 'seen' ? canonical(Object.fromEntries(sight.values) as Value) : sight.kind,
        );
        expect(texts).toEqual(sights.map(({ sees }) => canonical(sees)));
      },
    ),
    { numRuns: 60 },
  );
});
