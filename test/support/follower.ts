// A subscriber to everything that connects again whenever its connection ends, as an application would: what it holds now.

import { setTimeout as wait } from 'node:timers/promises';

import { systemClock } from '../../src/clock.js';
import { Tag } from '../../src/protocol/data-lines.js';
import { HeldValues, type ValueChange } from '../../src/receiver/held-values.js';
import { StreamClient, type StreamListener } from '../../src/receiver/stream-client.js';
import { parseFilter } from '../../src/topic/filter.js';
import type { Json } from '../../src/topic/json.js';

const AGAIN_MS = 50;

/** Invariant: `values` is what the present connection was told; empty while there is none. */
export class Follower {
  readonly values = new Map<string, Json>();
  /** The snapshot of the present connection has been given. */
  isLive = false;
  isStale = false;
  /** So many connections had a snapshot. */
  connections = 0;
  readonly #url: URL;
  readonly #ending = new AbortController();
  readonly #changed: (change: ValueChange) => void;
  #client: StreamClient | undefined;

  /** `port`: of 127.0.0.1; somebody may listen there later. `changed`: told of each change, after `values` has it. */
  constructor(port: number, changed: (change: ValueChange) => void = () => undefined) {
    this.#url = new URL(`ws://127.0.0.1:${port}/v1/stream`);
    this.#changed = changed;
    void this.#run();
  }

  stop(): void {
    this.#ending.abort();
    this.#client?.close();
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      this.values.clear();
      this.isLive = this.isStale = false;
      await this.#connect().ended;
      await wait(AGAIN_MS);
    }
  }

  #connect(): StreamClient {
    const held = new HeldValues({
      changed: (change) => {
        if ('deleted' in change) this.values.delete(change.path);
        else this.values.set(change.path, change.value);
        this.#changed(change);
      },
      lost: (alias) => client.resync(alias),
    });
    const listener: StreamListener = {
      data: (line) => {
        if (line[0] === Tag.SourceStale) this.isStale = true;
        if (line[0] === Tag.SourceFresh) this.isStale = false;
        held.take(line);
      },
      control: ({ op, x }) => {
        if (op === 'reset' && typeof x === 'number') held.forget(x);
        else if (op === 'reset') held.doubt();
        if (op !== 'end') return;
        held.sweep();
        this.isLive = true;
        this.connections++;
      },
      gap: () => held.loseAll(),
    };
    const all = parseFilter('**');
    if (!all.ok) throw new Error(all.fault);
    const client = new StreamClient({
      ...{ clock: systemClock, url: this.#url, token: undefined, filters: [all.filter], listener },
    });
    this.#client = client;
    return client;
  }
}
