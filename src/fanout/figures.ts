// What the edge holds and has done, as a scrape asks for it: sums over sessions and partitions that are made only then.

import type { Holdings } from '../cache/cache.js';
import type { EdgeSourceFigures } from '../telemetry/figures.js';
import type { LogPartition } from '../log/log.js';
import type { Session } from './session.js';
import type { Timings } from './timings.js';

/** What sessions hold together. */
export interface SessionFigures {
  /** Sessions that read too slowly to get every change. */
  readonly lagging: number;
  readonly subscriptions: number;
  /** Bytes that were sent and not acknowledged. */
  readonly outboxBytes: number;
  /** Of these, those of the session that has most. */
  readonly largestOutboxBytes: number;
  /** Paths of which lagging sessions are owed the current value. */
  readonly dirtyPaths: number;
}

/** Visits every session once: some microseconds for a thousand. */
export function sessionFigures(sessions: Iterable<Session>): SessionFigures {
  let lagging = 0;
  let subscriptions = 0;
  let outboxBytes = 0;
  let largestOutboxBytes = 0;
  let dirtyPaths = 0;
  for (const session of sessions) {
    const { unackedBytes } = session.flow;
    if (session.isLagging) lagging += 1;
    subscriptions += session.subscriptions.size;
    outboxBytes += unackedBytes;
    largestOutboxBytes = Math.max(largestOutboxBytes, unackedBytes);
    dirtyPaths += (session.dirty?.size ?? 0) + (session.owed?.left ?? 0);
  }
  return { lagging, subscriptions, outboxBytes, largestOutboxBytes, dirtyPaths };
}

/** One line per source, however many partitions its log has. */
export function sourceFigures(
  partitions: Iterable<LogPartition>,
  holdings: (x: number) => Holdings,
  timings: Timings,
): readonly EdgeSourceFigures[] {
  const bySource = new Map<string, EdgeSourceFigures>();
  for (const { x, source } of partitions) {
    const measured = timings.of(x);
    if (measured === undefined) continue;
    const { paths, textBytes, stalePaths } = holdings(x);
    const others = bySource.get(source);
    bySource.set(source, {
      source,
      paths: paths + (others?.paths ?? 0),
      textBytes: textBytes + (others?.textBytes ?? 0),
      stalePaths: stalePaths + (others?.stalePaths ?? 0),
      delivery: measured.delivery.read(),
      freshness: measured.freshness.read(),
      clockSkews: measured.clockSkews,
    });
  }
  return [...bySource.values()];
}
