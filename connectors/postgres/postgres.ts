// A Postgres source: the tables of a publication, by logical replication, as the contract wants it. How it is read is reading.ts.

import {
  OptionsRejected,
  SourceUnavailable,
  type Position,
  type Positions,
  type Source,
  type SourceContext,
  type SourceEvent,
  type SourceType,
  type Traits,
} from '../contract.js';
import { accessSettings, asksForSameRecords, type Access, type Timings } from './access.js';
import { contractError } from './access-error.js';
import { publishedTables, type Selection } from './catalog.js';
import { probeFindings } from './checks.js';
import { findingsText } from './finding.js';
import { POSTGRES_OPTIONS, sizeBytes, type PostgresOptions } from './options.js';
import { Reading } from './reading.js';
import { WalAlarm } from './retained-wal.js';
import { ShapeGuard } from './shape-guard.js';
import { openSql } from './sql-session.js';

/** Configured under `postgres`. */
export const postgres: SourceType<PostgresOptions> = {
  type: 'postgres',
  options: POSTGRES_OPTIONS,
  keyFormat: 'json',
  transactions: true,
  create: (options, context) => createPostgres(options, context),
};

/** How patient it is: for tests that cannot wait. */
export interface PostgresPace {
  /** Between two looks at catalog and WAL. */
  readonly lookEveryMs?: number;
  readonly timings?: Timings;
}

const LOOK_EVERY_MS = 10_000;

export function createPostgres(
  options: PostgresOptions,
  context: SourceContext,
  pace: PostgresPace = {},
): Source {
  return new PostgresSource(options, context, pace);
}

/** Invariant: at most one reading at a time; `close` ends it. */
class PostgresSource implements Source {
  readonly traits: Traits;
  readonly #context: SourceContext;
  readonly #pace: PostgresPace;
  readonly #access: Access;
  readonly #alarm: WalAlarm;
  readonly #shapes = new ShapeGuard();
  readonly #closing = new AbortController();
  /** As it goes on now: see {@link adopt}. */
  #options: PostgresOptions;
  #reading: Reading | undefined;

  constructor(written: PostgresOptions, context: SourceContext, pace: PostgresPace) {
    // The durable slot is of the process that serves.
    const options = context.looksOn === true ? { ...written, slot: undefined } : written;
    this.#options = options;
    this.#context = context;
    this.#pace = pace;
    this.#access = {
      settings: accessSettings(options),
      ...(pace.timings !== undefined && { timings: pace.timings }),
    };
    this.#alarm = new WalAlarm(context.log);
    // A position says how much of a transaction was taken, so that nothing of it comes twice.
    this.traits = { completeState: true, resumes: options.slot !== undefined, repeats: false };
  }

  async probe(signal: AbortSignal): Promise<void> {
    const { slot } = this.#options;
    const sql = await openSql(this.#access, AbortSignal.any([signal, this.#closing.signal]));
    try {
      const findings = await probeFindings(sql, { ...this.#selection, slot });
      if (findings.length > 0) {
        const text = `${sql.place}: ${findingsText(findings)}`;
        throw findings.every(({ isPassing }) => isPassing)
          ? new SourceUnavailable(text)
          : new OptionsRejected(text);
      }
      const [row] = await sql.query('SHOW server_version');
      const version = row?.['server_version'];
      const { length: tables } = await publishedTables(sql, this.#selection);
      this.#context.log.info('postgres-found', { tables, version, slot: slot?.name ?? 'temporary' });
    } catch (error) {
      throw contractError(error);
    } finally {
      await sql.close();
    }
  }

  read(after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const { walBudget = '1GiB', toastMemory = '64MiB', slot } = this.#options;
    const reading = new Reading(
      {
        ...{ access: this.#access, selection: this.#selection, slot },
        ...{ walBudget: sizeBytes(walBudget), toastMemory: sizeBytes(toastMemory) },
        ...{ alarm: this.#alarm, shapes: this.#shapes, log: this.#context.log },
        lookEveryMs: this.#pace.lookEveryMs ?? LOOK_EVERY_MS,
      },
      AbortSignal.any([signal, this.#closing.signal]),
    );
    this.#reading = reading;
    return reading.events(after);
  }

  async ack(_partition: string, position: Position): Promise<void> {
    this.#reading?.acknowledge(position);
  }

  /** What is asked for is the same; how to get at it counts from the next connection on, sizes from the next reading on. */
  adopt(options: unknown): boolean {
    const next = options as PostgresOptions; // checked against POSTGRES_OPTIONS, as those of `create`
    if (!asksForSameRecords(this.#options, next)) return false;
    this.#access.settings = accessSettings(next);
    this.#options = next;
    return true;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the source was closed'));
    await this.#reading?.close();
  }

  get #selection(): Selection {
    const { publication = 'tailrace', tables } = this.#options;
    return { publication, tables };
  }
}
