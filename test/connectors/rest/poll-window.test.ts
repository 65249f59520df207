// Poll windows: what the option `between` means at a moment, over midnight and over the changes to and from summer time.

import { describe, expect, test } from '@jest/globals';

import { OptionsRejected } from '../../../connectors/contract.js';
import { isOpenAt, pollWindow } from '../../../connectors/rest/timing/poll-window.js';

const MINUTE_MS = 60_000;

/** `times`: in ISO 8601. */
function openAt(window: string, ...times: readonly string[]): boolean[] {
  const parsed = pollWindow(window);
  return times.map((time) => isOpenAt(parsed, Date.parse(time)));
}

/** How many minutes of a day of UTC it is open, and the first and the last of them. */
function openMinutes(window: string, day: string): readonly [number, string | undefined, string | undefined] {
  const parsed = pollWindow(window);
  const start = Date.parse(`${day}T00:00:00Z`);
  const open = Array.from({ length: 1_440 }, (_, i) => start + i * MINUTE_MS).filter((at) =>
    isOpenAt(parsed, at),
  );
  const text = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString().slice(11, 16);
  return [open.length, text(open[0]), text(open.at(-1))];
}

describe('a poll window', () => {
  test('is open from its first minute to before its last, in UTC where no zone is said', () => {
    const times = ['2026-03-04T07:59:59.999Z', '2026-03-04T08:00:00Z', '2026-03-04T17:59:59.999Z'];
    expect(openAt('08:00-18:00', ...times, '2026-03-04T18:00:00Z')).toEqual([false, true, true, false]);
    expect(openMinutes('00:00-24:00', '2026-03-04')[0]).toBe(1_440);
  });

  test('goes by the clock on the wall of its zone, in winter and in summer', () => {
    const window = '08:00-18:00 Europe/London';
    expect(openMinutes(window, '2026-03-28')).toEqual([600, '08:00', '17:59']);
    expect(openMinutes(window, '2026-03-29')).toEqual([600, '07:00', '16:59']); // clocks went forward at 01:00
    expect(openMinutes(window, '2026-10-24')).toEqual([600, '07:00', '16:59']);
    expect(openMinutes(window, '2026-10-25')).toEqual([600, '08:00', '17:59']); // and back
    expect(openMinutes('09:30-16:00 America/New_York', '2026-03-07')).toEqual([390, '14:30', '20:59']);
    expect(openMinutes('09:30-16:00 America/New_York', '2026-03-08')).toEqual([390, '13:30', '19:59']);
    expect(openMinutes('09:30-16:00 America/New_York', '2026-11-01')).toEqual([390, '14:30', '20:59']);
  });

  test('is open both times in an hour that clocks repeat, and not at all in one that they skip', () => {
    expect(openMinutes('01:00-02:00 Europe/London', '2026-03-29')[0]).toBe(0);
    expect(openMinutes('01:00-02:00 Europe/London', '2026-10-25')).toEqual([120, '00:00', '01:59']);
    expect(openMinutes('02:00-03:00 America/New_York', '2026-03-08')[0]).toBe(0);
    expect(openMinutes('01:30-02:00 America/New_York', '2026-11-01')).toEqual([60, '05:30', '06:59']);
    expect(openMinutes('Sun 00:30-03:30 Europe/London', '2026-03-29')).toEqual([120, '00:30', '02:29']);
  });

  test('over midnight belongs to the day on which it opens', () => {
    const window = 'Fri 22:00-06:00';
    // 2026-03-06 is a Friday
    const times = ['2026-03-06T05:00Z', '2026-03-06T22:00Z', '2026-03-07T05:59Z', '2026-03-07T06:00Z'];
    expect(openAt(window, ...times, '2026-03-07T22:30Z')).toEqual([false, true, true, false, false]);
    expect(openAt('22:00-00:00', '2026-03-06T23:59Z', '2026-03-07T00:00Z')).toEqual([true, false]);
    expect(openAt('Sat 22:00-06:00', '2026-03-08T05:00Z', '2026-03-09T05:00Z')).toEqual([true, false]);
  });

  test('has days, alone or from one to another, over the end of the week too', () => {
    const week = Array.from({ length: 7 }, (_, i) => `2026-03-0${i + 2}T12:00Z`); // from a Monday on
    const open = (days: string): string =>
      openAt(`${days} 08:00-18:00`, ...week)
        .map(Number)
        .join('');
    expect(open('Mon-Fri')).toBe('1111100');
    expect(open('Wed')).toBe('0010000');
    expect(open('Sat-Mon')).toBe('1000011');
    expect(open('fri-FRI')).toBe('0000100');
    // Monday has begun in Auckland while it is Sunday in UTC
    expect(openAt('Mon 08:00-18:00 Pacific/Auckland', '2026-03-01T20:00Z')).toEqual([true]);
  });

  test.each([
    ['', 'write it like'],
    ['8:00-18:00', 'write it like'],
    ['08:00', 'write it like'],
    ['08:00 - 18:00', 'write it like'],
    ['Mon,Tue 08:00-18:00', 'write it like'],
    ['08:00-18:00 +02:00', 'write it like'],
    ['08:00-18:60', '18:60 is no time of day'],
    ['08:00-24:01', '24:01 is no time of day'],
    ['24:00-08:00', 'begin at 00:00'],
    ['08:00-08:00', '00:00-24:00'],
    ['Mon-Fry 08:00-18:00', 'Fry is no day; days are Sun, Mon'],
    ['08:00-18:00 Europe/Londin', 'Europe/Londin is no time zone'],
  ])('that is written %j is refused in a sentence', (text, sentence) => {
    expect(() => pollWindow(text)).toThrow(OptionsRejected);
    expect(() => pollWindow(text)).toThrow(`between: ${JSON.stringify(text)}: `);
    expect(() => pollWindow(text)).toThrow(sentence);
  });
});
