// Short ways to write dead letters, and arbitrary ones.

import fc from 'fast-check';
import type { DeadLetter, LetterStub } from '../../src/dead-letters/dead-letter.js';

export function letter(offset: number, changes: Partial<DeadLetter['record']> = {}): DeadLetter {
  const record = {
    key: Buffer.from(`k${offset}`),
    value: Buffer.from(`{"n":${offset}`),
    headers: undefined,
    timestampMs: 1_700_000_000_000 + offset,
    offset,
    ...changes,
  };
  return {
    ...{ source: 'quotes', topic: 'fx.quotes', partition: 0, offset },
    ...{ stage: 'decode value', code: 'syntax', at: 6 },
    record,
  };
}

const bytes = (maxLength: number) =>
  fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength }).map((array) => Buffer.from(array)),
  );
const name = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString());
const headers = fc.array(
  fc.record({
    name: fc.oneof(name, fc.constantFrom('__proto__', 'tailrace.source', 'tailrace.truncated')),
    value: bytes(30),
  }),
  { maxLength: 20 },
);

/** Small ones; those over a limit are made by hand. */
export const arbitraryStub: fc.Arbitrary<LetterStub> = fc
  .record({
    source: fc.stringMatching(/^[A-Za-z][\w-]{0,10}$/),
    topic: name,
    partition: fc.nat(1000),
    offset: fc.oneof(fc.nat(), fc.stringMatching(/^[a-z]{1,5}-[0-9]{1,3}$/)),
    timestampMs: fc.integer({ min: -1, max: 2_000_000_000_000 }),
    rejectedAtMs: fc.integer({ min: 0, max: 2_000_000_000_000 }),
    stage: fc.constantFrom('decode key', 'decode value', 'map', 'own'),
    code: fc.constantFrom('syntax', 'field-missing', 'no-key'),
    at: fc.option(fc.nat(), { nil: undefined }),
    key: bytes(20),
    value: bytes(50),
    valueBytes: fc.nat(),
    isTruncated: fc.boolean(),
    headers,
  })
  .map(({ at, ...stub }) => (at === undefined ? stub : { ...stub, at }));
