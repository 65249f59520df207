// What Avro's logical types stand for, as text: times as ISO 8601, UUIDs, durations.
// https://avro.apache.org/docs/1.12.0/specification/#logical-types

import type { Whole } from './input.js';
import { isoClock, isoDate, isoTime } from './iso-time.js';

const SECONDS_PER_DAY = 86_400;

/** How a whole number is written that stands for something else. Absent: not a logical type that we know. */
export const WHOLE_NUMBERS: Readonly<Record<string, (value: Whole) => string | undefined>> = {
  date: (value) => isoDate(Number(value)),
  'time-millis': (value) => timeOfDay(value, 3),
  'time-micros': (value) => timeOfDay(value, 6),
  'timestamp-millis': (value) => timestamp(value, 3, 'Z'),
  'timestamp-micros': (value) => timestamp(value, 6, 'Z'),
  'timestamp-nanos': (value) => timestamp(value, 9, 'Z'),
  'local-timestamp-millis': (value) => timestamp(value, 3, ''),
  'local-timestamp-micros': (value) => timestamp(value, 6, ''),
  'local-timestamp-nanos': (value) => timestamp(value, 9, ''),
};

/** Sixteen bytes as 8-4-4-4-12 digits. */
export function uuidText(bytes: Buffer, start: number): string {
  const hex = bytes.toString('hex', start, start + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Twelve bytes: months, days and milliseconds, which do not convert into each other: `P2M3DT4.500S`. */
export function durationText(bytes: Buffer, start: number): string {
  const [months, days, millis] = [0, 4, 8].map((offset) => bytes.readUInt32LE(start + offset));
  const seconds = `${Math.floor((millis ?? 0) / 1000)}.${String((millis ?? 0) % 1000).padStart(3, '0')}`;
  return `P${months}M${days}DT${seconds}S`;
}

/** undefined: beyond what text can say. */
function timestamp(since1970: Whole, digits: 3 | 6 | 9, zone: 'Z' | ''): string | undefined {
  const { seconds, fraction } = split(since1970, digits);
  const time = isoTime(seconds);
  return time && `${time}.${fraction}${zone}`;
}

function timeOfDay(sinceMidnight: Whole, digits: 3 | 6): string | undefined {
  const { seconds, fraction } = split(sinceMidnight, digits);
  return seconds >= 0 && seconds < SECONDS_PER_DAY ? `${isoClock(seconds)}.${fraction}` : undefined;
}

function split(value: Whole, digits: 3 | 6 | 9): { readonly seconds: number; readonly fraction: string } {
  const perSecond = 10 ** digits;
  if (typeof value === 'number') {
    const seconds = Math.floor(value / perSecond);
    return { seconds, fraction: String(value - seconds * perSecond).padStart(digits, '0') };
  }
  const unit = BigInt(perSecond);
  const rest = ((value % unit) + unit) % unit;
  return { seconds: Number((value - rest) / unit), fraction: String(rest).padStart(digits, '0') };
}
