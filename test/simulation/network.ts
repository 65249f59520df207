// The way between a session and its client: messages arrive in order and late, each with what the session was allowed when
// it was written. A proxy may stand in between and damage what passes.

import type { Listener } from '../../src/fanout/listener.js';
import { toText, type Utf8 } from '../../src/topic/utf8.js';
import type { Sight } from '../checker/sight.js';
import type { SimClock } from './sim-clock.js';

/** Gets each message on its way and gives what arrives instead: the same, another, none or several. */
export type Proxy = (message: string) => readonly string[];

export interface LinkOptions {
  readonly clock: SimClock;
  /** What the session is allowed at this moment. */
  readonly sight: () => Sight;
  readonly deliver: (message: string, sight: Sight) => void;
  /** The client has read up to here. */
  readonly pong: (frames: number) => void;
  readonly closed: () => void;
  readonly proxy: Proxy | undefined;
}

const LATENCY_MS = 20;

/** Invariant: what arrives does so in the order in which it was written, and nothing arrives after the cut. */
export class Link implements Listener {
  readonly #options: LinkOptions;
  #isCut = false;
  /** When the last thing on its way arrives: the next may not overtake it. */
  #lastArrival = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  write(lines: Utf8): void {
    const sight = this.#options.sight();
    const message = toText(lines);
    for (const one of this.#options.proxy?.(message) ?? [message]) {
      this.#later(() => this.#options.deliver(one, sight));
    }
  }

  ping(frames: number): void {
    this.#later(() => this.#options.pong(frames));
  }

  close(): void {
    this.#later(this.#options.closed);
  }

  terminate(): void {
    this.cut();
    this.#options.closed();
  }

  /** Nothing arrives any more. */
  cut(): void {
    this.#isCut = true;
  }

  #later(arrive: () => void): void {
    const { clock } = this.#options;
    this.#lastArrival = Math.max(this.#lastArrival, clock.monotonic() + clock.pick(LATENCY_MS));
    clock.after(this.#lastArrival - clock.monotonic(), () => {
      if (!this.#isCut) arrive();
    });
  }
}
