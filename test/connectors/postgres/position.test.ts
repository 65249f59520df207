// Positions as text, their order, and what of them may be acknowledged.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Acknowledgements } from '../../../connectors/postgres/acknowledgements.js';
import {
  comparePlaces,
  IN_SNAPSHOT,
  parsePosition,
  positionText,
  type StreamPlace,
} from '../../../connectors/postgres/position.js';

const IDENTITY = { systemId: '7312345678901234567', generation: '16B3748-9f86d081' };
const at = (lsn: bigint, index = 0): StreamPlace => ({ at: 'stream', lsn, index });
const textOf = (place: StreamPlace): string => positionText(IDENTITY, place);

const anyPlace = fc
  .record({ lsn: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), index: fc.nat() })
  .map(({ lsn, index }) => at(lsn, index));

describe('a position', () => {
  test('has the text that is documented', () => {
    expect(textOf(at(0x1_0000_00abn, 12))).toBe('7312345678901234567/16B3748-9f86d081:1/AB+12');
    expect(positionText(IDENTITY, IN_SNAPSHOT)).toBe('7312345678901234567/16B3748-9f86d081:snapshot');
  });

  test('is what its text says', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        expect(parsePosition(textOf(place))).toEqual({ identity: IDENTITY, place });
      }),
    );
    expect(parsePosition(positionText(IDENTITY, IN_SNAPSHOT))?.place).toEqual(IN_SNAPSHOT);
  });

  test.each(['', '0/0+0', '1/a:0/0', '1/a:0/0+', '1/a:0/0+1x', 'x/a:snapshot', '1/a:0/123456789+1'])(
    'is not read from %j',
    (text) => expect(parsePosition(text)).toBeUndefined(),
  );

  test('B19 is before another by its LSN, and only then by its index', () => {
    fc.assert(
      fc.property(anyPlace, anyPlace, (a, b) => {
        const expected = a.lsn === b.lsn ? a.index - b.index : a.lsn < b.lsn ? -1 : 1;
        expect(Math.sign(comparePlaces(a, b))).toBe(Math.sign(expected));
      }),
    );
  });
});

describe('acknowledgements', () => {
  const begun = () => new Acknowledgements(IDENTITY, at(100n));
  const yields = (acknowledgements: Acknowledgements, place: StreamPlace): void =>
    acknowledgements.yields(textOf(place), place);

  test('B4 tell the server what the core has acknowledged, and nothing that was only yielded', () => {
    const acknowledgements = begun();
    yields(acknowledgements, at(120n));
    yields(acknowledgements, at(140n));
    expect(acknowledgements.told).toBe(100n);
    expect(acknowledgements.acknowledge(textOf(at(120n)))).toBe(120n);
    expect(acknowledgements.told).toBe(120n);
    expect(acknowledgements.acknowledge(textOf(at(140n)))).toBe(140n);
  });

  test('within a transaction the server is told no more than where that commits, so that it sends all of it again', () => {
    const acknowledgements = begun();
    yields(acknowledgements, at(120n, 7));
    expect(acknowledgements.acknowledge(textOf(at(120n, 7)))).toBe(120n);
    yields(acknowledgements, at(120n, 9));
    expect(acknowledgements.acknowledge(textOf(at(120n, 9)))).toBeUndefined();
  });

  test('never go back, and take nothing of another stream, of a snapshot, or of what was not yielded', () => {
    const acknowledgements = begun();
    yields(acknowledgements, at(200n));
    acknowledgements.acknowledge(textOf(at(150n)));
    const others = [
      textOf(at(149n)),
      textOf(at(201n)),
      positionText({ ...IDENTITY, generation: 'other' }, at(180n)),
      positionText({ ...IDENTITY, systemId: '1' }, at(180n)),
      positionText(IDENTITY, IN_SNAPSHOT),
      'no position',
    ];
    for (const other of others) expect(acknowledgements.acknowledge(other)).toBeUndefined();
    expect(acknowledgements.told).toBe(150n);
  });

  test('a position that goes back is a bug, and said to be one', () => {
    const acknowledgements = begun();
    yields(acknowledgements, at(120n, 3));
    expect(() => yields(acknowledgements, at(120n, 2))).toThrow('went back');
  });
});
