// The upstream of the simulation: an ordered list of facts for each partition, read through the connector contract. It can
// be interrupted, fail, and lose its history; what it yields it also tells the oracle, in the same order.

import {
  HistoryLost,
  SourceUnavailable,
  type Positions,
  type Source,
  type SourceEvent,
  type SourceRecord,
} from '../../connectors/contract.js';
import type { SourceFact } from '../oracle/oracle.js';
import type { SimClock } from './sim-clock.js';

/** Who wants to know what the source has said. */
export interface UpstreamWitness {
  yielded(fact: SourceFact): void;
  /** Reading begins from nothing: what exists will be named again. */
  began(): void;
  /** All that exists now has been named. */
  live(): void;
  acked(): void;
}

type Trouble = 'interrupted' | 'unavailable';

/** Invariant: within a partition facts are yielded in order and none is left out, but by losing history. */
export class Upstream implements Source {
  readonly traits = { completeState: true, resumes: true, repeats: false };
  readonly #clock: SimClock;
  readonly #witness: UpstreamWitness;
  readonly #facts = new Map<string, SourceFact[]>();
  #troubles: Trouble[] = [];
  #isDown = false;
  #isHistoryLost = false;
  #wake: () => void = () => undefined;

  constructor(options: { clock: SimClock; partitions: readonly string[]; witness: UpstreamWitness }) {
    this.#clock = options.clock;
    this.#witness = options.witness;
    for (const partition of options.partitions) this.#facts.set(partition, []);
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  write(fact: SourceFact): void {
    this.#facts.get(fact.partition)?.push(fact);
    this.#wake();
  }

  /** The newest fact of a partition, once more: a producer that did not know whether it had been heard. */
  repeatLast(partition: string): void {
    const last = this.#facts.get(partition)?.at(-1);
    if (last !== undefined) this.write(last);
  }

  /** Contact is lost, and the connector says so itself. */
  interrupt(): void {
    this.#trouble('interrupted');
  }

  /** Contact is lost, and the connector gives up. `isDown`: it stays away until `heal`. */
  fail(options: { readonly isDown: boolean }): void {
    this.#isDown = options.isDown;
    this.#trouble('unavailable');
  }

  /** Everything but each key's newest fact is gone, some keys entirely, and what the reader wants next with it. */
  loseHistory(keysLost: readonly string[]): void {
    for (const [partition, facts] of this.#facts) {
      const newest = new Map(facts.map((fact) => [fact.key, fact]));
      const kept = [...newest.values()].filter(({ key, text }) => text !== null && !keysLost.includes(key));
      this.#facts.set(partition, kept);
    }
    this.#isHistoryLost = true;
    this.#wake();
  }

  heal(): void {
    this.#isDown = false;
    this.#wake();
  }

  async probe(): Promise<void> {
    if (this.#isDown) throw new SourceUnavailable('the upstream is down');
  }

  async *read(after: Positions, signal: AbortSignal): AsyncIterable<SourceEvent> {
    const next = new Map([...this.#facts.keys()].map((name) => [name, Number(after.get(name) ?? 0)]));
    if (after.size === 0) this.#witness.began();
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    let isLive = false;
    while (!signal.aborted) {
      const trouble = this.#troubles.shift();
      if (trouble === 'unavailable' || this.#isDown) throw new SourceUnavailable('the upstream went away');
      if (this.#isHistoryLost) throw this.#historyLost();
      if (trouble === 'interrupted') {
        isLive = false;
        yield { type: 'interrupted', reason: 'contact lost' };
      }
      const batch = this.#batch(next);
      if (batch !== undefined) {
        yield batch;
      } else if (!isLive) {
        isLive = true;
        this.#witness.live();
        yield { type: 'live' };
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  async ack(): Promise<void> {
    this.#witness.acked();
  }

  async close(): Promise<void> {
    this.#wake();
  }

  /** Some of what a partition has next, as a fetch would bring it. */
  #batch(next: Map<string, number>): SourceEvent | undefined {
    const waiting = [...this.#facts].filter(([name, facts]) => (next.get(name) ?? 0) < facts.length);
    const chosen = waiting[this.#clock.pick(waiting.length)];
    if (chosen === undefined) return undefined;
    const [partition, facts] = chosen;
    const from = next.get(partition) ?? 0;
    const to = Math.min(facts.length, from + 1 + this.#clock.pick(4));
    next.set(partition, to);
    const batch = facts.slice(from, to);
    for (const fact of batch) this.#witness.yielded(fact);
    return {
      type: 'records',
      partition,
      topic: 'events',
      partitionNumber: [...this.#facts.keys()].indexOf(partition),
      records: batch.map((fact, i) => this.#record(fact, from + i)),
      position: String(to),
    };
  }

  #record({ key, text }: SourceFact, offset: number): SourceRecord {
    const value = text === null ? null : Buffer.from(text);
    return { key: Buffer.from(key), value, headers: undefined, timestampMs: this.#clock.now(), offset };
  }

  #historyLost(): HistoryLost {
    this.#isHistoryLost = false;
    this.#troubles = [];
    return new HistoryLost('the upstream was made anew');
  }

  #trouble(trouble: Trouble): void {
    this.#troubles.push(trouble);
    this.#wake();
  }
}
