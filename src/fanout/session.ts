// One connection as fan-out sees it: who it is for, what it listens to, what it is owed, and how fast it reads.

import type { Grants } from '../entitle/grants.js';
import type { Principal } from '../entitle/principal.js';
import type { Alias } from '../protocol/data-lines.js';
import type { Ms } from '../topic/update.js';
import type { OwedBracket } from './arrears.js';
import type { Cohort } from './audience.js';
import type { OpenBracket } from './brackets.js';
import type { Flow } from './flow.js';
import type { Listener } from './listener.js';
import type { Message } from './message.js';
import type { Stream } from './stream.js';
import type { Subscription } from './subscription.js';

/**
 * Invariant: what the client has been given, then `outbox`, then (while lagging) what is left of `owed`, then a keyframe or delete of
 * each stream in `dirty`, make its state equal to what it is entitled to, less what its joining cohorts have yet to give.
 */
export class Session {
  readonly listener: Listener;
  readonly flow: Flow;
  readonly subscriptions = new Map<number, Subscription>();
  principal: Principal;
  grants: Grants;
  /** Wall time; undefined: never. */
  expiresAt: Ms | undefined;
  outbox: Message[] = [];
  /** Stands in the list of the next flush. */
  isDue = false;
  isClosed = false;
  /** Rights have run out: nothing is sent until they are refreshed. */
  isSuspended = false;
  /** The last message offered, so that overlapping subscriptions of one stream cost one compare. */
  mark: Message | undefined;
  /** While lagging: stream -> whether the client has been given it. In order of first change. */
  dirty: Map<Stream, boolean> | undefined;
  /** While lagging: the bracket that it is being given. */
  owed: OwedBracket | undefined;
  /** The bracket that stands open in its outbox, while a batch is told. */
  bracket: OpenBracket | undefined;
  /** Its client knows that it holds only a part of some transaction. */
  isSplit = false;
  /** Aliases that the client knows; kept only once a subscription came without a snapshot. */
  defined: Set<Alias> | undefined;
  /** Walks that wait until the client has read what it was given. */
  parked: Cohort[] = [];
  /** Changes merged since it began to lag. */
  conflated = 0;
  /** Number of the last `even` that was sent. */
  even = 0;
  lastBeatAt: Ms;
  nextSub = 1;

  constructor(o: {
    listener: Listener;
    flow: Flow;
    principal: Principal;
    grants: Grants;
    expiresAt: Ms | undefined;
    now: Ms;
  }) {
    this.listener = o.listener;
    this.flow = o.flow;
    this.principal = o.principal;
    this.grants = o.grants;
    this.expiresAt = o.expiresAt;
    this.lastBeatAt = o.now;
  }

  get isLagging(): boolean {
    return this.dirty !== undefined;
  }

  get isJoining(): boolean {
    for (const subscription of this.subscriptions.values()) if (subscription.joining > 0) return true;
    return false;
  }
}
