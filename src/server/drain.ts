// How a server lets go of its clients when it stops: one after the other over a while, each with a hint when to come back, so
// that neither the closes nor the returns are a herd. Who is a client, and what is said at a close, is connection.ts.

import type { Clock } from '../clock.js';
import type { Ms } from '../topic/update.js';

/** How long the parts of a stop may take. `waitMs + spreadMs < graceMs`. */
export interface DrainPlan {
  /** Everything goes on, new clients included: a balancer needs time to notice that the process is not ready any more. */
  readonly waitMs: Ms;
  /** The closes are spread over this; 0: all at once. */
  readonly spreadMs: Ms;
  /** From the beginning of the wait on; whoever is connected then is cut off. */
  readonly graceMs: Ms;
}

/** What is drained; both may be called whatever state it is in. */
export interface Drainable {
  /** Says what is owed, when to come back, and good-bye. */
  stop(retryMs: Ms): void;
  terminate(): void;
}

export interface DrainOptions {
  readonly clock: Clock;
  /** Those who are to be closed, in their order: who came first goes first. None is added any more. */
  readonly clients: Iterable<Drainable>;
  readonly spreadMs: Ms;
  /** What a process like this one admits: more returns in a second would be refused. */
  readonly joinsPerSecond: number;
}

/** The next process needs about this long to start, or a balancer to notice. */
const RETRY_MS: Ms = 1_000;
/** Returns are never spread over less than this. */
const JITTER_MS: Ms = 1_000;
/**
 * Closes come at least so close together, however few there are: 20 a second are a tenth of what one other process admits by
 * default, so that going slower would save nobody anything and only make small stops long.
 */
const LONGEST_GAP_MS: Ms = 50;
/** One timer may close several: timers of a millisecond are late more often than not. */
const STEP_MS: Ms = 20;

/**
 * Invariant: `#waiting` are the clients that are neither told nor gone. Each step plans anew from who is left and what time is
 * left, so a stalled event loop is followed by no burst, and clients that go by themselves leave their share to the others.
 */
export class Drain {
  readonly #clock: Clock;
  readonly #waiting: Set<Drainable>;
  readonly #endsAt: Ms;
  readonly #returnMs: Ms;
  #told = 0;

  constructor({ clock, clients, spreadMs, joinsPerSecond }: DrainOptions) {
    this.#clock = clock;
    this.#waiting = new Set(clients);
    this.#endsAt = clock.monotonic() + spreadMs;
    this.#returnMs = returnsOver({ clients: this.#waiting.size, spreadMs, joinsPerSecond });
  }

  /** Those whom it has told so far. */
  get told(): number {
    return this.#told;
  }

  /** Tells the first ones now, the last one before the spread has passed. Call it once. */
  start(): void {
    this.#step();
  }

  /** This client needs to be told nothing any more. */
  gone(client: Drainable): void {
    this.#waiting.delete(client);
  }

  #step(): void {
    const left = this.#waiting.size;
    if (left === 0) return;
    const gapMs = Math.min(LONGEST_GAP_MS, (this.#endsAt - this.#clock.monotonic()) / left);
    if (gapMs <= 0) return this.#tell(left);
    const together = Math.max(1, Math.round(STEP_MS / gapMs));
    this.#tell(together);
    this.#clock.after(together * gapMs, () => this.#step());
  }

  #tell(most: number): void {
    let room = most;
    for (const client of this.#waiting) {
      if (room-- === 0) return;
      this.#waiting.delete(client);
      this.#told += 1;
      client.stop(RETRY_MS + Math.floor(this.#clock.random() * this.#returnMs));
    }
  }
}

/** The time over which clients come back. Where the closes themselves are slow enough, a little jitter is all that is needed. */
function returnsOver(o: { clients: number; spreadMs: Ms; joinsPerSecond: number }): Ms {
  const neededMs = (o.clients / o.joinsPerSecond) * 1_000;
  return neededMs > o.spreadMs ? Math.max(JITTER_MS, neededMs) : JITTER_MS;
}
