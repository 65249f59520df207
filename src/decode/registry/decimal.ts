// Decimals that are exact: a whole number of any size and a power of ten.

/** Two's complement at `[start, end)`, most significant byte first and at least one, times 10^-scale: `-12.3400`. */
export function decimalText(bytes: Buffer, start: number, end: number, scale: number): string {
  const length = end - start;
  const unscaled = String(length <= 6 ? bytes.readIntBE(start, length) : bigOf(bytes, start, end));
  if (scale === 0) return unscaled;
  if (scale < 0) return unscaled === '0' ? '0' : unscaled + '0'.repeat(-scale);
  const isNegative = unscaled.startsWith('-');
  const digits = (isNegative ? unscaled.slice(1) : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${isNegative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function bigOf(bytes: Buffer, start: number, end: number): bigint {
  const unsigned = BigInt(`0x${bytes.toString('hex', start, end)}`);
  return BigInt.asIntN(8 * (end - start), unsigned);
}
