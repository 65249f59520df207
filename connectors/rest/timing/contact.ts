// Whether an endpoint is heard of, and since when not: subscribers hear of it only when it has lasted.

/** Invariant: `interrupted` is said once per loss, and `live` once after each. */
export class Contact {
  readonly #staleAfterMs: number;
  readonly #monotonic: () => number;
  #said: 'nothing' | 'live' | 'interrupted' = 'nothing';
  #lost: { readonly at: number; readonly reason: string } | undefined;

  constructor(staleAfterMs: number, monotonic: () => number) {
    this.#staleAfterMs = staleAfterMs;
    this.#monotonic = monotonic;
  }

  /** Whether `live` is to be said now. */
  regained(): boolean {
    this.#lost = undefined;
    if (this.#said === 'live') return false;
    this.#said = 'live';
    return true;
  }

  /** Whether it was there until now. */
  lose(reason: string): boolean {
    const isNew = this.#lost === undefined;
    this.#lost = { at: this.#lost?.at ?? this.#monotonic(), reason };
    return isNew;
  }

  /** ms until `interrupted` has to be said; undefined: it need not be. */
  untilStale(): number | undefined {
    if (this.#lost === undefined || this.#said === 'interrupted') return undefined;
    return Math.max(0, this.#lost.at + this.#staleAfterMs - this.#monotonic());
  }

  /** The event that says it. */
  interruption(): { readonly type: 'interrupted'; readonly reason: string } {
    this.#said = 'interrupted';
    return { type: 'interrupted', reason: this.#lost?.reason ?? 'no contact' };
  }
}
