// When metadata is asked for: at once, then regularly, and sooner while something cannot be read where it is believed to be.

const FIRST_HURRY_MS = 50;
const LONGEST_HURRY_MS = 2_000;
/** A login that is refused: some clusters lock out who tries too often. */
const LONGEST_REFUSED_MS = 30_000;
/** A long pause that lasted for this long is the end of a trouble: the next one is hurried from the beginning. */
const CALM_MS = 5_000;

/** `incomplete`: something is not where it can be read, or there was no answer. `refused`: we are not let in. */
export type RefreshOutcome = 'complete' | 'incomplete' | 'refused';

/** Invariant: one refresh at a time; between two of them lies a pause, a long one after a complete refresh. */
export class Refreshing {
  readonly #everyMs: number;
  #isCalm = false;
  #endPause = (): void => undefined;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Until `ending` aborts; call {@link end} then. `refresh` must not reject. */
  async run(refresh: () => Promise<RefreshOutcome>, ending: AbortSignal): Promise<void> {
    for (let hurried = 0; !ending.aborted; hurried++) {
      const outcome = await refresh();
      if (ending.aborted) return;
      this.#isCalm = outcome === 'complete';
      const calmFrom = performance.now();
      if (this.#isCalm) await this.#pause(this.#everyMs);
      this.#isCalm = false;
      if (performance.now() - calmFrom > CALM_MS) hurried = 0;
      const longest = outcome === 'refused' ? LONGEST_REFUSED_MS : LONGEST_HURRY_MS;
      const hurry = Math.min(FIRST_HURRY_MS * 2 ** hurried, longest);
      if (!ending.aborted) await this.#pause(hurry * (0.5 + Math.random() / 2));
    }
  }

  /** What was learned last is not right any more. */
  hurry(): void {
    if (this.#isCalm) this.#endPause();
  }

  /** Ends the pause that is, long or short. */
  end(): void {
    this.#endPause();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
