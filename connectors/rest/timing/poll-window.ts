// Times of day at which an endpoint is polled, as the option `between` writes them: `08:00-18:00`, `Mon-Fri 08:00-18:00
// Europe/London`. They go by the clocks on the wall of their zone, so that a change to summer time moves them with it.

import { OptionsRejected } from '../../contract.js';

/** When polling is allowed. Made by {@link pollWindow}. */
export interface PollWindow {
  /** Days on which it opens, 0: Sunday. Over midnight it stays open into the day after. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight, 0 to 1439. */
  readonly opens: number;
  /** 1 to 1440, exclusive. Less than `opens`: on the day after. */
  readonly closes: number;
  /** Tells the time in its zone. */
  readonly zone: Intl.DateTimeFormat;
}

const DAYS: readonly string[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY_MINUTES = 24 * 60;
const FORM = /^(?:([A-Za-z]+)(?:-([A-Za-z]+))? +)?(\d\d:\d\d)-(\d\d:\d\d)(?: +([A-Za-z][\w+/-]*))?$/;

/** Without a zone: UTC. Throws OptionsRejected. */
export function pollWindow(text: string): PollWindow {
  const form = FORM.exec(text.trim());
  if (form === null) {
    throw refused(text, 'write it like 08:00-18:00, or like Mon-Fri 08:00-18:00 Europe/London');
  }
  const [, firstDay, lastDay, opens = '', closes = '', zone = 'UTC'] = form;
  const window = {
    days: daysFrom(text, firstDay, lastDay),
    opens: minuteOf(text, opens),
    closes: minuteOf(text, closes),
    zone: clockOf(text, zone),
  };
  if (window.opens === DAY_MINUTES) throw refused(text, 'a day ends at 24:00; begin at 00:00');
  if (window.opens === window.closes) {
    throw refused(text, 'it begins when it ends; for the whole day write 00:00-24:00');
  }
  return window.closes === 0 ? { ...window, closes: DAY_MINUTES } : window;
}

/** `atMs`: wall time, ms since 1970. In an hour that clocks repeat it is open both times; in one that they skip, never. */
export function isOpenAt({ days, opens, closes, zone }: PollWindow, atMs: number): boolean {
  const { day, minute } = localTime(zone, atMs);
  const isToday = days.has(day);
  if (opens < closes) return isToday && minute >= opens && minute < closes;
  const wasYesterday = days.has((day + DAYS.length - 1) % DAYS.length);
  return (isToday && minute >= opens) || (wasYesterday && minute < closes);
}

function localTime(
  zone: Intl.DateTimeFormat,
  atMs: number,
): { readonly day: number; readonly minute: number } {
  const parts = new Map(zone.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  return { day: DAYS.indexOf(parts.get('weekday') ?? ''), minute };
}

/** From `first` to `last`, over the end of the week if need be. */
function daysFrom(text: string, first: string | undefined, last = first): ReadonlySet<number> {
  if (first === undefined || last === undefined) return new Set(DAYS.keys());
  const from = dayOf(text, first);
  const count = ((dayOf(text, last) - from + DAYS.length) % DAYS.length) + 1;
  return new Set(Array.from({ length: count }, (_, i) => (from + i) % DAYS.length));
}

function dayOf(text: string, name: string): number {
  const day = DAYS.findIndex((each) => each.toLowerCase() === name.toLowerCase());
  if (day < 0) throw refused(text, `${name} is no day; days are ${DAYS.join(', ')}`);
  return day;
}

function minuteOf(text: string, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const minutes = hour * 60 + minute;
  if (minute > 59 || minutes > DAY_MINUTES) {
    throw refused(text, `${time} is no time of day; they go from 00:00 to 24:00`);
  }
  return minutes;
}

function clockOf(text: string, timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch (cause) {
    throw refused(text, `${timeZone} is no time zone; write one like Europe/London or UTC`, { cause });
  }
}

function refused(text: string, why: string, options?: ErrorOptions): OptionsRejected {
  return new OptionsRejected(`between: ${JSON.stringify(text)}: ${why}`, options);
}
