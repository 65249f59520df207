// A replication connection before it streams: who the server is, and its slots.

import { OptionsRejected } from '../../contract.js';
import { StatementRefused } from './access-error.js';
import { TIMINGS, type Access, type Timings } from './access.js';
import type { Row } from './client.js';
import { parseLsn } from './lsn.js';
import { connectToPrimary } from './primary.js';
import { ReplicationStream, type StreamStart } from './replication-stream.js';
import type { ServerConnection } from './server-connection.js';
import { slotError } from './slot-error.js';

export interface ServerIdentity {
  /** Of a cluster since initdb, with its standbys; digits. */
  readonly systemId: string;
  /** Begins at 1; each promotion of a standby begins a new one. */
  readonly timeline: number;
  /** Where the WAL ends now that is flushed. */
  readonly walEnd: bigint;
}

export interface NewSlot {
  readonly name: string;
  /** Gone with the connection, whatever ends it. */
  readonly temporary: boolean;
  /** Copied to standbys; needs Postgres 17. */
  readonly failover: boolean;
}

export interface CreatedSlot {
  /** The stream brings what was committed from here on, the snapshot has what came before. */
  readonly consistentPoint: bigint;
  /** For `SET TRANSACTION SNAPSHOT` elsewhere, while this session runs nothing else. */
  readonly snapshotName: string;
}

/** A timeline that the present one comes from. */
export interface FormerTimeline {
  readonly timeline: number;
  /** Where the next one began. What this one has beyond that did not happen. */
  readonly endsAt: bigint;
}

/**
 * Rejects with SourceUnavailable, OptionsRejected, or the signal's reason. The session, and the stream that it becomes, end when
 * `signal` aborts.
 */
export async function openReplication(access: Access, signal: AbortSignal): Promise<ReplicationSession> {
  const connection = await connectToPrimary(access, 'replication', signal);
  const [row] = await connection.query("SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'");
  return new ReplicationSession(connection, timely(access.timings ?? TIMINGS, Number(row?.['setting'])));
}

/** Three reports before the server gives us up. */
function timely({ reportMs, deadAfterMs }: Timings, walSenderTimeoutMs: number): Timings {
  const isLimited = walSenderTimeoutMs > 0;
  return { reportMs: isLimited ? Math.min(reportMs, walSenderTimeoutMs / 3) : reportMs, deadAfterMs };
}

/** Invariant: at most one command runs at a time; others wait for their turn, and forever once it streams. */
export class ReplicationSession {
  readonly #connection: ServerConnection;
  readonly #timings: Timings;

  constructor(connection: ServerConnection, timings: Timings) {
    this.#connection = connection;
    this.#timings = timings;
  }

  /** 15, 18. */
  get majorVersion(): number {
    return this.#connection.majorVersion;
  }

  /** `host:port/database`, for messages. */
  get place(): string {
    return this.#connection.peer.place;
  }

  /** One statement or several, without values. Rejects with StatementRefused, or with SourceUnavailable when the connection is gone. */
  query(statements: string): Promise<Row[]> {
    return this.#connection.query(statements);
  }

  async identify(): Promise<ServerIdentity> {
    const [row = {}] = await this.#connection.query('IDENTIFY_SYSTEM');
    return {
      systemId: text(row, 'systemid'),
      timeline: Number(text(row, 'timeline')),
      walEnd: parseLsn(text(row, 'xlogpos')),
    };
  }

  /**
   * For pgoutput. Takes as long as there are transactions that had begun before. The snapshot lives until the next command, or the end
   * of the session; a temporary slot also until a command is refused. Throws OptionsRejected (wal_level, rights, failover before 17), SourceUnavailable (no slot left, the name is taken).
   */
  async createSlot({ name, temporary, failover }: NewSlot): Promise<CreatedSlot> {
    if (failover && this.majorVersion < 17) {
      throw new OptionsRejected(
        `${this.place}: slot.failover needs Postgres 17 or later, this is ${this.majorVersion}; leave it out`,
      );
    }
    const kind = temporary ? 'TEMPORARY LOGICAL' : 'LOGICAL';
    const options = failover ? "(SNAPSHOT 'export', FAILOVER)" : 'EXPORT_SNAPSHOT';
    try {
      const [row = {}] = await this.#connection.query(
        `CREATE_REPLICATION_SLOT "${name}" ${kind} pgoutput ${options}`,
      );
      return {
        consistentPoint: parseLsn(text(row, 'consistent_point')),
        snapshotName: text(row, 'snapshot_name'),
      };
    } catch (error) {
      throw slotError(error, { doing: 'create', slot: name });
    }
  }

  /** Also where there is none. Throws SourceUnavailable while somebody reads it. */
  async dropSlot(name: string): Promise<void> {
    try {
      await this.#connection.query(`DROP_REPLICATION_SLOT "${name}"`);
    } catch (error) {
      if (error instanceof StatementRefused && error.sqlState === '42704') return;
      throw slotError(error, { doing: 'drop', slot: name });
    }
  }

  /** The timelines before `timeline`, oldest first. */
  async timelineHistory(timeline: number): Promise<readonly FormerTimeline[]> {
    if (timeline <= 1) return [];
    const [row = {}] = await this.#connection.query(`TIMELINE_HISTORY ${timeline}`);
    return text(row, 'content')
      .split('\n')
      .flatMap((line) => {
        const [, former, endsAt] = /^\s*([0-9]+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line) ?? [];
        return former === undefined || endsAt === undefined
          ? []
          : [{ timeline: Number(former), endsAt: parseLsn(endsAt) }];
      });
  }

  /** The session is the stream's from here on. What the server says to it, `messages` throws. */
  start(start: StreamStart): ReplicationStream {
    return new ReplicationStream(this.#connection, start, this.#timings);
  }

  /** Done within half a second. Idempotent. */
  close(): Promise<void> {
    return this.#connection.close();
  }
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`the server did not say its ${column}`);
  return value;
}
