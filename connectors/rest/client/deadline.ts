// The time that one request has, whatever it does with it, and the caller's wish to end it sooner.

import type { FeedFault } from './feed-fault.js';

/** Invariant: `signal` aborts when the caller's does, or when the time is over, whichever is first; after `end` never. */
export class Deadline {
  readonly #own = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #pass = (): void => this.#own.abort(this.#outer.reason);

  /** `late`: what it aborts with when the time is over. Node's timers are monotonic. */
  constructor(outer: AbortSignal, timeoutMs: number, late: () => FeedFault) {
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#own.abort(late()), timeoutMs);
    if (outer.aborted) this.#pass();
    else outer.addEventListener('abort', this.#pass, { once: true });
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** From now on there is time; the caller can still end it. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Idempotent. */
  end(): void {
    this.lift();
    this.#outer.removeEventListener('abort', this.#pass);
  }
}

/** What `promise` comes to, or the reason of `signal` as soon as that aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = withReject();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function withReject(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, rejectIt) => (reject = rejectIt));
  return { promise, reject };
}
