// How long each part of a stop may take, from how it was asked for and what is configured. Who waits is src/server.

import type { ShutdownConfig } from '../config/config.js';
import type { DrainPlan } from '../server/drain.js';

/** `drain`: clients and balancers are given time. `at-once`: a person waits for the prompt. */
export type StopKind = 'drain' | 'at-once';

/**
 * `isKnown`: the process has been ready, so that balancers may send clients to it until they notice; before that there is
 * nobody to wait for. Of what the grace leaves, half is for clients that do not answer and half for closing the sources.
 */
export function stopPlan(
  kind: StopKind,
  shutdown: ShutdownConfig,
  { isKnown }: { isKnown: boolean },
): DrainPlan {
  const waitMs = kind === 'drain' && isKnown ? shutdown.waitMs : 0;
  const spreadMs = kind === 'drain' ? shutdown.spreadMs : 0;
  const busyMs = waitMs + spreadMs;
  return { waitMs, spreadMs, graceMs: busyMs + (shutdown.graceMs - busyMs) / 2 };
}
