// Which subscriptions a client has, by filter, and which of them have not yet got everything that exists.

/** Invariant: a subscription is loading from the command that asked for it, or its reset, until its `end`. */
export class Snapshots {
  /** Command -> filter, until it is answered. */
  #asked = new Map();
  /** Subscription -> filter. */
  #filters = new Map();
  #loading = new Set();

  get isLoading() {
    return this.#asked.size > 0 || this.#loading.size > 0;
  }

  /** A new connection asks for these: { id, filters: [filter] } each. */
  ask(commands) {
    this.#asked = new Map(commands.map(({ id, filters: [filter] }) => [id, filter]));
    this.#filters.clear();
    this.#loading.clear();
  }

  /** Returns the filter. */
  subscribed({ re, sub }) {
    const filter = this.#asked.get(re);
    this.#asked.delete(re);
    this.#filters.set(sub, filter);
    this.#loading.add(sub);
    return filter;
  }

  /** Everything comes again. Returns the filter. */
  restarted(sub) {
    this.#loading.add(sub);
    return this.#filters.get(sub);
  }

  /** Returns the filter. */
  ended(sub) {
    this.#loading.delete(sub);
    return this.#filters.get(sub);
  }
}
