// Dead letters as lines of the operator's log: where they came from and why, never what is in them.

import type { Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';
import type { DeadLetter, DeadLetterSink } from './dead-letter.js';

/** The part of the operator's log that dead letters need. */
export interface LetterLog {
  info(event: string, facts: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts: Readonly<Record<string, unknown>>): void;
}

const LINES_PER_SECOND = 5;
const SECOND: Ms = 1_000;

/** Invariant: at most LINES_PER_SECOND lines within one second; what is left out is counted in the next line. One per source. */
export class LoggedDeadLetters implements DeadLetterSink {
  readonly #log: Pick<LetterLog, 'warn'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #since: Ms = 0;
  #lines = 0;
  #leftOut = 0;

  constructor(log: Pick<LetterLog, 'warn'>, clock: Pick<Clock, 'monotonic'>) {
    this.#log = log;
    this.#clock = clock;
  }

  write({ source, topic, partition, offset, stage, code, at }: DeadLetter): void {
    const now = this.#clock.monotonic();
    if (now - this.#since >= SECOND) {
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_PER_SECOND) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    this.#log.warn('record-rejected', {
      source,
      topic,
      partition,
      offset,
      stage,
      code,
      at,
      leftOut: this.#leftOut,
    });
    this.#leftOut = 0;
  }

  async close(): Promise<void> {}
}

/** Both: stored, and a line of the log for who looks there. */
export function alsoLogged(stored: DeadLetterSink, logged: LoggedDeadLetters): DeadLetterSink {
  return {
    write(letter) {
      logged.write(letter);
      return stored.write(letter);
    },
    probe: () => stored.probe?.() ?? Promise.resolve(),
    get outage() {
      return stored.outage;
    },
    close: () => stored.close(),
  };
}
