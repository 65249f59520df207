// How far one source is behind its upstream, as the connector tells it with every batch.

import type { Ms } from '../topic/update.js';
import type { SourceBatch } from './intake.js';

/** What is known of one partition. */
interface Place {
  behind: number;
  /** Event time of its newest record; undefined: none was taken. */
  lastAt: Ms | undefined;
}

/** Invariant: knows of each partition what its last batch said. */
export class Lag {
  readonly #places = new Map<string, Place>();
  #lastAt: Ms | undefined;

  /** Records that the upstream has and we have not, as far as it tells. */
  get records(): number {
    let records = 0;
    for (const { behind } of this.#places.values()) records += behind;
    return records;
  }

  /** Event time of the record that was taken last; undefined: there was none. */
  get lastAt(): Ms | undefined {
    return this.#lastAt;
  }

  /** How old the newest record is of the partition that is furthest behind; 0 where none is. `now`: wall time. */
  age(now: Ms): Ms {
    let age = 0;
    for (const { behind, lastAt } of this.#places.values()) {
      if (behind > 0 && lastAt !== undefined) age = Math.max(age, now - lastAt);
    }
    return age;
  }

  /** `now`: wall time, for records whose event time the upstream does not say. */
  take({ partition, behind, records }: SourceBatch, now: Ms): void {
    let place = this.#places.get(partition);
    if (place === undefined) this.#places.set(partition, (place = { behind: 0, lastAt: undefined }));
    if (behind !== undefined) place.behind = behind;
    const last = records.at(-1);
    if (last === undefined) return;
    const lastAt = last.timestampMs < 0 ? now : last.timestampMs;
    place.lastAt = lastAt;
    this.#lastAt = lastAt;
  }

  /** The source begins again from nothing: its partitions may be others. */
  clear(): void {
    this.#places.clear();
  }
}
