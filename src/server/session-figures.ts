// Sessions by what they have been sent and have not acknowledged: how many are how far behind, and who is furthest.

import type { Ms } from '../topic/update.js';

/** One session, for the operator. */
export interface SessionFigures {
  /** As in the logs, and in its welcome. */
  readonly session: string;
  /** Who it is for. */
  readonly subject: string;
  readonly remote: string | undefined;
  readonly isLagging: boolean;
  readonly unacknowledgedBytes: number;
  /** While it lags: paths of which it is owed the current value. */
  readonly waitingPaths: number;
  readonly subscriptions: number;
  readonly sentBytes: number;
  readonly openMs: Ms;
}

export interface Outboxes {
  readonly unacknowledgedBytes: number;
  /** How many sessions are owed at most so much, each in one bucket; the last has no bound. */
  readonly buckets: readonly { readonly upToBytes: number | null; readonly sessions: number }[];
  /** At most {@link MOST_SHOWN}, the one that is owed most first; none that is owed nothing. */
  readonly largest: readonly SessionFigures[];
}

/** Nothing, a message or two, what a busy second holds, the limit from which a session lags, more. */
const BOUNDS: readonly number[] = [0, 4 * 1024, 64 * 1024, 256 * 1024];
const MOST_SHOWN = 10;

export function outboxesOf(sessions: Iterable<SessionFigures>): Outboxes {
  const counts = new Array<number>(BOUNDS.length + 1).fill(0);
  const largest: SessionFigures[] = [];
  let unacknowledgedBytes = 0;
  for (const session of sessions) {
    const bytes = session.unacknowledgedBytes;
    unacknowledgedBytes += bytes;
    const bound = BOUNDS.findIndex((most) => bytes <= most);
    const bucket = bound === -1 ? BOUNDS.length : bound;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    if (bytes > 0) insert(largest, session);
  }
  const buckets = counts.map((number, i) => ({ upToBytes: BOUNDS[i] ?? null, sessions: number }));
  return { unacknowledgedBytes, buckets, largest };
}

/** Keeps the list short while it is made: most sessions are compared with its last only. */
function insert(largest: SessionFigures[], session: SessionFigures): void {
  const isFull = largest.length === MOST_SHOWN;
  if (isFull && session.unacknowledgedBytes <= (largest.at(-1)?.unacknowledgedBytes ?? 0)) return;
  const before = largest.findIndex((each) => each.unacknowledgedBytes < session.unacknowledgedBytes);
  largest.splice(before === -1 ? largest.length : before, 0, session);
  if (largest.length > MOST_SHOWN) largest.pop();
}
