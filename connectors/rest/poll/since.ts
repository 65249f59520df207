// For feeds that tell what has changed since a time or a number: what the next poll asks from, taken from the last one.

import { BadFeed } from '../format/bad-feed.js';
import type { FeedFields } from './feed-fields.js';
import type { PageItems } from '../format/page-items.js';

/** The option `since`. */
export type SinceSettings = {
  /** Query parameter that takes the value. */
  readonly query: string;
} & (
  | {
      /** JSON pointer into the body of the first page, or into each item: the largest counts. */
      readonly from: 'body' | 'item';
      readonly pointer: string;
    }
  | {
      readonly from: 'clock';
      readonly form: 'iso' | 'seconds' | 'milliseconds';
      /** So much earlier than the poll began. */
      readonly overlapMs: number;
    }
);

/** A poll that is complete. */
export interface CompletePoll {
  readonly isFull: boolean;
  readonly pages: readonly PageItems[];
  /** When it began, wall time in ms. */
  readonly beganAt: number;
  /** When its first answer was made, by the server's clock; NaN: it does not say. */
  readonly answeredAt: number;
}

/**
 * Invariant: the value is of the last poll that was applied; while one is complete and not applied there is none, since what a poll
 * leaves out that nobody has seen would never come.
 */
export class SinceMark {
  readonly #settings: SinceSettings;
  readonly #fields: FeedFields;
  #value: string | undefined;
  #pending: { readonly value: string | undefined } | undefined;

  constructor(settings: SinceSettings, fields: FeedFields) {
    this.#settings = settings;
    this.#fields = fields;
  }

  /** What makes the next poll an incremental one; undefined: it cannot be one. */
  get parameter(): readonly [string, string] | undefined {
    if (this.#pending !== undefined || this.#value === undefined) return undefined;
    return [this.#settings.query, this.#value];
  }

  /** Throws BadFeed where the items of a full poll, or its body, do not have the value. */
  read(poll: CompletePoll): void {
    const value = this.#valueOf(poll);
    if (value === undefined && poll.isFull && poll.pages.some(({ count }) => count > 0)) {
      throw new BadFeed(`the feed has nothing where \`since.${this.#settings.from}\` points`);
    }
    this.#pending = { value };
  }

  settle(): void {
    if (this.#pending === undefined) return;
    this.#value = this.#pending.value;
    this.#pending = undefined;
  }

  clear(): void {
    this.#value = undefined;
    this.#pending = undefined;
  }

  #valueOf(poll: CompletePoll): string | undefined {
    const former = poll.isFull ? undefined : this.#value;
    switch (this.#settings.from) {
      case 'clock':
        return timeText(this.#settings.form, earlier(poll) - this.#settings.overlapMs);
      case 'body':
        return factOf(poll.pages[0], this.#fields.sinceBody) ?? former;
      case 'item':
        return largest(former, valuesOf(poll.pages, this.#fields.sinceItem));
    }
  }
}

/** By the slower of the two clocks: what has changed is dated by the server's, and ours may have been set forward. */
function earlier({ beganAt, answeredAt }: CompletePoll): number {
  return Number.isNaN(answeredAt) ? beganAt : Math.min(beganAt, answeredAt);
}

function timeText(form: 'iso' | 'seconds' | 'milliseconds', ms: number): string {
  switch (form) {
    case 'iso':
      return new Date(ms).toISOString();
    case 'seconds':
      return String(Math.floor(ms / 1_000));
    case 'milliseconds':
      return String(Math.floor(ms));
  }
}

/** The first page is the one that was cut first: what changes while the others are read comes with the next poll. */
function factOf(page: PageItems | undefined, field: number | undefined): string | undefined {
  const fact = field === undefined ? undefined : page?.fact(field);
  return fact === '' ? undefined : fact;
}

function* valuesOf(pages: readonly PageItems[], field: number | undefined): Generator<string> {
  if (field === undefined) return;
  for (const page of pages) {
    for (let i = 0; i < page.count; i++) {
      const value = page.field(i, field);
      if (value !== undefined && value !== '') yield value;
    }
  }
}

/** As numbers where all of them are, else as text: times in ISO 8601 and in one zone compare so. */
function largest(former: string | undefined, values: Iterable<string>): string | undefined {
  let asNumber = former;
  let asText = former;
  let areNumbers = former === undefined || isNumber(former);
  for (const value of values) {
    areNumbers &&= isNumber(value);
    if (asText === undefined || value > asText) asText = value;
    if (areNumbers && (asNumber === undefined || isLess(asNumber, value))) asNumber = value;
  }
  return areNumbers ? asNumber : asText;
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Longer ones are compared by their size only. */
const INTEGER = /^-?\d{1,40}$/;

function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** Identifiers beyond 2^53 keep their last digits. */
function isLess(a: string, b: string): boolean {
  return INTEGER.test(a) && INTEGER.test(b) ? BigInt(a) < BigInt(b) : Number(a) < Number(b);
}
