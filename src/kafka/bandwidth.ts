// How fast one source may take bytes from a cluster: as its own configuration says. What brokers allow is theirs to say, in
// their answers (broker-loop.ts).

/**
 * Shared by the loops of all brokers. Invariant: over any stretch no more was asked for than the rate allows, but for the answers
 * that were on their way: the size of an answer is known only when it is there, so it is paid for before the next request.
 */
export class Bandwidth {
  readonly #bytesPerSecond: number;
  /** When all that was taken is paid for: monotonic time. */
  #freeAt = 0;

  /** Infinity: no limit. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** An answer of so many bytes has come at `now`: monotonic ms. */
  spend(bytes: number, now: number): void {
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes / this.#bytesPerSecond) * 1_000;
  }

  /** How long to wait before the next request, ms. */
  waitMs(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }
}

/** The limits of one answer, made such that no answer is larger than what may be taken in a second: waits stay short. */
export function inOneSecond(limits: {
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly maxBytesPerSecond: number;
}): { readonly maxBytes: number; readonly maxBytesPerPartition: number } {
  const { maxBytes, maxBytesPerPartition, maxBytesPerSecond } = limits;
  return {
    maxBytes: Math.min(maxBytes, maxBytesPerSecond),
    maxBytesPerPartition: Math.min(maxBytesPerPartition, maxBytesPerSecond),
  };
}
