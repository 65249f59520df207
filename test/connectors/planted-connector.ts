// A connector to an upstream in memory that keeps every promise, and can be told to break one: for tests of the kit itself.

import { EventEmitter, once } from 'node:events';
import {
  HistoryLost,
  OptionsRejected,
  SourceUnavailable,
  type Positions,
  type Source,
  type SourceEvent,
  type SourceRecord,
  type SourceType,
} from '../../connectors/contract.js';
import type { ConnectorHarness, TestUpstream, Write } from '../../connectors/kit/harness.js';

export type Bug =
  | 'says live too early'
  | 'says live too early after an outage'
  | 'says live twice'
  | 'never says live while it is busy'
  | 'drops deletes'
  | 'mixes up keys of one batch'
  | 'goes on one record late'
  | 'goes on one record early'
  | 'begins partitions without a position at their end'
  | 'acknowledges what it yields'
  | 'reads ahead without end'
  | 'ends at a bad record'
  | 'swallows bad records'
  | 'is silent when contact is lost'
  | 'goes on after lost history'
  | 'hangs in close'
  | 'throws when it is closed twice'
  | 'does not return when aborted'
  | 'finds nothing wrong'
  | 'finds something else wrong'
  | 'gives no reason'
  | 'describes no option';

interface Entry {
  readonly key: string;
  readonly value: string | null;
}

/** What sources read: numbered entries by partition. */
class MemoryUpstream {
  readonly changes = new EventEmitter().setMaxListeners(0);
  partitions: Entry[][];
  /** By partition: everything before it is held for taken. */
  acknowledged: number[];
  incarnation = 1;
  isOutOfReach = false;

  constructor(partitions: number) {
    this.partitions = Array.from({ length: partitions }, () => []);
    this.acknowledged = this.partitions.map(() => 0);
  }

  partitionOf(key: string): number {
    return [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % this.partitions.length;
  }

  write(writes: readonly Write[]): void {
    for (const write of writes) this.partitions[this.partitionOf(write.key)]?.push(write);
    this.changes.emit('change');
  }

  replace(state: readonly Write[]): void {
    this.incarnation++;
    this.partitions = this.partitions.map(() => []);
    this.write(state);
  }
}

/** Invariant: `#next` is what comes after all that was yielded, in this reading. */
class PlantedSource implements Source {
  readonly traits = { completeState: true, resumes: true, repeats: false };
  readonly #upstream: MemoryUpstream;
  readonly #topic: string;
  readonly #bug: Bug | undefined;
  readonly #closing = new AbortController();
  readonly #hoard: string[] = [];
  #isClosed = false;

  constructor(upstream: MemoryUpstream, topic: string, bug: Bug | undefined) {
    this.#upstream = upstream;
    this.#topic = topic;
    this.#bug = bug;
    if (bug === 'reads ahead without end')
      upstream.changes.on('change', () =>
        this.#hoard.push(JSON.stringify(upstream.partitions.flat().slice(this.#hoard.length))),
      );
  }

