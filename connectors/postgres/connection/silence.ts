// Whether a server is still there that owes an answer and says nothing, for minutes even: it may be reading a large table through a
// filter, or waiting for a lock. A connection that waits can be asked nothing, so another one is tried.

import { TIMINGS, type Timings } from './access.js';
import { ServerConnection } from './server-connection.js';

/** The most that is waited for the other connection. */
const REACH_MS = 10_000;

/** Fails the connection when the server is silent while it owes an answer and cannot be reached. Ends with the connection. */
export function watchSilence(connection: ServerConnection, { deadAfterMs }: Timings = TIMINGS): void {
  const ending = new AbortController();
  const { target } = connection;
  const connectTimeoutMs = Math.min(target.settings.connectTimeoutMs, REACH_MS, deadAfterMs);
  const other = { ...target, settings: { ...target.settings, connectTimeoutMs }, isReplication: false };
  let isLooking = false;
  const look = async (): Promise<void> => {
    const silentMs = performance.now() - connection.heardAtMs;
    if (isLooking || !connection.isWaiting || silentMs < deadAfterMs) return;
    isLooking = true;
    const isThere = await ServerConnection.isAnswered(other, ending.signal);
    isLooking = false;
    if (!isThere) connection.fail({ kind: 'silent', afterMs: performance.now() - connection.heardAtMs });
  };
  const timer = setInterval(() => void look(), deadAfterMs / 3);
  void connection.ended.then(() => {
    clearInterval(timer);
    ending.abort();
  });
}
