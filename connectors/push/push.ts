// A push source: records that others send by HTTP, as the contract wants it. Nothing upstream keeps them: a sender that has no
// answer sends again.

import type {
  Position,
  Positions,
  RecordRejection,
  Source,
  SourceContext,
  SourceEvent,
  SourceType,
  Traits,
} from '../contract.js';
import { PUSH_OPTIONS, pushSettings, type PushOptions } from './options.js';
import { PushReceiver } from './receiver.js';
import { WaitingRequests } from './waiting-requests.js';

/** Configured under `push`. */
export const push: SourceType<PushOptions> = {
  type: 'push',
  options: PUSH_OPTIONS,
  create: (options, context) => new PushSource(options, context),
};

/** There is one order of what is sent, so there is one partition. */
const PARTITION = 'push';

/** Invariant: a request is answered with success only after `ack` of its last record. */
class PushSource implements Source {
  readonly traits: Traits = { completeState: false, resumes: false, repeats: false };
  readonly receiver: PushReceiver;
  readonly #name: string;
  readonly #waiting: WaitingRequests;
  readonly #closing = new AbortController();

  constructor(options: PushOptions, { name }: SourceContext) {
    const now = Date.now();
    this.#name = name;
    // Of the clock, so that no two processes give one offset to two records: a dead letter of a former one would be taken for ours.
    this.#waiting = new WaitingRequests(now * 1_000);
    this.receiver = new PushReceiver(pushSettings(options), this.#waiting, now);
  }

  /** There is nobody to be reached. */
  async probe(): Promise<void> {}

  async *read(_after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    try {
      yield { type: 'live' };
      while (!ending.aborted) {
        const batch = this.#waiting.take();
        if (batch === undefined) await this.#waiting.arrival(ending);
        else {
          const { records, next, behind } = batch;
          const origin = { partition: PARTITION, topic: this.#name, partitionNumber: 0 };
          yield { type: 'records', ...origin, records, position: String(next), behind };
        }
      }
    } finally {
      this.#waiting.interrupt();
    }
  }

  async ack(_partition: string, position: Position): Promise<void> {
    this.#waiting.acknowledged(Number(position));
  }

  rejected(_partition: string, offset: string | number, reason: RecordRejection): void {
    this.#waiting.rejected(Number(offset), reason);
  }

  /** Whatever its options say, what is sent to it is the same. */
  adopt(options: unknown): boolean {
    this.receiver.settings = pushSettings(options as PushOptions);
    return true;
  }

  async close(): Promise<void> {
    this.receiver.stop();
    this.#waiting.stop();
    this.#closing.abort();
  }
}