  async probe(): Promise<void> {
    if (this.#upstream.isOutOfReach) throw new SourceUnavailable('the upstream does not answer');
    if (this.#topic === 'state' || this.#bug === 'finds nothing wrong') return;
    if (this.#bug === 'finds something else wrong') throw new TypeError('topic is not iterable');
    const name = this.#bug === 'gives no reason' ? 'it' : this.#topic;
    throw new OptionsRejected(`${name} does not exist`);
  }

  async *read(after: Positions, signal: AbortSignal): AsyncGenerator<SourceEvent> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const upstream = this.#upstream;
    let ends = upstream.partitions.map((entries) => entries.length);
    const isAtEnd = this.#bug === 'begins partitions without a position at their end' && after.size > 0;
    const next = ends.map((end, n) => this.#start(after.get(`p${n}`), isAtEnd ? end : 0));
    const isBusy = () => ends.some((end, n) => (next[n] ?? 0) < end);
    let isLive = false;
    if (this.#bug === 'says live too early') yield { type: 'live' };
    if (this.#bug === 'says live too early') isLive = true;
    while (!ending.aborted || this.#bug === 'does not return when aborted') {
      if (upstream.isOutOfReach && this.#bug !== 'is silent when contact is lost') {
        isLive = false;
        yield { type: 'interrupted', reason: 'no contact' };
        while (upstream.isOutOfReach && !ending.aborted) await this.#change(ending);
        ends = upstream.partitions.map((entries) => entries.length);
        if (this.#bug === 'says live too early after an outage') yield { type: 'live' };
        if (this.#bug === 'says live too early after an outage') isLive = true;
      }
      if (this.#bug === 'never says live while it is busy')
        ends = upstream.partitions.map((entries) => entries.length + (isLive ? 0 : 1));
      if (!isLive && !isBusy()) {
        yield { type: 'live' };
        if (this.#bug === 'says live twice') yield { type: 'live' };
        isLive = true;
      }
      const batch = upstream.isOutOfReach ? undefined : this.#batch(next);
      if (batch === undefined) await this.#change(ending);
      else yield batch;
    }
  }

  async ack(partition: string, position: string): Promise<void> {
    this.#upstream.acknowledged[Number(partition.slice(1))] = Number(position.split('/')[1]);
  }

  async close(): Promise<void> {
    if (this.#isClosed && this.#bug === 'throws when it is closed twice') throw new Error('is closed');
    this.#isClosed = true;
    this.#closing.abort();
    if (this.#bug === 'hangs in close') await new Promise(() => undefined);
  }

  #start(position: string | undefined, otherwise: number): number {
    if (position === undefined) return otherwise;
    const [incarnation, offset] = position.split('/').map(Number);
    const isOther = incarnation !== this.#upstream.incarnation;
    if (isOther && this.#bug !== 'goes on after lost history') throw new HistoryLost('made anew');
    const slip = { 'goes on one record late': 1, 'goes on one record early': -1 } as Record<string, number>;
    return Math.max(0, (offset ?? 0) + (slip[this.#bug ?? ''] ?? 0));
  }

  #batch(next: number[]): SourceEvent | undefined {
    const upstream = this.#upstream;
    const n = upstream.partitions.findIndex((entries, each) => (next[each] ?? 0) < entries.length);
    if (n < 0) return undefined;
    const from = next[n] ?? 0;
    const entries = upstream.partitions[n]?.slice(from, from + 5) ?? [];
    next[n] = from + entries.length;
    if (this.#bug === 'acknowledges what it yields') upstream.acknowledged[n] = from + entries.length;
    if (this.#bug === 'ends at a bad record' && entries.some(({ value }) => value === 'bad'))
      throw new SyntaxError('bad record');
    const records = entries.map((entry, i) => recordOf(entry, from + i));
    const position = `${upstream.incarnation}/${from + entries.length}`;
    const place = { partition: `p${n}`, topic: this.#topic, partitionNumber: n };
    return { type: 'records', ...place, records: this.#spoilt(records), position };
  }

  #spoilt(records: SourceRecord[]): SourceRecord[] {
    if (this.#bug === 'drops deletes') return records.filter(({ value }) => value !== null);
    if (this.#bug === 'mixes up keys of one batch') return records.reverse();
    if (this.#bug === 'swallows bad records')
      return records.filter(({ value }) => value?.toString() !== 'bad');
    return records;
  }

  async #change(ending: AbortSignal): Promise<void> {
    const signal = this.#bug === 'does not return when aborted' ? {} : { signal: ending };
    await once(this.#upstream.changes, 'change', signal).catch(() => undefined);
  }
}

function recordOf({ key, value }: Entry, offset: number): SourceRecord {
  return {
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: undefined,
    timestampMs: -1,
    offset,
  };
}

interface PlantedOptions {
  readonly upstream: MemoryUpstream;
  readonly topic: string;
}

/** `bug`: the promise that it breaks; undefined: none. */
export function plantedHarness(bug?: Bug): ConnectorHarness {
  const description = bug === 'describes no option' ? {} : { description: 'What to read.' };
  const type: SourceType<PlantedOptions> = {
    type: 'planted',
    options: {
      type: 'object',
      additionalProperties: false,
      required: ['topic'],
      properties: { topic: { type: 'string', ...description } },
    },
    create: ({ upstream, topic }) => new PlantedSource(upstream, topic, bug),
  };
  return {
    type: type,
    traits: { completeState: true, resumes: true, repeats: false },
    misconfigurations: [
      {
        name: 'a topic that does not exist',
        options: (working) => ({ ...(working as PlantedOptions), topic: 'stat' }),
        says: ['stat does not exist'],
      },
    ],
    settleMs: 40,
    patienceMs: 700,
    buffersBytes: 2 * 1024 * 1024,
    createUpstream: async (partitions) => plantedUpstream(new MemoryUpstream(partitions)),
  };
}

function plantedUpstream(upstream: MemoryUpstream): TestUpstream {
  const places = new Map<Write, readonly [partition: number, offset: number]>();
  return {
    options: { upstream, topic: 'state' },
    async write(writes) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const write of writes) {
        const partition = upstream.partitionOf(write.key);
        places.set(write, [partition, upstream.partitions[partition]?.length ?? 0]);
        upstream.write([write]);
      }
    },
    writeBad: async () => upstream.write([{ key: 'bad', value: 'bad' }]),
    loseHistory: async (state) => upstream.replace(state),
    async breakContact() {
      upstream.isOutOfReach = true;
      upstream.changes.emit('change');
      return async () => {
        upstream.isOutOfReach = false;
        upstream.changes.emit('change');
      };
    },
    async acknowledged(write) {
      const [partition, offset] = places.get(write) ?? [0, Infinity];
      return (upstream.acknowledged[partition] ?? 0) > offset;
    },
    close: async () => undefined,
  };
}
