// Times as ISO 8601 text, with as many digits as their unit has, where a Date stops at milliseconds.

const SECONDS_PER_DAY = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

/** The last one is kept: records that follow one another are mostly of one day. */
let lastDate = { days: 0, text: '1970-01-01' };

/** Days since 1970 as `2026-01-31`. undefined: more than 271,821 years away, where the calendar of ECMAScript ends. */
export function isoDate(days: number): string | undefined {
  if (days === lastDate.days) return lastDate.text;
  const date = new Date(days * SECONDS_PER_DAY * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  lastDate = { days, text: date.toISOString().slice(0, -14) };
  return lastDate.text;
}

/** Seconds since midnight, fewer than a day has, as `08:00:00`. */
export function isoClock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`;
}

/** Seconds since 1970 as `2026-01-31T08:00:00`. undefined: as in {@link isoDate}. */
export function isoTime(seconds: number): string | undefined {
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const date = isoDate(days);
  return date && `${date}T${isoClock(seconds - days * SECONDS_PER_DAY)}`;
}
