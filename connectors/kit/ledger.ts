// What was written upstream, and how much of it a reader has: the order of each key, what is durable, what is acknowledged.
// It plays the part of the core's log, and finds out when a source leaves out, mixes up or repeats what it must not.

import type { Position, Positions, SourceEvent, SourceRecord, Traits } from '../contract.js';
import { demand } from './expectation.js';
import type { ConnectorHarness, Write } from './harness.js';
import { KeyHistory } from './key-history.js';

export type Batch = Extract<SourceEvent, { type: 'records' }>;
export type Clearing = Extract<SourceEvent, { type: 'cleared' }>;

/** Something that is none of the kit's: what `writeBad` wrote. */
export interface Stranger {
  readonly partition: string;
  readonly offset: string | number;
}

/** Invariant: what is durable of a key never goes back, and positions never pass what is durable. */
export class Ledger {
  readonly strangers: Stranger[] = [];
  /** Records taken, repeated ones too. */
  records = 0;
  readonly #textOf: Required<ConnectorHarness>['textOf'];
  readonly #traits: Traits;
  readonly #keys = new Map<string, KeyHistory>();
  readonly #positions = new Map<string, Position>();
  /** What each batch said, for when it is acknowledged. */
  readonly #taken = new WeakMap<
    Batch | Clearing,
    { readonly history: KeyHistory; readonly index: number }[]
  >();
  /** Offsets by partition. */
  readonly #acknowledged = new Map<string, Set<string | number>>();
  /** By key: what must have been read when `live` is said. */
  #owedAtLive = new Map<string, number>();
  /** Since the last reading began. */
  #isProbed = false;
  /** Until `live` what a complete source does not speak of may be gone, or come yet. */
  #isSweepDue = true;
  #n = 0;

  constructor({ traits, textOf = utf8Of }: Pick<ConnectorHarness, 'traits' | 'textOf'>) {
    this.#textOf = textOf;
    this.#traits = traits;
  }

