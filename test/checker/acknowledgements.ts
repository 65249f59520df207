// Tells the server how far the client has read: a second after the first message that was not acknowledged, or at once
// when many bytes have come.

import type { Clock } from '../../src/clock.js';

const AFTER_MS = 1_000;
const AFTER_BYTES = 64 * 1024;

export class Acknowledgements {
  readonly #clock: Clock;
  readonly #say: (frames: number) => void;
  #frames = 0;
  #owedBytes = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, say: (frames: number) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  processed(frames: number, bytes: number): void {
    this.#frames = frames;
    this.#owedBytes += bytes;
    if (this.#owedBytes >= AFTER_BYTES) this.#acknowledge();
    else this.#cancel ??= this.#clock.after(AFTER_MS, () => this.#acknowledge());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #acknowledge(): void {
    this.stop();
    this.#owedBytes = 0;
    this.#say(this.#frames);
  }
}
