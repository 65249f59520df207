// Text and number of an LSN.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatLsn, parseLsn } from '../../../connectors/postgres/connection/lsn.js';

test('an LSN is read as Postgres writes it, and written so', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16_b374_d848n);
  expect(formatLsn(0x16_b374_d848n)).toBe('16/B374D848');
  expect(formatLsn(0n)).toBe('0/0');
  expect(parseLsn('00000000/01535A78')).toBe(parseLsn('0/1535A78'));
});

test('text and number stand for each other, and numbers are in the order of the WAL', () => {
  const lsn = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
  fc.assert(fc.property(lsn, (each) => parseLsn(formatLsn(each)) === each));
});

test.each(['', '0', '0/', '/0', '0/G', '-1/0', '0/0 ', '123456789/0'])('"%s" is no LSN', (text) => {
  expect(() => parseLsn(text)).toThrow(RangeError);
});
