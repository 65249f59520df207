// Figures in few characters, for tables: counts, rates, sizes, shares and times.

import type { Ms } from '../topic/update.js';

/** `1,204`, `12.4k`, `3M`. */
export function count(number: number): string {
  if (number < 10_000) return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
  if (number < 1_000_000) return `${oneDecimal(number / 1_000)}k`;
  return number < 1e9 ? `${oneDecimal(number / 1e6)}M` : `${oneDecimal(number / 1e9)}G`;
}

/** `3.2`, `1,204`. */
export function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? oneDecimal(perSecond) : count(perSecond);
}

/** `512 B`, `3.1 KB`, `142 MB`. */
export function bytes(number: number): string {
  if (number < 1_024) return `${Math.round(number)} B`;
  const [divisor, unit] =
    number < 1_024 ** 2 ? [1_024, 'KB'] : number < 1_024 ** 3 ? [1_024 ** 2, 'MB'] : [1_024 ** 3, 'GB'];
  const scaled = number / Number(divisor);
  return `${scaled < 10 ? oneDecimal(scaled) : Math.round(scaled)} ${unit}`;
}

/** Of a share from 0 on: `<1%`, `46%`. */
export function percent(part: number): string {
  const hundred = 100 * part;
  return `${hundred > 0 && hundred < 1 ? '<1' : Math.round(hundred)}%`;
}

/** None from a hundred on, and none that is 0. */
function oneDecimal(number: number): string {
  return String(number < 100 ? Math.round(number * 10) / 10 : Math.round(number));
}

/** `<5ms`: the bound of a bucket. */
export function delay(ms: Ms | undefined): string {
  if (ms === undefined) return '-';
  if (ms === Infinity) return '>10s';
  return ms < 1_000 ? `<${ms}ms` : `<${ms / 1_000}s`;
}

/** `45s`, `3m`, `2h05m`, `12d`. */
export function durationText(ms: Ms): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  const hours = Math.floor(seconds / 3_600);
  if (hours < 48) return `${hours}h${String(Math.floor((seconds % 3_600) / 60)).padStart(2, '0')}m`;
  return `${Math.floor(hours / 24)}d`;
}

/** Of the day, here: `09:46:35`. */
export function timeText(wallTime: Ms): string {
  return new Date(wallTime).toTimeString().slice(0, 8);
}
