// What one connection's stream brings, as events: message by message, with what the lookout has seen in between. When to connect, and
// what a lost connection means, is reading.ts.

import { setTimeout as wait } from 'node:timers/promises';

import { SourceUnavailable, type SourceEvent } from '../contract.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { ShapeGuard } from './catalog/shape-guard.js';
import { differs } from './catalog/table-watch.js';
import type { ReplicationStream, StreamMessage } from './connection/replication-stream.js';
import type { Lookout } from './lookout.js';
import { reselect } from './reselect.js';
import type { Filled, StreamedRows } from './streamed-rows.js';
import type { Gap, PositionedEvent, TransactionEvents } from './transaction-events.js';
import { decodeMessage, type Relation } from './wire/pgoutput.js';
import type { TypeKinds } from './wire/type-kinds.js';

/** What outlives a connection. */
export interface Followed {
  readonly events: TransactionEvents;
  readonly acknowledgements: Acknowledgements;
  /** By oid. Those that are no more are taken out. */
  readonly tables: Map<number, StreamedRows>;
  readonly types: TypeKinds;
  readonly lookout: Lookout;
  readonly shapes: ShapeGuard;
}

type Batch = IteratorResult<readonly StreamMessage[], void>;

/** Between two events that do nothing but move the position. */
const ADVANCE_MS = 1_000;
/** How often the database is asked for what an update left out, until its connection counts as lost; and the pause between. */
const TIMES_ASKED = 3;
const ASK_AGAIN_MS = 200;

/**
 * Invariant: `live` is said once, when all has been handed out that was committed before the target; what the lookout has seen takes
 * its place between two transactions.
 */
export class Following {
  readonly #followed: Followed;
  readonly #target: bigint;
  readonly #signal: AbortSignal;
  #isLive = false;
  #advancedAtMs = -Infinity;

  /** `target`: where the server's WAL ended when streaming began. `signal`: ends it. */
  constructor(followed: Followed, target: bigint, signal: AbortSignal) {
    this.#followed = followed;
    this.#target = target;
    this.#signal = signal;
  }

  /** Rejects as the stream and the lookout do, and with HistoryLost where a table has changed its shape. Call once. */
  async *events(stream: ReplicationStream): AsyncGenerator<SourceEvent> {
    const batches = stream.messages(this.#signal);
    let next = batches.next();
    while (!this.#signal.aborted) {
      const batch = await this.#nextOf(next);
      if (batch?.done === true) return;
      if (batch !== undefined) {
        yield* this.#batch(batch.value);
        next = batches.next();
        next.catch(() => undefined); // awaited above, unless the reading ends first
      }
      yield* this.#between();
    }
  }

  /** undefined: nothing has come, but something else is to be done. */
  #nextOf(next: Promise<Batch>): Promise<Batch | undefined> {
    const { events, lookout } = this.#followed;
    return new Promise<Batch | undefined>((resolve, reject) => {
      const waitMs = this.#advancedAtMs + ADVANCE_MS - performance.now();
      const timer = events.canAdvance ? setTimeout(resolve, waitMs, undefined) : undefined;
      lookout.onNews = () => resolve(undefined);
      void next.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async *#batch(messages: readonly StreamMessage[]): AsyncGenerator<SourceEvent> {
    const { events } = this.#followed;
    for (const message of messages) {
      if (message.kind === 'keepalive') {
        events.keepalive(message.walEnd);
        continue;
      }
      const change = decodeMessage(message.payload);
      if (change.kind === 'relation') await this.#checkShape(change.relation);
      const gap = events.gap(change);
      const filled = gap === undefined ? undefined : await this.#fill(gap);
      const before = events.before(change);
      if (before !== undefined) yield this.#handOut(before);
      events.apply(change, filled);
      for (let more = events.ready(); more !== undefined; more = events.ready()) yield this.#handOut(more);
      if (!this.#isLive && change.kind === 'commit') yield* this.#live();
    }
  }

  async *#between(): AsyncGenerator<SourceEvent> {
    const { events, lookout } = this.#followed;
    const bytes = lookout.takeRetained();
    if (bytes !== undefined) yield { type: 'retained', bytes };
    this.#forgetGone();
    if (!events.isBetween) return;
    for (const { topic } of lookout.takeGone()) yield this.#handOut(events.clear(topic));
    if (this.#isLive && performance.now() - this.#advancedAtMs < ADVANCE_MS) return;
    const advance = events.advance();
    if (advance !== undefined) {
      this.#advancedAtMs = performance.now();
      yield this.#handOut(advance);
    }
    yield* this.#live();
  }

  *#live(): Generator<SourceEvent> {
    const { events } = this.#followed;
    if (this.#isLive || !events.isBetween || events.doneUpTo < this.#target) return;
    this.#isLive = true;
    yield { type: 'live' };
  }

  #handOut(event: PositionedEvent): PositionedEvent {
    const { acknowledgements, events } = this.#followed;
    acknowledgements.yields(event.position, events.handedOut);
    return event;
  }

  /** Throws what the lookout found that ends the reading. Changes of tables that are gone are left out from here on. */
  #forgetGone(): void {
    const { lookout, tables } = this.#followed;
    lookout.check();
    for (const { oid } of lookout.gone) {
      tables.get(oid)?.forget();
      tables.delete(oid);
    }
  }

  async #checkShape(relation: Relation): Promise<void> {
    const { tables, lookout, shapes } = this.#followed;
    const rows = tables.get(relation.oid);
    if (rows === undefined) return lookout.hasten();
    const words = differs(rows.table, relation);
    if (words === undefined) return shapes.agreed(relation.oid);
    await lookout.look();
    this.#forgetGone();
    if (tables.has(relation.oid)) throw shapes.fault(rows.table, relation, words);
  }

  async #fill({ rows, update, xid }: Gap): Promise<Filled> {
    const { lookout, types } = this.#followed;
    const asked = { table: rows.table, types, update, xid };
    for (let times = 1; ; times++) {
      try {
        const filled = await lookout.ask((sql) => reselect(sql, asked, this.#signal));
        if (filled === 'moved on') lookout.countSuperseded();
        return filled;
      } catch (error) {
        if (!(error instanceof SourceUnavailable) || times === TIMES_ASKED) throw error;
        await wait(times * ASK_AGAIN_MS, undefined, { signal: this.#signal });
      }
    }
  }
}
