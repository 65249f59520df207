// The errors of the contract, across copies of its file: a connector from elsewhere may throw its own.

import { describe, expect, test } from '@jest/globals';
import { HistoryLost, OptionsRejected, SourceUnavailable } from '../../connectors/contract.js';

const KINDS = { SourceUnavailable, HistoryLost, OptionsRejected };

describe.each(Object.entries(KINDS))('%s', (name, Kind) => {
  test('is told by its class, and by its name where the class is of another copy', () => {
    expect(new Kind('gone')).toBeInstanceOf(Kind);
    expect(new Kind('gone')).toBeInstanceOf(Error);
    expect(Object.assign(new Error('gone'), { name })).toBeInstanceOf(Kind);
  });

  test('is none of the others, and nothing else is it', () => {
    for (const Other of Object.values(KINDS).filter((each) => each !== Kind))
      expect(new Kind('gone')).not.toBeInstanceOf(Other);
    for (const other of [new TypeError('gone'), { message: 'gone' }, name, null, undefined])
      expect(other instanceof Kind).toBe(false);
  });

  test('may be refined', () => {
    class Refined extends Kind {
      readonly name = 'Refined' as never;
    }
    expect(new Refined('gone')).toBeInstanceOf(Kind);
    expect(new Kind('gone') instanceof Refined).toBe(false);
  });
});
