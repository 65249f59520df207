// From options to a connection: the first of the hosts that is no standby, with all that a session needs which could not be said while
// logging in. The access is read anew each time, so that a new password counts from the next connection on.

import { OptionsRejected, SourceUnavailable } from '../../contract.js';
import { contractError, StatementRefused } from './access-error.js';
import { type Access } from './access.js';
import { ServerConnection } from './server-connection.js';
import { watchSilence } from './silence.js';

/**
 * Rejects with SourceUnavailable, OptionsRejected, or the signal's reason. When `signal` aborts later, the connection ends and what is
 * pending on it rejects with its reason.
 */
export async function connectToPrimary(
  access: Access,
  kind: 'sql' | 'replication',
  signal: AbortSignal,
): Promise<ServerConnection> {
  const { settings } = access;
  const failures: SourceUnavailable[] = [];
  for (const host of settings.hosts) {
    const target = { host, settings, isReplication: kind === 'replication' };
    try {
      const connection = await ServerConnection.open(target, signal, prepare);
      watchSilence(connection, access.timings);
      return connection;
    } catch (error) {
      const known = contractError(error);
      if (signal.aborted || !(known instanceof SourceUnavailable)) throw known;
      failures.push(known);
    }
  }
  const [first, ...others] = failures;
  if (first !== undefined && others.length === 0) throw first;
  const reasons = failures.map(({ message }) => message).join('; ');
  throw new SourceUnavailable(`none of the ${failures.length} hosts can be used: ${reasons}`, {
    cause: first,
  });
}

/** How soon a server notices that we are gone while it works for us: it would keep a slot for as long as it waits for others. */
const CHECK_FOR_CLIENT = "SET client_connection_check_interval = '5s'";

async function prepare(connection: ServerConnection): Promise<void> {
  const { majorVersion, peer } = connection;
  if (majorVersion < 13) {
    const version = majorVersion === 0 ? 'does not say its version' : `is Postgres ${majorVersion}`;
    throw new OptionsRejected(`${peer.place} ${version}; it must be Postgres 13 or later`);
  }
  const newer = majorVersion >= 17 ? 'SET transaction_timeout = 0; ' : '';
  const limits = majorVersion >= 14 ? `SET idle_session_timeout = 0; ${newer}` : '';
  const [row] = await connection.query(`${limits}SELECT pg_is_in_recovery() AS standby`);
  if (row?.['standby'] !== 'f') {
    throw new SourceUnavailable(
      `${peer.place} is a standby; changes are read from the primary: put its address into \`url\`, or both with a comma between them`,
    );
  }
  if (majorVersion >= 14) await connection.query(CHECK_FOR_CLIENT).catch(unlessSupported);
}

/** Not every system that a server runs on can tell it. */
function unlessSupported(error: unknown): void {
  if (!(error instanceof StatementRefused)) throw error;
}
