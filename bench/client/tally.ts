// Counts deliveries in what a server sends, at a cost that does not hold it up: bytes are looked for, nothing is parsed.

import type { StrategyName } from '../server/strategy.js';

/** One message, in pieces. Returns how many deliveries the piece brought; `complete` what only the end tells. */
export interface Tally {
  begin(): void;
  piece(buffer: Buffer, from: number, to: number): number;
  complete(): number;
}

export function tallyOf(strategy: StrategyName): Tally {
  switch (strategy) {
    case 'tailrace':
      return new LineTally();
    case 'naive':
      return new MessageTally('[');
    case 'socket.io':
      return new MessageTally('4');
  }
}

const NEWLINE = 10;
const OPEN_BRACKET = 0x5b;
const COMMA = 0x2c;
const TAG_KEYFRAME = 0x30;
const TAG_DELETE = 0x34;

/** Data lines of `tailrace.v1.json` that say something about a path's value: `[0,` to `[4,` at the beginning of a line. */
class LineTally implements Tally {
  #expect: 'bracket' | 'tag' | 'comma' | 'newline' = 'bracket';

  begin(): void {
    this.#expect = 'bracket';
  }

  piece(buffer: Buffer, from: number, to: number): number {
    let lines = 0;
    let at = from;
    while (at < to) {
      if (this.#expect === 'newline') {
        const newline = buffer.indexOf(NEWLINE, at);
        if (newline < 0 || newline >= to) return lines;
        at = newline + 1;
        this.#expect = 'bracket';
        continue;
      }
      const byte = buffer[at++] ?? 0;
      if (this.#expect === 'bracket') this.#expect = byte === OPEN_BRACKET ? 'tag' : 'newline';
      else if (this.#expect === 'tag')
        this.#expect = byte >= TAG_KEYFRAME && byte <= TAG_DELETE ? 'comma' : 'newline';
      else {
        if (byte === COMMA) lines += 1;
        this.#expect = 'newline';
      }
    }
    return lines;
  }

  complete(): number {
    return 0;
  }
}

/** Messages that begin as changes do. */
class MessageTally implements Tally {
  readonly #first: number;
  #isFirst = true;
  #isChange = false;

  constructor(first: string) {
    this.#first = first.charCodeAt(0);
  }

  begin(): void {
    this.#isFirst = true;
  }

  piece(buffer: Buffer, from: number): number {
    if (this.#isFirst) this.#isChange = buffer[from] === this.#first;
    this.#isFirst = false;
    return 0;
  }

  complete(): number {
    return this.#isChange ? 1 : 0;
  }
}
