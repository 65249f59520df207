// Random JSON as no writer of JSON would write it, for what must find its way in any.

import fc from 'fast-check';

/** JSON with space in odd places, and escapes where none are needed. */
export const spacedJson = fc.letrec<{ value: string }>((tie) => {
  const space = fc.constantFrom('', '', ' ', '\n', '\t\r\n  ');
  const escaped = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).replaceAll('/', '\\/'));
  const coded = fc.string().map((text) => `"${[...text].map(codedUnit).join('')}"`);
  const number = fc.constantFrom(
    '0',
    '-0',
    '1e3',
    '12345678901234567890.123456789',
    '-1.0E-7',
    '9007199254740993',
  );
  const literal = fc.constantFrom(
    'true',
    'false',
    'null',
    '""',
    '"\\\\"',
    '"\\""',
    '"]},:["',
    '[]',
    '{}',
    '[[]]',
  );
  const text = fc.oneof(escaped, coded);
  const value = tie('value');
  const item = fc.tuple(space, value, space).map((parts) => parts.join(''));
  const member = fc.tuple(space, text, space, item).map(([a, name, b, of]) => `${a}${name}${b}:${of}`);
  const depth = { depthIdentifier: 'json', maxDepth: 4 };
  return {
    value: fc.oneof(
      depth,
      fc.oneof(number, literal, text),
      fc.array(item, depth).map((items) => `[${items.join(',')}]`),
      fc.array(member, depth).map((members) => `{${members.join(',')}}`),
    ),
  };
}).value;

function codedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
