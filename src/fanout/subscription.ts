// What one `subscribe` command asked for, and how far its snapshot has come.

import type { Intent } from '../entitle/view.js';
import type { Filter } from '../topic/filter.js';
import type { Ms, Version } from '../topic/update.js';
import type { Membership } from './audience.js';

/** Applied position of each log partition: everything below has been seen. */
export type Cut = readonly (readonly [x: number, position: Version])[];

/** Shared by all subscriptions that have had their `end`. */
export const NO_CUT: Cut = [];

export interface Subscription {
  /** The session's number for it. */
  readonly sub: number;
  readonly filters: readonly Filter[];
  readonly intent: Intent;
  /** Whether the current values come first. */
  snapshot: boolean;
  /** One per filter; none while the session is suspended. */
  memberships: readonly Membership[];
  /** When it was asked for, until its first snapshot has ended: monotonic. undefined also where there is none to wait for. */
  askedAt: Ms | undefined;
  /** Memberships that are still joining. */
  joining: number;
  /** What `end` promises: every path that matched at this cut has been delivered. Kept until then. */
  cut: Cut;
}
