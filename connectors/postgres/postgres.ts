// A Postgres source: the tables of a publication, by logical replication, as the contract wants it. How it is read is reading.ts.

import { parseSize } from '../../src/units.js';
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
import { publishedTables } from './catalog/catalog.js';
import { probeFindings } from './catalog/checks.js';
import { findingsText, type Finding } from './catalog/finding.js';
import { WalAlarm } from './catalog/retained-wal.js';
import type { Selection } from './catalog/selection.js';
import { ShapeGuard } from './catalog/shape-guard.js';
import { contractError } from './connection/access-error.js';
import { accessSettings, type Access, type Timings } from './connection/access.js';
import { openSql } from './connection/sql-session.js';
import { asksForSameRecords, POSTGRES_OPTIONS, type PostgresOptions, type SlotOptions } from './options.js';
import { Reading } from './reading.js';

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
const MIB = 1024 * 1024;

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
  /** The one to read from; undefined: a temporary one. */
  readonly #slot: SlotOptions | undefined;
  /** As it goes on now: see {@link adopt}. */
  #options: PostgresOptions;
  #reading: Reading | undefined;

  constructor(options: PostgresOptions, context: SourceContext, pace: PostgresPace) {
    this.#options = options;
    // The durable one is of the process that serves
    this.#slot = context.looksOn === true ? undefined : options.slot;
    this.#context = context;
    this.#pace = pace;
    this.#access = {
      settings: accessSettings(options),
      ...(pace.timings !== undefined && { timings: pace.timings }),
    };
    this.#alarm = new WalAlarm(context.log);
    // A position says how much of a transaction was taken, so that nothing of it comes twice.
    this.traits = { completeState: true, resumes: this.#slot !== undefined, repeats: false };
  }

  async probe(signal: AbortSignal): Promise<void> {
    const { slot } = this.#options;
    const sql = await openSql(this.#access, AbortSignal.any([signal, this.#closing.signal]));
    try {
      this.#demandNone(await probeFindings(sql, { ...this.#selection, slot }), sql.place);
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
    const reading = new Reading(
      {
        ...{ access: this.#access, selection: this.#selection, slot: this.#slot },
        walBudget: parseSize(this.#options.walBudget) ?? 1024 * MIB,
        toastMemory: parseSize(this.#options.toastMemory) ?? 64 * MIB,
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

  /** Throws them as errors of the contract. */
  #demandNone(findings: readonly Finding[], place: string): void {
    const { looksOn, log } = this.#context;
    const faults = findings.filter(({ whileServed }) => looksOn !== true || whileServed === undefined);
    if (faults.length > 0) {
      const text = `${place}: ${findingsText(faults)}`;
      throw faults.every(({ isPassing }) => isPassing)
        ? new SourceUnavailable(text)
        : new OptionsRejected(text);
    }
    for (const { whileServed } of findings) log.warn('slot-in-use', { reason: whileServed });
  }

  get #selection(): Selection {
    const { publication = 'tailrace', tables } = this.#options;
    return { publication, tables };
  }
}
