// Gives the current values to those who join: cohort by cohort, a chunk a turn, so that a large snapshot neither blocks the
// process nor floods a client. A member that does not keep up walks on alone, at the pace at which it reads.

import type { Clock } from '../clock.js';
import { endLine } from '../protocol/control-lines.js';
import type { Histogram } from '../telemetry/histogram.js';
import { Cohort, type Audience, type Membership } from './audience.js';
import type { Delivery } from './delivery.js';
import { ControlMessage } from './message.js';
import type { Session } from './session.js';
import { NO_CUT } from './subscription.js';

/** Bytes of keyframes that a cohort is given at a time. */
const CHUNK_BYTES = 32 * 1024;
/** Keyframes times members that are given in one turn of the event loop: some milliseconds. */
const TURN_GIFTS = 4_096;

/** Invariant: between turns every cohort is in `#walking`, or parked in the one session that it is made of. */
export class Joins {
  readonly #clock: Clock;
  readonly #delivery: Delivery;
  /** From the request to `end`. */
  readonly #durations: Histogram;
  readonly #walking = new Set<Cohort>();
  /** Cohorts that have not given anything yet: who joins in the same turn shares their walk. */
  readonly #forming = new Map<Audience, Cohort>();
  /** Have been given a chunk in this turn. */
  readonly #again: Cohort[] = [];
  #isScheduled = false;

  constructor(clock: Clock, delivery: Delivery, durations: Histogram) {
    this.#clock = clock;
    this.#delivery = delivery;
    this.#durations = durations;
  }

  /** Lets a member walk through its audience's streams from the first. */
  start(member: Membership): void {
    const { audience } = member;
    let cohort = this.#forming.get(audience);
    if (cohort === undefined) {
      cohort = new Cohort(audience);
      this.#forming.set(audience, cohort);
      this.#walking.add(cohort);
    }
    cohort.add(member);
    this.#schedule();
  }

  /** The session has room again: its walks go on. */
  resume(session: Session): void {
    for (const cohort of session.parked) this.#walking.add(cohort);
    session.parked = [];
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#walking.size === 0) return;
    this.#isScheduled = true;
    this.#clock.nextTurn(() => this.#step());
  }

  #step(): void {
    this.#isScheduled = false;
    this.#forming.clear();
    let gifts = TURN_GIFTS;
    for (const cohort of this.#walking) {
      if (gifts <= 0) break;
      this.#walking.delete(cohort);
      this.#parkSlow(cohort);
      if (cohort.members.size === 0) continue;
      const given = this.#advance(cohort);
      gifts -= given.keyframes * cohort.members.size;
      if (given.isAll) this.#finish(cohort);
      else this.#again.push(cohort);
    }
    for (const cohort of this.#again.splice(0)) this.#walking.add(cohort); // behind those that still wait for their turn
    this.#schedule();
  }

  /** Members that have not read what they were given get a walk of their own, from where this one has come to. */
  #parkSlow(cohort: Cohort): void {
    const now = this.#clock.monotonic();
    for (const member of cohort.members) {
      const { session } = member;
      if (!session.isLagging && session.flow.canTakeMore(now)) continue;
      const own = new Cohort(cohort.audience, cohort.cursor);
      cohort.remove(member);
      own.add(member);
      session.parked.push(own);
    }
  }

  /** Gives the next chunk and sends it off, so that the next one is given by how it was read. */
  #advance(cohort: Cohort): { readonly keyframes: number; readonly isAll: boolean } {
    let keyframes = 0;
    let isAll = false;
    for (let bytes = 0; bytes < CHUNK_BYTES; keyframes++) {
      const stream = cohort.next();
      if (stream === undefined) {
        isAll = true;
        break;
      }
      bytes += stream.keyframe()?.line().length ?? 0;
      for (const { session } of cohort.members) this.#delivery.giveKeyframe(session, stream);
    }
    if (!isAll) for (const { session } of cohort.members) this.#delivery.outboxes.flush(session);
    return { keyframes, isAll };
  }

  #finish(cohort: Cohort): void {
    const members = [...cohort.members];
    cohort.finish();
    for (const member of members) this.joined(member);
  }

  /** One filter of a subscription has all its values; with the last of them the client is told. */
  joined({ session, subscription }: Membership): void {
    subscription.joining -= 1;
    if (subscription.joining > 0) return;
    const end = new ControlMessage(endLine(subscription.sub, subscription.cut), 'end');
    subscription.cut = NO_CUT;
    this.#delivery.brackets.joined(session);
    this.#delivery.outboxes.push(session, end);
    if (subscription.askedAt === undefined) return;
    this.#durations.observe(this.#clock.monotonic() - subscription.askedAt);
    subscription.askedAt = undefined;
  }
}
