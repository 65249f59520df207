// What a slot's stream brings, and what the server is told meanwhile: that we are alive, and up to where all is durable. What the
// messages mean is pgoutput.ts's; what is durable is the core's.

import { SourceUnavailable } from '../../contract.js';
import { StatementRefused } from './access-error.js';
import type { Timings } from './access.js';
import type { CopyTaker } from './client.js';
import { HeldMessages } from './held-messages.js';
import { formatLsn } from './lsn.js';
import type { ServerConnection } from './server-connection.js';
import { remarkError, slotError } from './slot-error.js';

export type StreamMessage =
  /** Of pgoutput. `lsn`: where it stands in the WAL; 0 for what stands nowhere. `payload` is the taker's to keep. */
  | { readonly kind: 'data'; readonly lsn: bigint; readonly payload: Buffer }
  /** All that was committed before `walEnd` has been sent, unless this comes within a transaction. */
  | { readonly kind: 'keepalive'; readonly walEnd: bigint };

export interface StreamStart {
  readonly slot: string;
  readonly publication: string;
  /** What is sent are the transactions whose commit begins here or later; or where the slot is, if that is later. */
  readonly from: bigint;
}

/** Tags of the messages within CopyData, and their layout: tag, two LSNs or one, the server's time, then what is said. */
const DATA = 'w'.charCodeAt(0);
const KEEPALIVE = 'k'.charCodeAt(0);
const REPORT = 'r'.charCodeAt(0);
const DATA_HEADER_BYTES = 25;
const KEEPALIVE_REPLY_AT = 17;
/** Postgres counts time from 2000 on. */
const EPOCH_2000_MS = 946_684_800_000;
/** How soon the server hears of a confirmation that it does not wait for. */
const CONFIRM_MS = 1_000;

/**
 * Invariant: the server is told that is flushed what `confirm` was called with, and nothing before its first call. It hears of us at
 * least every `reportMs` until the stream ends, whether anybody takes its messages or not.
 */
export class ReplicationStream {
  readonly #connection: ServerConnection;
  readonly #timings: Timings;
  readonly #held: HeldMessages<StreamMessage>;
  readonly #ticks: NodeJS.Timeout;
  #confirmTimer: NodeJS.Timeout | undefined;
  #received = 0n;
  #confirmed = 0n;
  /** The server waits for a confirmation up to here: it cannot shut down before. */
  #awaited: bigint | undefined;

  constructor(connection: ServerConnection, start: StreamStart, timings: Timings) {
    this.#connection = connection;
    this.#timings = timings;
    this.#held = new HeldMessages<StreamMessage>(connection);
    this.#ticks = setInterval(() => this.#tick(), timings.reportMs);
    void this.#run(start);
  }

  /**
   * All that has arrived since the last time, in order. Ends when `signal` aborts or the stream is closed. Throws SourceUnavailable,
   * HistoryLost or OptionsRejected, after what came before. Reading pauses while nobody takes. To be called once.
   */
  async *messages(signal: AbortSignal): AsyncGenerator<readonly StreamMessage[], void, undefined> {
    const leave = (): void => this.#held.discard();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      for (let taken = await this.#held.take(); taken !== undefined; taken = await this.#held.take()) {
        yield taken;
      }
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** All that was committed before `lsn` is durable with us: the server may forget it. Never goes back. */
  confirm(lsn: bigint): void {
    if (lsn <= this.#confirmed) return;
    this.#confirmed = lsn;
    if (this.#awaited !== undefined && lsn >= this.#awaited) this.#report({ asksForReply: false });
    else this.#confirmTimer ??= this.#reportSoon();
  }

  /** Ends the stream and its connection. Done within half a second. Idempotent. */
  async close(): Promise<void> {
    this.#held.discard();
    this.#stopTimers();
    await this.#connection.close();
  }

  async #run({ slot, publication, from }: StreamStart): Promise<void> {
    let hasBegun = false;
    try {
      await this.#connection.copy(startCommand(slot, publication, from), 'stream', {
        started: () => (hasBegun = true),
        noticed: (remark) => {
          const reason = remarkError(new StatementRefused(remark, this.#connection.peer), publication);
          if (reason !== undefined) this.#connection.fail({ kind: 'closed', reason });
        },
        take: (messages) => this.#take(messages),
      });
      this.#held.end(
        new SourceUnavailable(`${this.#connection.peer.place} has ended the stream: it is shutting down`),
      );
    } catch (error) {
      this.#held.end(slotError(error, { doing: 'stream', slot, publication, hasBegun }) as Error);
    } finally {
      this.#stopTimers();
    }
  }

