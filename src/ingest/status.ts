// What a source is doing, for operators and for readiness. `degraded` is live, with nearly nothing but rejected records.
//
//   starting --live--> live --interrupted, unavailable--> stale --live--> live
//   any --options rejected, history lost (not complete), bug, stop--> stopped

import type { SOURCE_STATES } from '../telemetry/figures.js';
import type { Ms } from '../topic/update.js';

export type SourceState = (typeof SOURCE_STATES)[number];

export interface SourceStatus {
  readonly state: SourceState;
  /** When the source came to be in this state: wall time. */
  readonly since: Ms;
  /** For operators: why it is not live. */
  readonly reason: string | undefined;
  /** How much of what existed at the start has been read, while it is being read. Units are the connector's. */
  readonly progress: { readonly done: number; readonly total: number } | undefined;
}
