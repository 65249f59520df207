// A failed test as people read it: who, at which line, then path by path what was expected and what came, and by which rule.

import type { Json } from '../topic/json.js';
import type { RecordOutcome } from './rehearsal.js';
import type { RefusedOutcome, TestCase } from './test-case.js';
import type { ValueDifference } from './value-difference.js';
import type { Failure, WrongPath } from './verdict.js';

/** Differences of one value, and paths of one viewer, that are shown. */
const MOST = 20;
/** Characters of one value that are shown. */
const WIDTH = 160;

/** Several lines without a newline at the end. */
export function failureText(test: TestCase, failures: readonly Failure[]): string {
  return [`FAIL  ${test.name}`, ...failures.flatMap((failure) => linesOf(failure, test))].join('\n');
}

function linesOf(failure: Failure, { file }: TestCase): string[] {
  const place = `${file}:${failure.line}`;
  switch (failure.kind) {
    case 'record': {
      const { record, expected, got, rule } = failure;
      const because = rule === undefined ? '' : ` by ${rule}`;
      return [
        `  ${place}  record ${record}: expected ${outcomeText(expected)}, got ${outcomeText(got)}${because}`,
      ];
    }
    case 'sight':
      return [`  ${place}  ${failure.who}`, ...limited(failure.paths.map(pathText), 'paths').flat()];
    case 'bug':
      return [
        `  ${place}  ${failure.who}`,
        `    what was sent contradicts itself, which is a bug of Tailrace: ${failure.sentence}`,
      ];
  }
}

function outcomeText(outcome: RefusedOutcome | RecordOutcome | undefined): string {
  if (outcome === undefined) return 'a value';
  if (outcome.kind !== 'rejected') return OUTCOMES[outcome.kind];
  return 'stage' in outcome ? `rejected: ${outcome.code} (${outcome.stage})` : `rejected: ${outcome.code}`;
}

const OUTCOMES = {
  mapped: 'a value',
  unchanged: 'no change',
  filtered: 'filtered: no rule of the source holds for it',
} as const;

function pathText({ path, differences, because }: WrongPath): string[] {
  const [first] = differences;
  const reasons = because.map((reason) => `      ${reason}`);
  if (first?.at === '') return [`    ${path}  ${differenceText(first)}`, ...reasons];
  const width = Math.max(...differences.map(({ at }) => at.length));
  const members = differences.map((each) => [`      ${each.at.padEnd(width)}  ${differenceText(each)}`]);
  return [`    ${path}  differs`, ...limited(members, 'differences').flat(), ...reasons];
}

function differenceText({ expected, got }: ValueDifference): string {
  return `expected ${valueText(expected)}, got ${valueText(got)}`;
}

function valueText(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}...` : text;
}

function limited(blocks: readonly string[][], noun: string): string[][] {
  if (blocks.length <= MOST) return [...blocks];
  return [...blocks.slice(0, MOST), [`      and ${blocks.length - MOST} more ${noun}`]];
}
