// What the expressions of one record may cost together. The library has no limit at run time; so where an expression runs for
// each item of a list, what it looks at is weighed on the way (metering.ts), and what it gives is weighed when it is taken.

/** About 0.1 s at the very most: what 10,000 elements of an array need at 200 steps each. */
export const STEPS_PER_RECORD = 2_000_000;
/** As text is handled in bulk: characters that count as one step. */
const CHARACTERS_PER_STEP = 16;

/** Ends an expression that costs too much. */
class TooManySteps extends Error {
  override readonly name = 'TooManySteps';
}
/** One for all: exists() and all() go on after an error, and a stack for each item would cost more than the item. */
const TOO_MANY_STEPS = new TooManySteps();

/** Invariant: what was charged since {@link begin} and did not throw is at most {@link STEPS_PER_RECORD}. */
export class StepBudget {
  #left = STEPS_PER_RECORD;

  /** Another record. */
  begin(): void {
    this.#left = STEPS_PER_RECORD;
  }

  /** Throws when there are none left. */
  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw TOO_MANY_STEPS;
  }

  chargeText(text: string): void {
    this.charge(1 + text.length / CHARACTERS_PER_STEP);
  }

  /** For all that is in a value. */
  chargeValue(value: unknown): void {
    if (typeof value === 'string') this.chargeText(value);
    else if (typeof value !== 'object' || value === null) this.charge(1);
    else if (value instanceof Uint8Array) this.charge(1 + value.length / CHARACTERS_PER_STEP);
    else {
      this.charge(1);
      for (const item of itemsOf(value)) this.chargeValue(item);
    }
  }

  /** For running something of `steps` for each item of a list, or name of a map. */
  chargeItems(list: unknown, steps: number): void {
    if (typeof list === 'object' && list !== null) this.charge(countOf(list) * steps);
  }
}

function itemsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value as readonly unknown[];
  return value instanceof Map ? (value as ReadonlyMap<unknown, unknown>).values() : Object.values(value);
}

function countOf(list: object): number {
  if (Array.isArray(list)) return list.length;
  return list instanceof Map ? list.size : Object.keys(list).length;
}
