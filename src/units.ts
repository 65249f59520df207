// Durations and sizes as people write them. A number without a unit is refused unless the option's name has the unit. What an option takes
// of them (how long, which units) its schema says.

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** For editors; {@link parseDuration} decides. */
export const DURATION_PATTERN = '^(0|[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d))$';
export const SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)?( ?(B|kB|KB|MB|GB|KiB|MiB|GiB))?$';

/** `250ms`, `30s`, `1.5h`, `1d`, or a bare 0. undefined: it is no duration of whole milliseconds. */
export function parseDuration(written: unknown): number | undefined {
  if (written === 0 || written === '0') return 0;
  return quantity(written, DURATION_MS);
}

/** `64KiB`, `1 MiB`, `100MB`, or a number of bytes. undefined: it is no size in whole bytes. */
export function parseSize(written: unknown): number | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) && written >= 0 ? written : undefined;
  if (typeof written === 'string' && /^\d+$/.test(written)) return parseSize(Number(written));
  return quantity(written, SIZE_BYTES);
}

function quantity(written: unknown, units: Readonly<Record<string, number>>): number | undefined {
  const match = typeof written === 'string' ? /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(written) : null;
  const factor = units[match?.[2] ?? ''];
  if (match === null || factor === undefined) return undefined;
  const amount = Math.round(Number(match[1]) * factor * 1e6) / 1e6;
  return Number.isSafeInteger(amount) ? amount : undefined;
}
