// Dead letters as people read them: where each came from and why, never what is in its value.

import type { LetterStub } from '../dead-letters/dead-letter.js';
import type { LetterCounts } from './dlq-letters.js';
import { printable, printableBytes } from './printable.js';

const KEY_BYTES = 48;

/** `2026-10-02T12:00:01.123Z  quotes  fx.quotes/0@42  decode value: syntax at 6  EURUSD  1204 bytes` */
export function letterText(letter: LetterStub): string {
  const { rejectedAtMs, source, topic, partition, offset, stage, code, at, key, value, valueBytes } = letter;
  const place = `${printable(topic)}/${partition}@${printable(String(offset))}`;
  const reason = `${stage}: ${code}${at === undefined ? '' : ` at ${at}`}`;
  const size = value === null ? 'a delete' : `${valueBytes} bytes`;
  const fate = letter.isTruncated ? '  cut: not replayable' : '';
  const name = key === null ? '-' : printableBytes(key, KEY_BYTES);
  return `${timeText(rejectedAtMs)}  ${printable(source)}  ${place}  ${printable(reason)}  ${name}  ${size}${fate}`;
}

/** `3 letters: 2 syntax, 1 field-missing`, and what else was found. */
export function summaryText(codes: ReadonlyMap<string, number>, counts: LetterCounts): string[] {
  const total = [...codes.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...codes]
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${count} ${printable(code)}`);
  const { repeated, foreign, firstForeign = '' } = counts;
  return [
    `${total} ${total === 1 ? 'letter' : 'letters'}${total === 0 ? '' : `: ${parts.join(', ')}`}`,
    ...(repeated === 0 ? [] : [`${repeated} more are the same records, rejected again`]),
    ...(foreign === 0
      ? []
      : [`${foreign} lines or records are no letters, the first at ${printable(firstForeign)}`]),
  ];
}

function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? '?' : time.toISOString();
}