  /** For the next reading. */
  get positions(): Positions {
    return new Map(this.#positions);
  }

  /** The next write of the key, noted as written. Call {@link confirm} when the upstream has it. */
  next(key: string, kind: 'set' | 'delete', padding = ''): Write {
    const history = this.#keys.get(key) ?? new KeyHistory();
    this.#keys.set(key, history);
    const n = kind === 'delete' ? null : ++this.#n;
    history.write(n);
    return { key, value: n === null ? null : JSON.stringify({ n, padding }) };
  }

  /** The upstream has all that was written so far. */
  confirm(): void {
    for (const history of this.#keys.values()) history.confirmed = history.last;
  }

  /** What the upstream has now must be read before the next `live`. */
  oweAtLive(): void {
    this.#owedAtLive = new Map([...this.#keys].map(([key, { confirmed }]) => [key, confirmed]));
  }

  /** The last value of each key that exists, but of those in `without`. */
  state(without: readonly string[]): Write[] {
    return [...this.#keys].flatMap(([key, history]) => {
      const n = history.at(history.last);
      return n === null || without.includes(key) ? [] : [{ key, value: JSON.stringify({ n, padding: '' }) }];
    });
  }

  /** The upstream has these alone from now on, and what was before is forgotten. */
  replace(state: readonly Write[]): void {
    const kept = new Set(state.map(({ key }) => key));
    for (const [key, history] of this.#keys) if (!kept.has(key)) history.write(null);
    this.confirm();
  }

  /** The source is probed: what that finds may be what the next reading begins with. */
  probe(): void {
    this.oweAtLive();
    this.#isProbed = true;
  }

  /** A reading begins, from {@link positions}. */
  begin(): void {
    if (this.#positions.size === 0) this.beginAnew();
    const isFromStart = this.#positions.size === 0 || this.#traits.repeats;
    for (const history of this.#keys.values()) history.read = isFromStart ? -1 : history.acknowledged;
    if (!this.#isProbed) this.oweAtLive();
    this.#isProbed = false;
  }

  /** Positions mean nothing any more: the next reading begins from none. */
  beginAnew(): void {
    this.#positions.clear();
    this.#acknowledged.clear();
    this.#isSweepDue = true;
    for (const history of this.#keys.values()) {
      history.isMentioned = false;
      history.acknowledged = -1;
    }
  }

  /** Throws NotConformant when a record is not what comes next for its key. */
  take(batch: Batch): void {
    const taken = batch.records.flatMap((record) => this.#takeRecord(record, batch.partition) ?? []);
    this.#taken.set(batch, taken);
  }

  /** Every key is gone. Throws NotConformant when one was not deleted upstream. */
  clear(clearing: Clearing): void {
    const taken = [...this.#keys].flatMap(([key, history]) => {
      if (history.length === 0 || history.at(history.read) === null) return [];
      const index = history.nextOf(null);
      demand(
        index !== undefined,
        `it said that all of ${clearing.topic} is gone, but key ${key} was not deleted`,
      );
      history.read = index ?? history.read;
      history.isMentioned = true;
      return [{ history, index: history.read }];
    });
    this.#taken.set(clearing, taken);
  }

  /** All that was taken is in the log now. */
  makeDurable(): void {
    for (const history of this.#keys.values()) history.durable = Math.max(history.durable, history.read);
  }

  acknowledge(batch: Batch | Clearing): void {
    const { partition, position } = batch;
    const offsets = this.#acknowledged.get(partition) ?? new Set();
    this.#acknowledged.set(partition, offsets);
    for (const { offset } of batch.type === 'records' ? batch.records : []) offsets.add(offset);
    for (const { history, index } of this.#taken.get(batch) ?? []) history.acknowledged = index;
    this.#positions.set(partition, position);
  }

  /** The source says that it follows. Throws NotConformant when it owes something that existed before. */
  live(): void {
    const { completeState, resumes } = this.#traits;
    const isOwed = completeState || (resumes && this.#positions.size > 0);
    for (const [key, owed] of isOwed ? this.#owedAtLive : []) {
      const history = this.#keys.get(key) ?? new KeyHistory();
      if (completeState && this.#isSweepDue && !history.isMentioned) {
        const gone = history.goneSince(owed);
        if (gone !== undefined) {
          history.read = Math.max(history.read, gone);
          history.durable = gone;
          continue;
        }
      }
      const state = history.at(owed) === null ? 'that it is gone' : `n=${String(history.at(owed))}`;
      demand(
        history.isUpTo(history.read, owed),
        `it said "live" before it yielded ${state} of key ${key}, which the upstream had when reading began or contact was regained`,
      );
      if (completeState && this.#isSweepDue && !history.isMentioned) history.durable = owed;
    }
    this.#isSweepDue = false;
  }

  /** Whether what is durable is the state of the upstream. */
  get isComplete(): boolean {
    return this.#behind().length === 0;
  }

  /** For messages: some keys that are not complete, and how. */
  missing(): string {
    const behind = this.#behind();
    const shown = behind.slice(0, 5).map(([key, history]) => {
      const last = history.at(history.last);
      return `${key} (has ${history.durable + 1} of ${history.length} writes; the last ${last === null ? 'deletes it' : `is n=${last}`})`;
    });
    return `${behind.length} keys are behind: ${shown.join(', ')}`;
  }

  #behind(): [string, KeyHistory][] {
    return [...this.#keys].filter(([, history]) => !history.isUpTo(history.durable, history.last));
  }

  #takeRecord(
    record: SourceRecord,
    partition: string,
  ): { readonly history: KeyHistory; readonly index: number } | undefined {
    this.records++;
    const found = this.#known(record);
    if (found === undefined) {
      this.strangers.push({ partition, offset: record.offset });
      return undefined;
    }
    const { completeState, repeats } = this.#traits;
    const { key, n, history } = found;
    const place = `partition ${partition}, offset ${record.offset}: key ${key}`;
    const isOld = this.#acknowledged.get(partition)?.has(record.offset) === true;
    demand(!isOld || repeats, `${place} came again after it was acknowledged, but traits.repeats is false`);
    const what = n === null ? 'its delete' : `n=${n}`;
    const index = history.nextOf(n);
    if (index === undefined) {
      const fault = history.hasRead(n) ? 'came after something newer, or twice in one reading' : 'is unknown';
      demand(false, `${place}, ${what} ${fault}`);
    }
    const isNext = completeState || repeats || index === history.read + 1;
    demand(
      isNext,
      `${place}, ${what}: a write before it was left out, which only a source of complete state may`,
    );
    history.read = index;
    history.isMentioned = true;
    return { history, index };
  }

  #known(record: SourceRecord): { key: string; n: number | null; history: KeyHistory } | undefined {
    const { key, value } = this.#textOf(record);
    const history = this.#keys.get(key);
    if (history === undefined) return undefined;
    const n = value === null ? null : numberIn(value);
    return n === undefined ? undefined : { key, n, history };
  }
}

function utf8Of({ key, value }: SourceRecord): { key: string; value: string | null } {
  return { key: key?.toString() ?? '', value: value?.toString() ?? null };
}

function numberIn(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const n: unknown = typeof value === 'object' && value !== null && 'n' in value ? value.n : undefined;
    return typeof n === 'number' ? n : undefined;
  } catch {
    return undefined;
  }
}
