// A source whose upstream is the test: it feeds records, breaks, and is there again.

import { SourceUnavailable, type Source, type SourceEvent } from '../../connectors/contract.js';
import { batch, record } from '../ingest/records.js';

export class FedSource implements Source {
  readonly traits = { completeState: true, resumes: true, repeats: false };
  #events: SourceEvent[] = [];
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  /** All there is so far has been told. */
  live(): void {
    this.#push({ type: 'live' });
  }

  progress(done: number, total: number): void {
    this.#push({ type: 'progress', done, total });
  }

  feed(key: string, value: unknown, timestampMs?: number): void {
    this.#push(batch([record(key, value, timestampMs)]));
  }

  /** The upstream cannot be reached any more. */
  break(): void {
    this.#failure = new SourceUnavailable('the broker does not answer');
    this.#wake();
  }

  /** It can again. */
  heal(): void {
    this.#failure = undefined;
  }

  async probe(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async *read(_after: unknown, signal: AbortSignal): AsyncIterable<SourceEvent> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure;
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async ack(): Promise<void> {}

  async close(): Promise<void> {}

  #push(event: SourceEvent): void {
    this.#events.push(event);
    this.#wake();
  }
}
