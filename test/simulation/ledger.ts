// An atomic source of the simulation: accounts between which amounts are moved. It writes to the log itself: what is at stake is the
// way from there to the clients.

import type { Clock } from '../../src/clock.js';
import type { LogWriter } from '../../src/log/log.js';
import type { MemoryLog } from '../../src/log/memory-log.js';
import { stringifyJson } from '../../src/topic/json.js';
import type { TopicPath } from '../../src/topic/path.js';
import { entryKeyOf, type Update } from '../../src/topic/update.js';
import { segmentOf } from '../oracle/naive-paths.js';
import type { Value } from '../oracle/naive-json.js';
import { ACCOUNTS } from './universe.js';

/** One row of a transaction. `amount` undefined: it is deleted. */
export interface Booking {
  readonly path: number;
  readonly amount: number | undefined;
}

/** Another one with each amount, and large beside what a lagging client is given at a time, so that a bracket takes several messages. */
function memoOf(amount: number): string {
  return `paid ${amount} `.repeat(20);
}

export const LEDGER_PATHS: readonly string[] = [
  ...ACCOUNTS.flatMap((account) => ['0', '1'].map((n) => `ledger/${segmentOf(account) ?? ''}/${n}`)),
  'ledger/total',
];

export function isOfLedger(path: string): boolean {
  return path.startsWith('ledger/');
}

/** Invariant: `values` is what all transactions so far leave, the one under way included. */
export class Ledger {
  readonly values = new Map<string, Value>();
  readonly #log: MemoryLog;
  readonly #clock: Clock;
  #writer: LogWriter | undefined;
  #isUnderWay = false;

  constructor(log: MemoryLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** All rows at once, or as a part of a transaction that goes on with the next. */
  book(bookings: readonly Booking[], { isPart }: { readonly isPart: boolean }): void {
    const rows = new Map(
      bookings.map(({ path, amount }) => [LEDGER_PATHS[path % LEDGER_PATHS.length], amount]),
    );
    const updates: Update[] = [];
    for (const [path = '', amount] of rows) {
      const value = amount === undefined ? undefined : { amount, by: path, memo: memoOf(amount) };
      if (value === undefined) this.values.delete(path);
      else this.values.set(path, value);
      const text = value === undefined ? null : stringifyJson(value);
      updates.push({ key: entryKeyOf('', path as TopicPath), path: path as TopicPath, value: text, at: 0 });
    }
    this.#isUnderWay = isPart;
    this.#writer ??= this.#log.claim('ledger', { atomic: true }); // not before, so that plans without it go as they went
    void this.#writer.append(updates, this.#clock.now(), isPart ? 'part' : 'whole');
  }

  /** Ends a transaction that is under way. */
  complete(): void {
    if (this.#isUnderWay) this.book([], { isPart: false });
  }
}
