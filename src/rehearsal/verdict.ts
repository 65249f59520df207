// Expected beside rehearsed: every way in which a test failed, as data. The words are verdict-text.ts, the rules behind what
// is seen reasons.ts.

import type { Json } from '../topic/json.js';
import { matches } from '../topic/filter.js';
import type { TopicPath } from '../topic/path.js';
import { reasonsFor } from './reasons.js';
import type { RecordOutcome, Rehearsed, Sight } from './rehearsal.js';
import type { Stage } from './stage.js';
import type { ExpectedSight, RefusedOutcome, TestCase } from './test-case.js';
import { differencesOf, type ValueDifference } from './value-difference.js';

export type Failure =
  | {
      readonly kind: 'record';
      readonly line: number;
      /** From 1. */
      readonly record: number;
      /** undefined: that it is taken. */
      readonly expected: RefusedOutcome | undefined;
      readonly got: RecordOutcome;
      /** The mapping rule that rejected it, `tailrace.yaml:22`. */
      readonly rule: string | undefined;
    }
  | {
      readonly kind: 'sight';
      readonly line: number;
      readonly who: string;
      readonly paths: readonly WrongPath[];
    }
  /** Tailrace contradicts itself. */
  | { readonly kind: 'bug'; readonly line: number; readonly who: string; readonly sentence: string };

export interface WrongPath {
  readonly path: TopicPath;
  readonly differences: readonly ValueDifference[];
  /** Why it is seen, or not: sentences that name rules with their lines. */
  readonly because: readonly string[];
}

/** Empty: the test passed. `rehearsed.sights` are those of `test.sights`, in their order. */
export function failuresOf(test: TestCase, rehearsed: Rehearsed, stage: Stage): Failure[] {
  return [
    ...recordFailures(test, rehearsed, stage),
    ...test.sights.flatMap((expected, index) => {
      const sight = rehearsed.sights[index];
      return sight === undefined ? [] : sightFailures(expected, sight, { rehearsed, stage });
    }),
  ];
}

/** A record that is rejected or filtered must be expected to be: else "sees nothing" would be true for a wrong reason. */
function recordFailures({ given, outcomes }: TestCase, rehearsed: Rehearsed, stage: Stage): Failure[] {
  return rehearsed.outcomes.flatMap((got, index): Failure[] => {
    const record = index + 1;
    const rule = ruleOf(got, given[index], stage);
    const expectations = outcomes.filter((each) => each.record === index);
    if (expectations.length === 0) {
      const isTaken = got.kind !== 'rejected' && got.kind !== 'filtered';
      const line = given[index]?.line ?? 0;
      return isTaken ? [] : [{ kind: 'record', line, record, expected: undefined, got, rule }];
    }
    return expectations
      .filter(({ outcome }) => !isSame(outcome, got))
      .map((each) => ({ kind: 'record', line: each.line, record, expected: each.outcome, got, rule }));
  });
}

function isSame(expected: RefusedOutcome, got: RecordOutcome): boolean {
  if (expected.kind === 'rejected') return got.kind === 'rejected' && got.code === expected.code;
  return got.kind === 'filtered';
}

function ruleOf(
  got: RecordOutcome,
  given: TestCase['given'][number] | undefined,
  stage: Stage,
): string | undefined {
  if (got.kind !== 'rejected' || got.stage !== 'map' || got.at === undefined || given === undefined)
    return undefined;
  return stage.placeOf(['sources', stage.sources.indexOf(given.source), 'map', got.at]);
}

interface SightContext {
  readonly rehearsed: Rehearsed;
  readonly stage: Stage;
}

function sightFailures(expected: ExpectedSight, sight: Sight, context: SightContext): Failure[] {
  const { line, viewer } = expected;
  const who = viewer.label;
  if (sight.kind === 'contradictory') return [{ kind: 'bug', line, who, sentence: sight.sentence }];
  const seen = sight.kind === 'seen' ? sight.values : NOTHING;
  const paths = wrongPaths(expected, seen).map(({ path, differences }) => {
    return { path, differences, because: reasonsFor(viewer, path, context) };
  });
  return paths.length === 0 ? [] : [{ kind: 'sight', line, who, paths }];
}

const NOTHING: ReadonlyMap<TopicPath, Json> = new Map();

function wrongPaths(
  expected: ExpectedSight,
  seen: ReadonlyMap<TopicPath, Json>,
): Omit<WrongPath, 'because'>[] {
  const { values, extent, never } = expected;
  const isForbidden = (path: TopicPath) =>
    extent === 'all' ? !values.has(path) : never.some((filter) => matches(filter, path));
  const listed = [...values].map(([path, value]) => ({
    path,
    differences: differencesOf(value, seen.get(path)),
  }));
  const forbidden = [...seen]
    .filter(([path]) => isForbidden(path))
    .map(([path, got]) => ({ path, differences: differencesOf(undefined, got) }));
  return [...listed, ...forbidden].filter(({ differences }) => differences.length > 0);
}
