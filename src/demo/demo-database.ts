// The Postgres that the demo's orders are in: a server of its own in a temporary folder, which ends with the demo, or a database
// that exists already. What is written into it is orders-table.ts.

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { freePort } from './kafka-process.js';
import { findPostgres } from './postgres-install.js';
import {
  configure,
  lastWords,
  makeCluster,
  spawnPostgres,
  type PostgresProcess,
  type PostgresSettings,
} from './postgres-process.js';

export interface DemoDatabase {
  /** Of who owns the orders. */
  readonly url: string;
  /** The role that Tailrace reads with, to be made; undefined: the same as the owner. */
  readonly reader: { readonly name: string; readonly password: string } | undefined;
  /** Ends it and removes its data. Idempotent. */
  close(): Promise<void>;
}

/** The server ended or did not get ready; the message has its last words. */
export class PostgresDidNotStart extends Error {
  override readonly name = 'PostgresDidNotStart';
}

const READY_LINE = 'database system is ready to accept connections';
const READY_WITHIN_MS = 30_000;

/** The data is gone with the demo, so nothing waits for a disk. */
const SETTINGS: PostgresSettings = {
  wal_level: 'logical',
  fsync: false,
  full_page_writes: false,
  max_wal_size: '128MB',
  shared_buffers: '32MB',
  max_connections: 20,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  lc_messages: 'C',
  jit: false,
};

/** A database that somebody else runs, with rights to make a schema and a publication in it. */
export function externalDatabase(url: string): DemoDatabase {
  return { url, reader: undefined, close: () => Promise.resolve() };
}

/** Starts a server in about two seconds. Throws PostgresNotInstalled and PostgresDidNotStart; nothing is left running then. */
export async function ownDatabase(): Promise<DemoDatabase> {
  const programs = findPostgres();
  const password = randomBytes(16).toString('hex');
  const home = await makeCluster(programs, { prefix: 'tailrace-demo-postgres-', password }).catch(
    (cause: Error) => {
      throw new PostgresDidNotStart(`Postgres could not make its files: ${cause.message}`, { cause });
    },
  );
  const port = await freePort();
  configure(join(home, 'data'), { ...SETTINGS, port });
  const server = spawnPostgres(programs, home);
  const close = async (): Promise<void> => {
    await server.end('SIGQUIT');
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await untilReady(server, home);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    reader: { name: 'tailrace', password: randomBytes(16).toString('hex') },
    close,
  };
}

async function untilReady(server: PostgresProcess, home: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const words = lastWords(home);
    if (words.includes(READY_LINE)) return;
    if (server.hasEnded || Date.now() > deadline) {
      const what = server.hasEnded ? 'ended' : `was not ready within ${READY_WITHIN_MS / 1000} s`;
      throw new PostgresDidNotStart(`Postgres ${what}: ${words.split('\n').slice(-5).join(' | ')}`);
    }
    await wait(25);
  }
}
