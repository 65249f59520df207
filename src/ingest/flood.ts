// Notices that a source yields little else than records that are rejected: a wrong schema, a mapping that does not fit. Then it
// is better to stop and say so than to drain the topic into the dead letters.

import type { Ms } from '../topic/update.js';

const IN_ROW = 100;
/** So many in one window, and more than half of its records, are a flood too. */
const IN_WINDOW = 100;
const WINDOW: Ms = 60_000;

/** What a flood does to reading. */
export type OnFlood = 'pause' | 'continue';

/** Invariant: `isOn` from the record that makes it a flood until the next good one. */
export class RejectionFlood {
  isOn = false;
  readonly #onFlood: OnFlood;
  #inRow = 0;
  #since: Ms = -Infinity;
  #rejected = 0;
  #good = 0;

  constructor(onFlood: OnFlood) {
    this.#onFlood = onFlood;
  }

  /** Whether nothing but one record at a time should be taken. */
  get isPausing(): boolean {
    return this.isOn && this.#onFlood === 'pause';
  }

  /** Records are about to be taken; `now`: monotonic. */
  at(now: Ms): void {
    if (this.isOn || now - this.#since < WINDOW) return;
    this.#since = now;
    this.#beginWindow();
  }

  /** Called for every record. */
  good(): void {
    this.#inRow = 0;
    this.#good++;
    if (!this.isOn) return;
    this.isOn = false;
    this.#beginWindow();
  }

  bad(): void {
    this.#inRow++;
    this.#rejected++;
    this.isOn ||= this.#inRow >= IN_ROW || (this.#rejected >= IN_WINDOW && this.#rejected > this.#good);
  }

  #beginWindow(): void {
    this.#rejected = 0;
    this.#good = 0;
  }
}
