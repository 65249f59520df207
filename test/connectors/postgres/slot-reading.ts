// A durable slot of a test, read by a stream: which rows come, and what the server knows of us.

import { randomBytes } from 'node:crypto';

import type { Access } from '../../../connectors/postgres/connection/access.js';
import { parseLsn } from '../../../connectors/postgres/connection/lsn.js';
import { openReplication } from '../../../connectors/postgres/connection/replication-session.js';
import type {
  ReplicationStream,
  StreamMessage,
} from '../../../connectors/postgres/connection/replication-stream.js';
import type { TestDatabase } from '../../support/postgres.js';
import { unaborted } from './connecting.js';

export const PUBLICATION = 'tailrace';

export function uniqueSlot(): string {
  return `slot_${randomBytes(6).toString('hex')}`;
}

/** A table `item (id, note)`, its publication, and a slot from there on. */
export async function preparedSlot(database: TestDatabase, access: Access): Promise<string> {
  await database.sql(`CREATE TABLE IF NOT EXISTS item (id int PRIMARY KEY, note text)`);
  await database.sql(
    `DROP PUBLICATION IF EXISTS ${PUBLICATION}; CREATE PUBLICATION ${PUBLICATION} FOR TABLE item`,
  );
  const slot = uniqueSlot();
  const session = await openReplication(access, unaborted());
  await session.createSlot({ name: slot, temporary: false, failover: false });
  await session.close();
  return slot;
}

export async function openStream(
  access: Access,
  slot: string,
  signal = unaborted(),
): Promise<ReplicationStream> {
  const session = await openReplication(access, signal);
  return session.start({ slot, publication: PUBLICATION, from: 0n });
}

/** What has come of the stream so far; goes on until the stream ends, which `ended` tells of. */
export interface Reading {
  rows: number;
  commits: number;
  /** Where the last transaction ended. */
  committedTo: bigint;
  keepaliveTo: bigint;
  /** With what; undefined: it was closed or aborted. */
  readonly ended: Promise<Error | undefined>;
}

export function readAll(stream: ReplicationStream, signal = unaborted()): Reading {
  const reading = { rows: 0, commits: 0, committedTo: 0n, keepaliveTo: 0n };
  const run = async (): Promise<Error | undefined> => {
    try {
      for await (const messages of stream.messages(signal)) {
        for (const message of messages) note(message, reading);
      }
      return undefined;
    } catch (error) {
      return error as Error;
    }
  };
  return Object.assign(reading, { ended: run() });
}

function note(message: StreamMessage, reading: Omit<Reading, 'ended'>): void {
  if (message.kind === 'keepalive') {
    reading.keepaliveTo = message.walEnd;
    return;
  }
  const { payload } = message;
  const tag = String.fromCharCode(payload[0] ?? 0);
  if (tag === 'I') reading.rows++;
  if (tag !== 'C') return;
  reading.commits++;
  reading.committedTo = payload.readBigUInt64BE(10);
}

/** confirmed_flush_lsn. */
export async function confirmedLsn(database: TestDatabase, slot: string): Promise<bigint> {
  const [row] = await database.sql(
    `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  );
  return parseLsn(row?.['lsn'] as string);
}

/** Timers of this process that could still fire. */
export function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
