// Which numbers a stored value may hold, so that the value as stored and the value as any reader re-writes it are the same
// number (G3: full values are stored text, deltas are made of parsed text). The rule:
//   integer literal outside +-(2^53 - 1), or any literal beyond a double's range (1e400, 1e-400): a JSON string of that literal;
//   literal with fraction or exponent: it means a double. Digits that the double does not keep are written as it keeps them;
//   zero has no sign. Everything else stands as it came, 1.10 and 1e3 included.

/** What becomes of a literal: it stands, other digits stand for it, or a double cannot hold it. */
export type NumberFate =
  | { readonly is: 'kept' }
  | { readonly is: 'rewritten'; readonly literal: string }
  | { readonly is: 'out of range' };

const KEPT: NumberFate = { is: 'kept' };
const OUT_OF_RANGE: NumberFate = { is: 'out of range' };

/** For literals that the scanner could not wave through: over 15 digits, an exponent, or a negative zero. */
export function fateOfNumber(literal: string): NumberFate {
  const value = Number(literal);
  if (/^-?\d+$/.test(literal)) {
    if (Object.is(value, -0)) return { is: 'rewritten', literal: '0' };
    return Number.isSafeInteger(value) ? KEPT : OUT_OF_RANGE;
  }
  if (!Number.isFinite(value)) return OUT_OF_RANGE;
  if (value === 0) {
    if (/[1-9]/.test(mantissaOf(literal))) return OUT_OF_RANGE;
    return literal.startsWith('-') ? { is: 'rewritten', literal: '0' } : KEPT;
  }
  const shortest = String(value);
  return shortest === literal || isSameDecimal(shortest, literal)
    ? KEPT
    : { is: 'rewritten', literal: shortest };
}

function isSameDecimal(a: string, b: string): boolean {
  const [left, right] = [decimalOf(a), decimalOf(b)];
  return left.digits === right.digits && left.exponent === right.exponent;
}

/** A non-zero literal as 0.digits x 10^exponent, without zeros at either end of the digits. The sign is the double's already. */
function decimalOf(literal: string): { digits: string; exponent: number } {
  const mantissa = mantissaOf(literal).replace('-', '');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const leadingZeros = whole.length + fraction.length - digits.length;
  const written = Number(/[eE](.+)$/.exec(literal)?.[1] ?? '0');
  return { digits: digits.replace(/0+$/, ''), exponent: written + whole.length - leadingZeros };
}

function mantissaOf(literal: string): string {
  return literal.split(/[eE]/, 1)[0] ?? '';
}
