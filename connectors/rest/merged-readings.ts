// The readings of several endpoints as one: what each yields in its own order, a transaction never torn by another's, and `live`
// only while all of them are.

import type { SourceEvent } from '../contract.js';

/** Makes the events of one endpoint until the signal aborts. */
export type EndpointReading = (signal: AbortSignal) => AsyncGenerator<SourceEvent>;

/**
 * Ends when `signal` aborts; rejects with what one of the readings throws. A reading goes on only when the consumer has taken
 * its last event, so that each has at most one that waits.
 */
export async function* mergeReadings(
  readings: readonly EndpointReading[],
  signal: AbortSignal,
): AsyncGenerator<SourceEvent> {
  const ending = new AbortController();
  const inner = AbortSignal.any([signal, ending.signal]);
  const arrivals = new Arrivals(readings.map((reading) => reading(inner)));
  const contact = new JointContact(readings.length);
  try {
    for (;;) {
      const { from, result } = await arrivals.next();
      if (result.done === true) return;
      const event = contact.joint(from, result.value);
      if (event !== undefined) yield event;
      arrivals.goOn(from, { alone: isWithinTransaction(result.value) });
    }
  } finally {
    ending.abort();
    await arrivals.close();
  }
}

function isWithinTransaction(event: SourceEvent): boolean {
  return (event.type === 'records' || event.type === 'cleared') && event.more === true;
}

interface Arrival {
  readonly from: number;
  readonly result: IteratorResult<SourceEvent, void>;
}

/** Invariant: of each reading at most one event is asked for or waits; while one is read alone, no other's is handed out. */
class Arrivals {
  readonly #readings: readonly AsyncGenerator<SourceEvent, void>[];
  readonly #waiting: Arrival[] = [];
  #alone: number | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(readings: readonly AsyncGenerator<SourceEvent, void>[]) {
    this.#readings = readings;
    for (const from of readings.keys()) this.#ask(from);
  }

  async next(): Promise<Arrival> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const at = this.#alone === undefined ? 0 : this.#waiting.findIndex(({ from }) => from === this.#alone);
      const [arrival] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (arrival !== undefined) return arrival;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  goOn(from: number, { alone }: { readonly alone: boolean }): void {
    this.#alone = alone ? from : undefined;
    this.#ask(from);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#readings.map((reading) => reading.return()));
  }

  #ask(from: number): void {
    const reading = this.#readings[from];
    if (reading === undefined) return;
    reading.next().then(
      (result) => {
        this.#waiting.push({ from, result });
        this.#wake();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        this.#wake();
      },
    );
  }
}

/** Invariant: the last it said is `live` exactly if every endpoint said so last, as far as anything was said. */
class JointContact {
  readonly #lost = new Map<number, string>();
  readonly #starting: Set<number>;
  #said: 'nothing' | 'live' | 'interrupted' = 'nothing';

  constructor(endpoints: number) {
    this.#starting = new Set(Array.from({ length: endpoints }, (_, i) => i));
  }

  /** What the event of one endpoint means for all; undefined: nothing new. */
  joint(from: number, event: SourceEvent): SourceEvent | undefined {
    if (event.type === 'interrupted') {
      this.#lost.set(from, event.reason);
      this.#said = 'interrupted';
      return event;
    }
    if (event.type !== 'live') return event;
    this.#lost.delete(from);
    this.#starting.delete(from);
    if (this.#starting.size > 0 || this.#said === 'live') return undefined;
    const [reason] = this.#lost.values();
    if (reason !== undefined) return { type: 'interrupted', reason };
    this.#said = 'live';
    return event;
  }
}
