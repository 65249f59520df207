// One reading of a Postgres source: the rows as they are, then the stream, over as many connections as it takes where the slot is
// durable. What the messages of the stream become is following.ts.

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import {
  HistoryLost,
  SourceUnavailable,
  type Position,
  type Positions,
  type SourceEvent,
  type SourceLog,
} from '../contract.js';
import { Acknowledgements } from './acknowledgements.js';
import { publishedTables, typeKinds } from './catalog/catalog.js';
import type { WalAlarm } from './catalog/retained-wal.js';
import type { Selection } from './catalog/selection.js';
import type { ShapeGuard } from './catalog/shape-guard.js';
import { contractError } from './connection/access-error.js';
import type { Access } from './connection/access.js';
import { formatLsn } from './connection/lsn.js';
import {
  openReplication,
  type CreatedSlot,
  type ReplicationSession,
} from './connection/replication-session.js';
import type { ReplicationStream } from './connection/replication-stream.js';
import { demandSameHistory, demandSameSlot, onceFree, type KnownSlot } from './connection/slot-continuity.js';
import { slotState } from './connection/slot.js';
import { openSql } from './connection/sql-session.js';
import { Following, type Followed } from './following.js';
import { Lookout } from './lookout.js';
import type { SlotOptions } from './options.js';
import {
  IN_SNAPSHOT,
  parsePosition,
  positionText,
  type StreamIdentity,
  type StreamPlace,
} from './position.js';
import { isOfGeneration, slotGeneration } from './slot-generation.js';
import { enterSnapshot, snapshotEvents, type SeenCatalog } from './snapshot.js';
import { StreamedRows } from './streamed-rows.js';
import { ToastMemory } from './toast-memory.js';
import { PARTITION, TransactionEvents, wholeUpTo } from './transaction-events.js';
import { ByteScratch } from './wire/byte-scratch.js';
import { faultError } from './wire/protocol-fault.js';

export interface ReadingOptions {
  readonly access: Access;
  readonly selection: Selection;
  /** undefined: a temporary one, which ends with its connection. */
  readonly slot: SlotOptions | undefined;
  /** Bytes. */
  readonly toastMemory: number;
  readonly walBudget: number;
  readonly alarm: WalAlarm;
  readonly shapes: ShapeGuard;
  readonly log: SourceLog;
  /** Between two looks at catalog and WAL. */
  readonly lookEveryMs: number;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
/** Making a slot waits for transactions that had begun before: from here on somebody should know. */
const SLOT_WAITS_MS = 10_000;

/** Invariant: connections and timers that it has opened are gone when `events` has ended or `close` has resolved. */
export class Reading {
  readonly #options: ReadingOptions;
  readonly #slotName: string;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #scratch = new ByteScratch();
  readonly #lookout: Lookout;
  #followed: Followed | undefined;
  #session: ReplicationSession | undefined;
  #stream: ReplicationStream | undefined;
  /** Of the server that was read last. */
  #timeline: number | undefined;

  /** Ends when `signal` aborts. */
  constructor(options: ReadingOptions, signal: AbortSignal) {
    this.#options = options;
    this.#slotName = options.slot?.name ?? `tailrace_${randomBytes(8).toString('hex')}`;
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#lookout = new Lookout({ ...options, slot: this.#slotName, signal: this.#signal });
  }

