// The lines between `[9]` and `[10]` as a client keeps them: written from PROTOCOL.md (P39), not from the product's receiver.

import type { Sight } from './sight.js';
import { Violation } from './violation.js';

/** A line about a path, and what the session was allowed when it was written. */
export interface Kept {
  readonly line: readonly unknown[];
  readonly sight: Sight;
}

/** Invariant: after an end the client knows whether it holds a part of some transaction. */
export class Bracket {
  /** The last bracket ended as a split: the rest of some transaction is still to come. */
  isSplit = false;
  #kept: Kept[] | undefined;

  get isOpen(): boolean {
    return this.#kept !== undefined;
  }

  /** A new bracket; one that has not ended is void. */
  begin(): void {
    this.#kept = [];
  }

  /** Whether the line waits for the end. */
  keeps(kept: Kept): boolean {
    this.#kept?.push(kept);
    return this.isOpen;
  }

  /** What is to be applied together. */
  end([, split]: readonly unknown[]): readonly Kept[] {
    const kept = this.#kept;
    if (kept === undefined) throw new Violation('wire', 'the end of a bracket that was not begun');
    this.#kept = undefined;
    this.isSplit = split === 1;
    return kept;
  }

  /** All is given anew. */
  drop(): void {
    this.#kept = undefined;
    this.isSplit = false;
  }
}
