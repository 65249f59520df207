// Writes numbered changes into one table: transactions that interleave, that are rolled back in part or as a whole, and whose rows
// share one place in the WAL. Every change can be told from every other, so that one that is lost or comes twice shows.

import type pg from 'pg';

import type { Chance } from '../../../connectors/kit/chance.js';
import type { TestDatabase } from '../../support/postgres.js';

/** `tx` and `i`: which change of which transaction. */
export const CHANGES_TABLE = `
  CREATE TABLE change (n bigserial PRIMARY KEY, tx int, i int, note text);
  CREATE PUBLICATION tailrace FOR TABLE change;
`;

interface Open {
  readonly session: pg.Client;
  readonly tx: number;
  i: number;
}

/** Invariant: `open` transactions have written something; `close` ends them all. */
export class ChangeWriter {
  readonly #database: TestDatabase;
  readonly #chance: Chance;
  readonly #idle: pg.Client[] = [];
  readonly #open: Open[] = [];
  #transactions = 0;

  constructor(database: TestDatabase, chance: Chance) {
    this.#database = database;
    this.#chance = chance;
  }

  /** One step of one of at most three transactions. */
  async step(): Promise<void> {
    const chance = this.#chance;
    if (this.#open.length === 0 || (this.#open.length < 3 && chance.isOneOf(1, 3))) {
      const session = this.#idle.pop() ?? (await this.#database.connect());
      await session.query('BEGIN');
      this.#open.push({ session, tx: ++this.#transactions, i: 0 });
    }
    const at = chance.pick(this.#open.length);
    const open = this.#open[at];
    if (open === undefined) return;
    await this.#write(open);
    if (chance.isOneOf(2, 3)) await this.#end(at, chance.isOneOf(1, 5) ? 'ROLLBACK' : 'COMMIT');
  }

  /** A transaction of so many changes. */
  async writeMany(count: number): Promise<void> {
    await this.#database.sql(insert(++this.#transactions, 1, count));
  }

  /** Ends what is open. */
  async settle(): Promise<void> {
    while (this.#open.length > 0) await this.#end(this.#chance.pick(this.#open.length), 'COMMIT');
  }

  async close(): Promise<void> {
    await this.settle();
    for (const session of this.#idle) await session.end();
  }

  async #write(open: Open): Promise<void> {
    const { session, tx } = open;
    const chance = this.#chance;
    const count = chance.isOneOf(1, 10) ? 2_500 : 1 + chance.pick(6);
    const [from, to] = [open.i + 1, open.i + count];
    open.i = to;
    switch (chance.pick(3)) {
      case 0:
        // All rows of a page in one WAL record
        await session.query(
          `COPY change (tx, i) FROM PROGRAM 'i=${from}; while [ $i -le ${Math.min(to, from + 20)} ]; do echo "${tx},$i"; i=$((i+1)); done' (FORMAT csv)`,
        );
        open.i = Math.min(to, from + 20);
        break;
      case 1:
        await session.query(
          `SAVEPOINT s; INSERT INTO change (tx, i, note) VALUES (${tx}, 0, 'rolled back'); ROLLBACK TO s`,
        );
        await session.query(insert(tx, from, to));
        break;
      default:
        await session.query(insert(tx, from, to));
    }
  }

  async #end(at: number, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    const [open] = this.#open.splice(at, 1);
    if (open === undefined) return;
    await open.session.query(how);
    this.#idle.push(open.session);
  }
}

function insert(tx: number, from: number, to: number): string {
  return `INSERT INTO change (tx, i) SELECT ${tx}, g FROM generate_series(${from}, ${to}) g`;
}
