// A source in memory for tests of ingest: yields what the test scripts, call by call of `read`.

import type { Positions, RecordRejection, Source, SourceEvent, Traits } from '../../connectors/contract.js';

/** What one call of `read` does: yields events and then throws, ends, or waits to be aborted. */
export interface Reading {
  readonly events: readonly SourceEvent[];
  readonly then: Error | 'ends' | 'waits';
}

export class MemorySource implements Source {
  readonly traits: Traits;
  readonly acks: string[] = [];
  /** Acknowledgements and rejected records, in the order in which it was told. */
  readonly told: string[] = [];
  readonly readFrom: Record<string, string>[] = [];
  isClosed = false;
  /** Thrown by the next calls of `probe`, in order. */
  readonly probeErrors: Error[] = [];
  readonly #readings: Reading[];

  constructor(readings: readonly Reading[], completeState = true) {
    this.#readings = [...readings];
    this.traits = { completeState, resumes: true, repeats: false };
  }

  async probe(): Promise<void> {
    const error = this.probeErrors.shift();
    if (error !== undefined) throw error;
  }

  async *read(after: Positions, signal: AbortSignal): AsyncIterable<SourceEvent> {
    this.readFrom.push(Object.fromEntries(after));
    const reading = this.#readings.shift() ?? { events: [], then: 'waits' };
    yield* reading.events;
    if (reading.then instanceof Error) throw reading.then;
    if (reading.then === 'ends') return;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
  }

  async ack(partition: string, position: string): Promise<void> {
    this.acks.push(`${partition}@${position}`);
    this.told.push(`${partition}@${position}`);
  }

  rejected(partition: string, offset: string | number, { stage, code }: RecordRejection): void {
    this.told.push(`${partition}!${offset} ${stage} ${code}`);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}
