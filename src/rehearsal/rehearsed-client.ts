// The client's side of a rehearsed session: holds what it is sent as any client does, but believes nothing that does not fit. A line
// that contradicts what it holds is a fault of Tailrace, which it remembers.

import type { Listener } from '../fanout/listener.js';
import { Bracket } from '../receiver/bracket.js';
import { HeldValues, type DataLine } from '../receiver/held-values.js';
import type { Json } from '../topic/json.js';
import type { TopicPath } from '../topic/path.js';
import { toText, type Utf8 } from '../topic/utf8.js';

/** Invariant: `values` is what all lines so far leave, and empty of what was deleted. */
export class RehearsedClient implements Listener {
  readonly values = new Map<TopicPath, Json>();
  /** The first thing that was wrong with what was sent. */
  fault: string | undefined;
  /** The subscription got its `end`: all that was there has been given. */
  isComplete = false;
  readonly #bracket = new Bracket<DataLine>();
  readonly #held = new HeldValues({
    changed: (change) => {
      if ('deleted' in change) this.values.delete(change.path as TopicPath);
      else this.values.set(change.path as TopicPath, change.value);
    },
    lost: () => {
      throw new Error('a change of what is not held');
    },
  });

  write(lines: Utf8): void {
    for (const line of toText(lines).split('\n')) this.#take(line);
  }

  ping(): void {}

  close(_code: number, reason: string): void {
    this.fault ??= `the session was closed: ${reason}`;
  }

  terminate(): void {
    this.fault ??= 'the session was cut';
  }

  #take(text: string): void {
    const line = JSON.parse(text) as DataLine | { readonly op?: string };
    try {
      if ('op' in line) this.#control(line.op);
      else this.#data(line as DataLine);
    } catch (error) {
      this.fault ??= `${error instanceof Error ? error.message : String(error)}: ${text}`;
    }
  }

  #data(line: DataLine): void {
    for (const due of this.#bracket.take(line[0], line)) this.#held.take(due);
  }

  #control(op: string | undefined): void {
    if (op === 'limit') throw new Error('more than limits.visiblePathsPerSubscription is seen');
    if (op === 'reset') {
      this.#bracket.drop();
      this.#held.doubt();
    }
    if (op !== 'end') return;
    this.#held.sweep();
    this.isComplete = true;
  }
}
