// Equal things as the same object, so that they compare by identity and share what is attached to them.

/**
 * Invariant: at most one live object per canonical string. The table holds its objects weakly: who uses one keeps it alive,
 * and when nobody does the collector takes it and its line in the table. So what clients make up cannot fill the memory.
 */
export class Interner<T extends object> {
  readonly #living = new Map<string, WeakRef<T>>();
  readonly #collected = new FinalizationRegistry<string>((canonical) => {
    if (this.#living.get(canonical)?.deref() === undefined) this.#living.delete(canonical);
  });

  /** The living object of that canonical string, or the new one that `make` gives. */
  intern(canonical: string, make: () => T): T {
    const known = this.#living.get(canonical)?.deref();
    if (known !== undefined) return known;
    const made = make();
    this.#living.set(canonical, new WeakRef(made));
    this.#collected.register(made, canonical);
    return made;
  }

  /** Lines in the table, those of objects that are about to be collected included. For metrics and tests. */
  get size(): number {
    return this.#living.size;
  }
}
