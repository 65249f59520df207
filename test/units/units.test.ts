// Durations and sizes: what is taken, and exactly how much it is.

import { describe, expect, test } from '@jest/globals';

import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from '../../src/units.js';

describe('units', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['2 m', 120_000],
    ['1d', 86_400_000],
    ['0', 0],
  ])('%s is %d ms', (written, ms) => {
    expect(parseDuration(written)).toBe(ms);
    expect(written).toMatch(new RegExp(DURATION_PATTERN));
  });

  test.each([['1KiB', 1024] as const, ['64MiB', 67_108_864], ['1.5 kB', 1500], ['5000', 5000]])(
    '%s is %d bytes',
    (written, bytes) => {
      expect(parseSize(written)).toBe(bytes);
      expect(written).toMatch(new RegExp(SIZE_PATTERN));
    },
  );

  test.each(['30', '-1s', '1w', '0.1ms', '1e3s', '', undefined])('%p is no duration', (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });

  test.each([-1, 1.5, '0.3B', '1 TiB', '', undefined])('%p is no size', (written) => {
    expect(parseSize(written)).toBeUndefined();
  });
});
