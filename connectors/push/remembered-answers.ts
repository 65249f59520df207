// Answers under the key that their request brought, so that a sender that has not seen its answer can send again without its
// records being taken twice.

import type { ReceiverAnswer } from '../contract.js';

export type Recalled =
  | { readonly kind: 'unknown' }
  /** Under this key something else was sent. */
  | { readonly kind: 'other request' }
  /** `answer` may still be on its way. */
  | { readonly kind: 'same request'; readonly answer: Promise<ReceiverAnswer> };

export interface MemoryLimits {
  readonly keys: number;
  readonly ms: number;
}

interface Remembered {
  /** Tells whether another request is the same. */
  readonly digest: string;
  readonly answer: Promise<ReceiverAnswer>;
  /** When it was answered; undefined: it is on its way. */
  at: number | undefined;
}

const IS_GOOD = 200;

/** Invariant: what is answered stands in the order of its answers, within the limits; what is not answered yet is never forgotten. */
export class RememberedAnswers {
  readonly #now: () => number;
  readonly #pending = new Map<string, Remembered>();
  readonly #answered = new Map<string, Remembered>();

  /** `now`: ms, never going back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  recall(key: string, digest: string, limits: MemoryLimits): Recalled {
    this.#forget(limits);
    const known = this.#pending.get(key) ?? this.#answered.get(key);
    if (known === undefined) return { kind: 'unknown' };
    return known.digest === digest
      ? { kind: 'same request', answer: known.answer }
      : { kind: 'other request' };
  }

  /** Under a key that is unknown. An answer that is no success is forgotten at once: it is worth another try. */
  remember(key: string, digest: string, answer: Promise<ReceiverAnswer>, limits: () => MemoryLimits): void {
    const remembered = { digest, answer, at: undefined };
    const settle = (isGood: boolean): void => {
      this.#pending.delete(key);
      if (!isGood) return;
      this.#answered.set(key, { ...remembered, at: this.#now() });
      this.#forget(limits());
    };
    this.#pending.set(key, remembered);
    void answer.then(
      ({ status }) => settle(status === IS_GOOD),
      () => settle(false),
    );
  }

  #forget({ keys, ms }: MemoryLimits): void {
    for (const [key, { at = 0 }] of this.#answered) {
      if (this.#answered.size <= keys && this.#now() - at < ms) return;
      this.#answered.delete(key);
    }
  }
}
