// One random history of a database: transactions, some open for long, changes of tables, and what happens to servers and connections.

import type pg from 'pg';

import type { Chance } from '../../../connectors/kit/chance.js';
import { until } from '../../support/kafka.js';
import type { PostgresServer, TestDatabase } from '../../support/postgres.js';
import { neverSeen, randomChange, randomDefinition } from './random-statements.js';

export interface HistoryPlace {
  readonly server: PostgresServer;
  readonly database: TestDatabase;
  readonly chance: Chance;
  /** Of the source; undefined: it makes a temporary one. */
  readonly slot: string | undefined;
}

/** The session whose transaction is open for long keeps to keys of its own. */
const LATE_KEYS = 100;

/** Invariant: `steps` says what was done, in order, so that a history which fails can be read. */
export class RandomHistory {
  readonly steps: string[] = [];
  readonly #place: HistoryPlace;
  #session: pg.Client | undefined;
  /** Has a transaction open. */
  #late: pg.Client | undefined;

  constructor(place: HistoryPlace) {
    this.#place = place;
  }

  async step(): Promise<void> {
    const { chance } = this.#place;
    const way = chance.pick(40);
    if (way < 26) await this.#transaction();
    else if (way < 31) await this.#lateTransaction();
    else if (way < 36) await this.#define();
    else if (way < 38) await this.#cutConnection();
    else if (way === 38) await this.#loseSlot();
    else await this.#restart();
  }

  /** Nothing is open any more. */
  async settle(): Promise<void> {
    if (this.#late !== undefined) await this.#lateTransaction();
  }

  async close(): Promise<void> {
    await this.settle();
    await this.#session?.end().catch(() => undefined);
  }

  async #transaction(): Promise<void> {
    const { chance } = this.#place;
    const statements = Array.from({ length: 1 + chance.pick(5) }, () => randomChange(chance));
    if (chance.isOneOf(1, 3))
      statements.splice(1, 0, 'SAVEPOINT s', neverSeen(chance), randomChange(chance), 'ROLLBACK TO s');
    const isLost = chance.isOneOf(1, 6);
    if (isLost) statements.push(neverSeen(chance));
    await this.#run(['BEGIN', ...statements, isLost ? 'ROLLBACK' : 'COMMIT']);
  }

  /** Begins a transaction that stays open, or ends it. */
  async #lateTransaction(): Promise<void> {
    const { chance, database } = this.#place;
    if (this.#late === undefined) {
      this.#late = await database.connect();
      await this.#try(this.#late, [
        'BEGIN',
        randomChange(chance, LATE_KEYS),
        randomChange(chance, LATE_KEYS),
      ]);
      return;
    }
    const late = this.#late;
    this.#late = undefined;
    const end = chance.isOneOf(1, 4) ? [neverSeen(chance, LATE_KEYS), 'ROLLBACK'] : ['COMMIT'];
    await this.#try(late, [randomChange(chance, LATE_KEYS), ...end]);
    await late.end().catch(() => undefined);
  }

  async #define(): Promise<void> {
    const { chance } = this.#place;
    await this.#run(['BEGIN', randomDefinition(chance), randomChange(chance), 'COMMIT']);
  }

  async #cutConnection(): Promise<void> {
    await this.#run([
      `SELECT pg_terminate_backend(pid) FROM pg_stat_replication JOIN pg_stat_activity USING (pid)
      WHERE datname = current_database()`,
    ]);
  }

  async #loseSlot(): Promise<void> {
    const { slot, database } = this.#place;
    if (slot === undefined) return;
    this.steps.push('the slot is dropped');
    const drop = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${slot}' AND active;
      SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`;
    const gone = async (): Promise<boolean> =>
      database.sql(drop).then(
        () => true,
        () => false, // In use, still or again
      );
    await until('the slot to be dropped', gone);
  }

  async #restart(): Promise<void> {
    const { server, chance } = this.#place;
    const how = chance.isOneOf(1, 2) ? 'fast' : 'immediate';
    this.steps.push(`restart: ${how}`);
    this.#session = this.#late = undefined;
    await server.restart(how);
  }

  async #run(statements: readonly string[]): Promise<void> {
    this.#session ??= await this.#place.database.connect();
    await this.#try(this.#session, statements);
  }

  /** What fails, because of a lock, of a key that is taken, or because it makes no sense now, is rolled back. */
  async #try(client: pg.Client, statements: readonly string[]): Promise<void> {
    this.steps.push(statements.join('; ').replace(/\s+/g, ' '));
    try {
      await client.query(`SET lock_timeout = '100ms'`);
      for (const statement of statements) await client.query(statement);
    } catch (error) {
      this.steps.push(`  -> ${String(error)}`);
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }
}
