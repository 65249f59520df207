// All that was written of one key, and how far a reader has come with it.

/** Invariant: indexes are of `#writes`, -1 before the first; `acknowledged` never exceeds `durable`. */
export class KeyHistory {
  /** The last that the upstream is known to have. */
  confirmed = -1;
  /** How far the reading that runs has come. */
  read = -1;
  durable = -1;
  acknowledged = -1;
  /** Whether it was spoken of since reading began anew. */
  isMentioned = false;
  /** `n` of each value, null for a delete. */
  readonly #writes: (number | null)[] = [];

  get length(): number {
    return this.#writes.length;
  }

  get last(): number {
    return this.#writes.length - 1;
  }

  /** null: the key does not exist. */
  at(index: number): number | null {
    return this.#writes[index] ?? null;
  }

  write(n: number | null): void {
    this.#writes.push(n);
  }

  /** Where `n` stands after what was read; the nearest, as deletes look alike. undefined: nowhere. */
  nextOf(n: number | null): number | undefined {
    const found = this.#writes.indexOf(n, this.read + 1);
    return found < 0 ? undefined : found;
  }

  /** The first state from `index` on in which it is gone; undefined: it never was. */
  goneSince(index: number): number | undefined {
    for (let at = index; at < this.#writes.length; at++) if (this.at(at) === null) return at;
    return index < 0 ? index : undefined;
  }

  /** Whether `n` was written, and read before. */
  hasRead(n: number | null): boolean {
    return this.#writes.slice(0, this.read + 1).includes(n);
  }

  /** Whether who has come to `index` knows the state that it had at `other`. Values are distinct, and being gone is one state. */
  isUpTo(index: number, other: number): boolean {
    return index >= other || this.at(index) === this.at(other);
  }
}
