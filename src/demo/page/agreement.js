// Whether one session ended right after it was slow: each value that it holds must equal what the session that sees all
// holds, less the hidden fields. Both move on meanwhile, so a path agrees once it has been equal at one moment after the start.

/** Invariant: `open` are the paths that have not been equal yet. Done when there is none. */
export class Agreement {
  #all;
  #one;
  #role;
  #open;
  /** Paths that agreed. */
  agreed = 0;

  /** Entries of the session that sees all, and of the one to check. */
  constructor(all, one, role) {
    this.#all = all;
    this.#one = one;
    this.#role = role;
    this.#open = new Set([...all.keys(), ...one.keys()].filter(role.holds));
  }

  /** To be called until nothing is missing. */
  look() {
    for (const path of this.#open) {
      if (!sameValue(this.#visible(path), this.#one.get(path)?.value)) continue;
      this.#open.delete(path);
      this.agreed += 1;
    }
  }

  /** Paths that have not agreed yet. */
  get missing() {
    return this.#open.size;
  }

  #visible(path) {
    const value = this.#all.get(path)?.value;
    if (value === undefined) return undefined;
    const { ...visible } = value;
    for (const field of this.#role.hides[path.split('/')[0]]) delete visible[field];
    return visible;
  }
}

function sameValue(a, b) {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameValue(a[name], b[name]));
}
