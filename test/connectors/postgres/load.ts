// Transactions on the tables of the histories, one after the other for as long as a fault lasts; those that fail with it are given up.

import type pg from 'pg';
import { setTimeout as wait } from 'node:timers/promises';

import type { Chance } from '../../../connectors/kit/chance.js';
import type { TestDatabase } from '../../support/postgres.js';
import { randomChange } from './random-statements.js';

/** Between two transactions: the machine has others to serve. */
const PAUSE_MS = 5;
const CHANGES_PER_TRANSACTION = 3;

/** Invariant: after `stop` nothing of it is open. */
export class Load {
  /** Transactions that were committed. */
  committed = 0;
  readonly #database: () => TestDatabase;
  readonly #chance: Chance;
  readonly #running: Promise<void>;
  #isOver = false;

  /** `database`: asked for each new session; another one after a failover. */
  constructor(database: () => TestDatabase, chance: Chance) {
    this.#database = database;
    this.#chance = chance;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** As `stop`. */
  close(): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const session = await this.#database()
        .connect()
        .catch(() => undefined);
      if (session !== undefined) await this.#write(session).catch(() => undefined);
      await session?.end().catch(() => undefined);
      await wait(PAUSE_MS);
    }
  }

  /** Until the session fails. */
  async #write(session: pg.Client): Promise<void> {
    while (!this.#isOver) {
      const changes = Array.from({ length: CHANGES_PER_TRANSACTION }, () => randomChange(this.#chance));
      try {
        await session.query(`BEGIN; ${changes.join('; ')}; COMMIT`);
        this.committed++;
      } catch {
        await session.query('ROLLBACK');
      }
      await wait(PAUSE_MS);
    }
  }
}