  /** Rejects with the errors of the contract. Call once. */
  async *events(after: Positions): AsyncGenerator<SourceEvent> {
    try {
      if (this.#signal.aborted) return;
      this.#lookout.start();
      const position = after.get(PARTITION);
      yield* position === undefined ? this.#fromTheStart() : this.#goOn(position);
    } catch (error) {
      if (!this.#signal.aborted) throw faultError(contractError(error));
    } finally {
      await this.close();
    }
  }

  /** All up to there is durable. */
  acknowledge(position: Position): void {
    const lsn = this.#followed?.acknowledgements.acknowledge(position);
    if (lsn !== undefined) this.#stream?.confirm(lsn);
  }

  /** Idempotent, done within a second, also while nobody takes events. */
  async close(): Promise<void> {
    this.#ending.abort(new Error('the reading was closed'));
    await Promise.allSettled([this.#session?.close(), this.#lookout.close()]);
  }

  async *#fromTheStart(): AsyncGenerator<SourceEvent> {
    const session = (this.#session = await openReplication(this.#options.access, this.#signal));
    const { systemId, timeline } = await session.identify();
    this.#timeline = timeline;
    const slot = await this.#createSlot(session);
    yield* this.#snapshot(systemId, slot);
    yield* this.#follow(session);
  }

  async *#snapshot(systemId: string, slot: CreatedSlot): AsyncGenerator<SourceEvent> {
    const { access, selection } = this.#options;
    let hasYielded = false;
    const sql = await openSql(access, this.#signal);
    try {
      const seen = await enterSnapshot(sql, slot.snapshotName, selection);
      const identity = { systemId, generation: slotGeneration(slot.consistentPoint, seen.tables) };
      const followed = (this.#followed = this.#followedOf(seen, identity, wholeUpTo(slot.consistentPoint)));
      const tables = seen.tables.flatMap((table) => {
        const rows = followed.tables.get(table.oid);
        return rows === undefined ? [] : [{ table, rows }];
      });
      const position = positionText(identity, IN_SNAPSHOT);
      const offsetPrefix = `snapshot ${formatLsn(slot.consistentPoint)}+`;
      const options = { sql, tables, scratch: this.#scratch, position, offsetPrefix };
      for await (const event of snapshotEvents(options, this.#signal)) {
        this.#lookout.check();
        hasYielded ||= event.type === 'records';
        yield event;
      }
      await this.#lookout.look(); // what rewrote a table meanwhile has made its rows invisible to the snapshot
      yield followed.events.start();
    } catch (error) {
      throw hasYielded ? lostInSnapshot(error) : error;
    } finally {
      await sql.close();
    }
  }

  async *#goOn(position: Position): AsyncGenerator<SourceEvent> {
    const { slot, selection } = this.#options;
    if (slot === undefined)
      throw new HistoryLost('a temporary slot ends with its connection: all is read anew');
    const { identity, place } = parsePosition(position) ?? {};
    if (identity === undefined || place?.at !== 'stream') {
      throw new HistoryLost('the first snapshot was not read to its end: all is read anew');
    }
    const seen = await this.#lookout.ask(async (sql) => ({
      tables: await publishedTables(sql, selection),
      types: await typeKinds(sql),
    }));
    if (!isOfGeneration(identity.generation, seen.tables)) {
      throw new HistoryLost('tables or the publication were altered since: all is read anew');
    }
    this.#followed = this.#followedOf(seen, identity, place);
    yield* this.#follow(await this.#reattach(this.#followed));
  }

  /** Over as many connections as it takes. */
  async *#follow(first: ReplicationSession): AsyncGenerator<SourceEvent> {
    const { slot } = this.#options;
    let session = first;
    while (!this.#signal.aborted) {
      const reason = yield* this.#untilLost(session);
      if (this.#signal.aborted) return;
      if (slot === undefined)
        throw new HistoryLost(`${reason}; its temporary slot is gone with it: all is read anew`);
      yield { type: 'interrupted', reason };
      this.#followed?.events.restart();
      session = await this.#reconnect();
    }
  }

  /** Returns why the connection ended, if trying again may help; throws everything else. */
  async *#untilLost(session: ReplicationSession): AsyncGenerator<SourceEvent, string> {
    const followed = this.#openFollowed();
    try {
      const { walEnd } = await session.identify();
      const { publication } = this.#options.selection;
      const from = followed.events.handedOut.lsn;
      const stream = (this.#stream = session.start({ slot: this.#slotName, publication, from }));
      yield* new Following(followed, walEnd, this.#signal).events(stream);
      return 'the server has ended the stream';
    } catch (error) {
      const known = contractError(error);
      if (known instanceof SourceUnavailable) return known.message;
      throw known;
    } finally {
      await this.#stream?.close();
      this.#stream = undefined;
      await session.close();
    }
  }

  async #reconnect(): Promise<ReplicationSession> {
    const followed = this.#openFollowed();
    for (let longestMs = FIRST_WAIT_MS; ; longestMs = Math.min(2 * longestMs, LONGEST_WAIT_MS)) {
      await wait(longestMs * (0.5 + Math.random() / 2), undefined, { signal: this.#signal });
      try {
        return await this.#reattach(followed);
      } catch (error) {
        if (!(contractError(error) instanceof SourceUnavailable)) throw error;
      }
    }
  }

  /** A session on the same slot of the same server, if there is such. Throws HistoryLost where what comes next is not certain to be all. */
  async #reattach({ acknowledgements, events }: Followed): Promise<ReplicationSession> {
    const session = (this.#session = await openReplication(this.#options.access, this.#signal));
    try {
      const now = await session.identify();
      const known: KnownSlot = {
        ...{ name: this.#slotName, systemId: acknowledgements.identity.systemId, timeline: this.#timeline },
        ...{ told: acknowledgements.told, read: events.handedOut.lsn },
      };
      await demandSameHistory(session, now, known);
      await onceFree(async () => {
        const state = await this.#lookout.ask((sql) => slotState(sql, known.name));
        const { activePid } = demandSameSlot(state, known);
        if (activePid !== undefined)
          throw new SourceUnavailable(`slot ${known.name} is in use by PID ${activePid}`);
      }, this.#signal);
      this.#timeline = now.timeline;
      this.#lookout.hasten();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #createSlot(session: ReplicationSession): Promise<CreatedSlot> {
    const { slot, log } = this.#options;
    const name = this.#slotName;
    if (slot !== undefined) await onceFree(() => session.dropSlot(name), this.#signal);
    const timer = setTimeout(() => log.warn('slot-waits-for-transactions', { slot: name }), SLOT_WAITS_MS);
    try {
      return await session.createSlot({
        name,
        temporary: slot === undefined,
        failover: slot?.failover ?? false,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #followedOf({ tables, types }: SeenCatalog, identity: StreamIdentity, from: StreamPlace): Followed {
    const { selection, toastMemory, shapes } = this.#options;
    const scratch = this.#scratch;
    const memory = new ToastMemory(toastMemory);
    const rows = new Map(
      tables.map((table) => [table.oid, new StreamedRows({ table, types, scratch, memory })]),
    );
    const { publication } = selection;
    const events = new TransactionEvents({ identity, publication, tables: rows, scratch, from });
    const acknowledgements = new Acknowledgements(identity, from);
    this.#lookout.watch(tables);
    return { events, acknowledgements, tables: rows, types, lookout: this.#lookout, shapes };
  }

  #openFollowed(): Followed {
    if (this.#followed === undefined) throw new Error('nothing is followed before the snapshot');
    return this.#followed;
  }
}

/** Positions in the snapshot have been handed out, and mean nothing without the rest of it. */
function lostInSnapshot(error: unknown): unknown {
  const known = contractError(error);
  if (!(known instanceof SourceUnavailable)) return known;
  return new HistoryLost(`${known.message}; the snapshot ends with its connection: all is read anew`, {
    cause: known,
  });
}
