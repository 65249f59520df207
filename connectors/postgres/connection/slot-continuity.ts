// Whether a durable slot still has all that comes after our position, asked on each connection. What is not certain counts as lost: rows
// that are read anew are right, a gap that nobody sees is not.

import { setTimeout as wait } from 'node:timers/promises';

import { HistoryLost, SourceUnavailable } from '../../contract.js';
import { formatLsn } from './lsn.js';
import type { ReplicationSession, ServerIdentity } from './replication-session.js';
import { isSlotLost, type SlotState } from './slot.js';

export interface KnownSlot {
  readonly name: string;
  readonly systemId: string;
  /** Of the server when it was read last; undefined: by somebody else. */
  readonly timeline: number | undefined;
  /** The greatest LSN that the server can have been told is durable. */
  readonly told: bigint;
  /** Up to where its stream has been read. */
  readonly read: bigint;
}

/** Throws HistoryLost. `now`: what the server says of itself. */
export async function demandSameHistory(
  session: Pick<ReplicationSession, 'timelineHistory'>,
  now: ServerIdentity,
  known: KnownSlot,
): Promise<void> {
  if (now.systemId !== known.systemId) {
    throw new HistoryLost(
      `this is another server: system identifier ${now.systemId}, and ${known.systemId} before`,
    );
  }
  if (known.timeline === undefined || now.timeline === known.timeline) return;
  const history = await session.timelineHistory(now.timeline);
  const former = history.find(({ timeline }) => timeline === known.timeline);
  if (former === undefined) {
    throw new HistoryLost(
      `the server is on timeline ${now.timeline}, which does not come from ${known.timeline}`,
    );
  }
  if (former.endsAt < known.read) {
    throw new HistoryLost(
      `timeline ${known.timeline} was left at ${formatLsn(former.endsAt)}, and had been read up to ${formatLsn(known.read)}: what came in between did not happen`,
    );
  }
}

/** Throws HistoryLost where it is not the slot that we left. */
export function demandSameSlot(slot: SlotState | undefined, { name, told }: KnownSlot): SlotState {
  if (slot === undefined) throw new HistoryLost(`slot ${name} is not there any more`);
  if (isSlotLost(slot)) {
    const why = slot.invalidationReason === undefined ? '' : ` (${slot.invalidationReason})`;
    throw new HistoryLost(
      `the server has given up slot ${name}${why}: it kept more WAL than it may, or was idle for too long`,
    );
  }
  const { plugin, confirmedLsn } = slot;
  if (plugin !== 'pgoutput' || confirmedLsn === undefined) {
    throw new HistoryLost(`slot ${name} is another one than was read: it is not for pgoutput`);
  }
  if (confirmedLsn > told) {
    throw new HistoryLost(
      `slot ${name} was moved on or made anew by somebody else: it is at ${formatLsn(confirmedLsn)}, and ${formatLsn(told)} was acknowledged`,
    );
  }
  return slot;
}

const OWN_PAST_MS = 5_000;
const LOOK_MS = 100;

/**
 * Tries until nobody reads the slot: a connection of ours that was just closed, or lost, may still be there for the server. Rejects with the
 * last SourceUnavailable when that takes too long, at once with anything else.
 */
export async function onceFree<T>(use: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + OWN_PAST_MS;
  for (;;) {
    try {
      return await use();
    } catch (error) {
      if (!(error instanceof SourceUnavailable) || performance.now() > deadline) throw error;
      await wait(LOOK_MS, undefined, { signal });
    }
  }
}
