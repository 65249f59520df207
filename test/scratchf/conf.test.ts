import { describe, expect, test } from '@jest/globals';
import { conformanceCases } from '../../connectors/kit/conformance.js';
import { tested } from '../connectors/harness/rest.js';
describe.each(Object.entries(tested.harnesses))('%s', (flavour, harness) => {
  const cases = conformanceCases(harness, { seeds: 2 });
  test.each(cases.filter(({ leftOut }) => leftOut === undefined))('$name', ({ run }) => run(), 60_000);
  test('left out', () => expect(cases.flatMap((each) => each.leftOut ?? [])).toEqual(tested.leftOut[flavour]));
});