  #take: CopyTaker['take'] = (messages) => {
    const read = Buffer.concat(messages);
    const taken: StreamMessage[] = [];
    let start = 0;
    for (const { length } of messages) {
      const message = this.#parse(read.subarray(start, start + length));
      start += length;
      if (message !== undefined) taken.push(message);
    }
    this.#held.put(taken, read.length);
  };

  #parse(message: Buffer): StreamMessage | undefined {
    const lsn = message.readBigUInt64BE(1);
    if (lsn > this.#received) this.#received = lsn;
    switch (message[0]) {
      case DATA:
        return { kind: 'data', lsn, payload: message.subarray(DATA_HEADER_BYTES) };
      case KEEPALIVE:
        if (message[KEEPALIVE_REPLY_AT] === 1) this.#answer(lsn);
        return { kind: 'keepalive', walEnd: lsn };
      default:
        return undefined;
    }
  }

  #answer(walEnd: bigint): void {
    if (walEnd > this.#confirmed) this.#awaited = walEnd;
    this.#report({ asksForReply: false });
  }

  /** Asks for a reply each time, so that a server that is there is heard of; while reading is paused it cannot be. */
  #tick(): void {
    this.#report({ asksForReply: true });
    if (this.#isSilent()) setImmediate(() => this.#giveUpIfSilent()); // after what this process has not read yet
  }

  #isSilent(): boolean {
    return (
      !this.#connection.isPaused &&
      performance.now() - this.#connection.heardAtMs >= this.#timings.deadAfterMs
    );
  }

  #giveUpIfSilent(): void {
    const afterMs = performance.now() - this.#connection.heardAtMs;
    if (this.#isSilent()) this.#connection.fail({ kind: 'silent', afterMs });
  }

  #reportSoon(): NodeJS.Timeout {
    const delayMs = Math.min(CONFIRM_MS, this.#timings.reportMs);
    return setTimeout(() => this.#report({ asksForReply: false }), delayMs);
  }

  /** Standby status update: received, flushed, applied up to; our time; whether to answer. */
  #report({ asksForReply }: { readonly asksForReply: boolean }): void {
    clearTimeout(this.#confirmTimer);
    this.#confirmTimer = undefined;
    if (this.#awaited !== undefined && this.#confirmed >= this.#awaited) this.#awaited = undefined;
    const message = Buffer.alloc(34);
    message[0] = REPORT;
    message.writeBigUInt64BE(this.#received, 1);
    message.writeBigUInt64BE(this.#confirmed, 9);
    message.writeBigUInt64BE(this.#confirmed, 17);
    message.writeBigInt64BE(BigInt(Date.now() - EPOCH_2000_MS) * 1000n, 25);
    message[33] = asksForReply ? 1 : 0;
    this.#connection.send(message);
  }

  #stopTimers(): void {
    clearInterval(this.#ticks);
    clearTimeout(this.#confirmTimer);
  }
}

/** In the grammar of replication commands: names in double quotes, values in single ones. */
function startCommand(slot: string, publication: string, from: bigint): string {
  const name = `"${publication.replaceAll('"', '""')}"`.replaceAll("'", "''");
  return `START_REPLICATION SLOT "${slot}" LOGICAL ${formatLsn(from)} (proto_version '1', publication_names '${name}')`;
}
