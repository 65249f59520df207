// Takes a batch as fast as ingest can: waits while its schemas cannot be asked for, while what was read cannot be stored, and while a
// flood of rejected records lasts; and says so. Nothing more is read from the source meanwhile, and nothing is lost.

import type { Clock } from '../clock.js';
import { SchemasUnavailable } from '../decode/decoder.js';
import type { Ms } from '../topic/update.js';
import { commonestOf } from './counts.js';
import type { RecordIntake, SourceBatch } from './intake.js';
import type { DeadLetterSink } from './rejection.js';
import { pause, retryWait } from './retry.js';
import type { Standing } from './standing.js';

export interface PacedIntakeOptions {
  readonly intake: RecordIntake;
  readonly standing: Standing;
  readonly clock: Clock;
  readonly deadLetters: Pick<DeadLetterSink, 'outage'>;
}

/** Storing may take so long until it is called an outage. */
const STORED_WITHIN: Ms = 5_000;
const PAUSED =
  'reading is paused and tries one at a time; mend the mapping, the format or the producer, or set deadLetters.onFlood: continue';

/** Invariant: an obstacle stands exactly while it is waited for, or while a flood lasts. */
export class PacedIntake {
  readonly #options: PacedIntakeOptions;
  /** They grow from one flood to the next, until a batch brings none. */
  #waits = 0;

  constructor(options: PacedIntakeOptions) {
    this.#options = options;
  }

  /** Resolves to whether all of the batch is durable: false when `signal` aborted before. */
  async take(batch: SourceBatch, signal: AbortSignal): Promise<boolean> {
    const { intake, clock } = this.#options;
    if (!(await this.#prepared(batch, signal))) return false;
    let next = 0;
    let hasFlooded = false;
    do {
      intake.flood.at(clock.monotonic());
      const taken = intake.take(batch, clock.now(), next);
      if (taken.durable !== undefined) await this.stored(taken.durable);
      next = taken.next;
      hasFlooded ||= intake.flood.isOn;
      this.#tellFlood();
      if (intake.flood.isPausing) await pause(clock, retryWait(++this.#waits, clock.random()), signal);
    } while (next < batch.records.length && !signal.aborted);
    if (!hasFlooded) this.#waits = 0;
    return next >= batch.records.length;
  }

  /** Waits until something is durable, and says so when that takes long. Rejects as it does. */
  async stored(durable: Promise<unknown>): Promise<void> {
    const { standing, clock, deadLetters } = this.#options;
    const cancel = clock.after(STORED_WITHIN, () => {
      const why = deadLetters.outage ?? 'the log does not answer';
      const reason = `what was read cannot be stored: ${why}; reading goes on when it can`;
      standing.obstruct('storage', { state: 'stale', reason, isFresh: false });
    });
    try {
      await durable;
    } finally {
      cancel();
      standing.clear('storage');
    }
  }

  #tellFlood(): void {
    const { intake, standing } = this.#options;
    if (!intake.flood.isOn) return standing.clear('flood');
    const what = `nearly all records are rejected (mostly ${commonestOf(intake.counts.rejected) ?? 'unknown'})`;
    const { isPausing } = intake.flood;
    const reason = isPausing ? `${what}: ${PAUSED}` : what;
    standing.obstruct('flood', { state: 'degraded', reason, isFresh: !isPausing });
  }

  /** Resolves to false when `signal` aborts before all schemas are there. */
  async #prepared(batch: SourceBatch, signal: AbortSignal): Promise<boolean> {
    const { intake, standing, clock } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await intake.prepare(batch);
        standing.clear('schemas');
        return true;
      } catch (error) {
        if (!(error instanceof SchemasUnavailable)) throw error;
        intake.counts.errors.unavailable++;
        standing.obstruct('schemas', { state: 'stale', reason: error.message, isFresh: false });
        await pause(clock, retryWait(attempt, clock.random()), signal);
      }
    }
    return false;
  }
}
