// The kit itself: it lets a connector pass that keeps every promise, and finds each promise that is broken.

import { describe, expect, test } from '@jest/globals';
import { conformanceCases, type RunnableCase } from '../../connectors/kit/conformance.js';
import { plantedHarness, type Bug } from './planted-connector.js';

const SETTINGS = { seeds: 3, stallMs: 50, letGoMs: 400 };

/** Which case has to find which bug: a part of its name. */
const FOUND_BY: Readonly<Record<Bug, string>> = {
  'says live too early': 'yields every key that exists',
  'says live too early after an outage': 'tells when contact is lost',
  'says live twice': 'follows an empty upstream',
  'never says live while it is busy': 'the upstream is never quiet',
  'drops deletes': 'yields deletes',
  'mixes up keys of one batch': 'in order for each key',
  'goes on one record late': 'killed at random',
  'goes on one record early': 'nothing to say',
  'begins partitions without a position at their end': 'killed at random',
  'acknowledges what it yields': 'before it is durable',
  'reads ahead without end': 'holds little',
  'ends at a bad record': 'hands on a bad record',
  'swallows bad records': 'hands on a bad record',
  'is silent when contact is lost': 'tells when contact is lost',
  'goes on after lost history': 'says HistoryLost',
  'hangs in close': 'closes within 5 s',
  'throws when it is closed twice': 'closes within 5 s',
  'does not return when aborted': 'returns from read soon',
  'finds nothing wrong': 'names the mistake',
  'finds something else wrong': 'names the mistake',
  'gives no reason': 'names the mistake',
  'describes no option': 'describes its options',
};

function casesNamed(part: string, cases: readonly RunnableCase[]): readonly RunnableCase[] {
  const found = cases.filter(({ name, leftOut }) => name.includes(part) && leftOut === undefined);
  expect(found).not.toEqual([]);
  return found;
}

describe('a connector that keeps every promise passes', () => {
  const cases = conformanceCases(plantedHarness(), SETTINGS).filter(({ leftOut }) => leftOut === undefined);
  test.each(cases)('$name', ({ run }) => run());
});

describe('the kit finds a connector that', () => {
  test.each(Object.entries(FOUND_BY))('%s', async (bug, part) => {
    const cases = casesNamed(part, conformanceCases(plantedHarness(bug as Bug), SETTINGS));
    const results = await Promise.allSettled(cases.map(({ run }) => run()));
    const reasons = results.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(reasons).not.toEqual([]);
    expect(reasons.join('\n')).toMatch(/^NotConformant: a source /);
  });
});

test('what traits exclude, and what cannot be done upstream, is left out with its reason', () => {
  const names = (harness: ReturnType<typeof plantedHarness>) =>
    conformanceCases(harness).flatMap(({ name, leftOut }) => (leftOut === undefined ? [] : [name]));
  const whole = plantedHarness();
  expect(names(whole)).toEqual([
    'not promised by resumes: true, so that it is read again: does not let its sender believe that something was taken which died with the reader',
  ]);
  const little = { ...whole, traits: { completeState: false, resumes: false, repeats: false } };
  expect(names(little).filter((name) => name.includes('resumes: false'))).toHaveLength(4);
  expect(names({ ...whole, cannot: { delete: 'it never forgets' } })).toContainEqual(
    expect.stringMatching(/^not tried \(delete: it never forgets\): yields deletes/),
  );
});

test('a failure of chance names the seed with which it happens again', async () => {
  const [kills] = casesNamed(
    'killed at random',
    conformanceCases(plantedHarness('goes on one record late'), SETTINGS),
  );
  await expect(kills?.run()).rejects.toThrow(/again with \{ firstSeed: \d+, seeds: 1 \}/);
});
