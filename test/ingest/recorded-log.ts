// A log writer that keeps what a reader of the log would know: current values, marks, freshness; and what was appended.

import type { LogWriter } from '../../src/log/log.js';
import type { Bounds, Freshness, Update } from '../../src/topic/update.js';
import { toText } from '../../src/topic/utf8.js';

export class RecordedLog implements LogWriter {
  readonly values = new Map<string, unknown>();
  readonly stale = new Set<string>();
  /** One line per update: `path=json`, or `path` deleted. */
  readonly lines: string[] = [];
  readonly freshness: Freshness['state'][] = [];
  appends = 0;
  /** Of each append that was given any. */
  readonly bounds: Bounds[] = [];
  isReleased = false;
  isRetired = false;
  /** Makes appends wait until it is resolved. */
  durable: Promise<void> | undefined;

  append(updates: readonly Update[], _readAt: number, bounds?: Bounds): Promise<void> | void {
    this.appends++;
    if (bounds !== undefined) this.bounds.push(bounds);
    for (const { key, path, value } of updates) {
      if ((key as string) !== path) throw new Error('a key that is not its path');
      this.stale.delete(path);
      if (value === null) {
        if (!this.values.delete(path)) throw new Error(`${path} deleted, but it was not there`);
        this.lines.push(`${path} deleted`);
      } else {
        this.values.set(path, JSON.parse(toText(value)));
        this.lines.push(`${path}=${value}`);
      }
    }
    return this.durable;
  }

  markSource(freshness: Freshness): void {
    if (this.freshness.at(-1) !== freshness.state) this.freshness.push(freshness.state);
  }

  markPath(_key: string, path: string, isStale: boolean): void {
    if (isStale) this.stale.add(path);
    else this.stale.delete(path);
  }

  release(): void {
    this.isReleased = true;
  }

  retire(): void {
    this.isRetired = true;
  }
}
