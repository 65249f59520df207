// A value that must not be printed: a key, a password, or options that may hold one.

import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** Invariant: nothing but {@link reveal} gives the value away; text, JSON and inspection of it are `[redacted]`. */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself: call it where the value is used, and keep the result in no field. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
