// Which part of a running process each change of the configuration goes to. When to read a configuration anew, and what is said
// of one that is refused, is reloading.ts.

import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { isSameConfig } from '../config/difference.js';
import type { Policy } from '../entitle/policy.js';
import type { FanOut } from '../fanout/fan-out.js';
import type { ConfiguredOutbound } from '../outbound/outbound.js';
import type { AdminServer } from '../server/admin-server.js';
import { createAuthenticator } from '../server/auth/authenticator.js';
import type { CurrentAuthenticator } from '../server/auth/current-authenticator.js';
import type { PublicServer } from '../server/public-server.js';
import type { RootLog } from '../telemetry/logger.js';
import type { PreparedSources, RunningSources } from './running-sources.js';

export interface RunningParts {
  readonly clock: Clock;
  readonly log: RootLog;
  readonly policyOf: (config: Config) => Policy;
  readonly outbound: ConfiguredOutbound;
  readonly fanOut: FanOut;
  readonly sources: RunningSources;
  readonly authenticator: CurrentAuthenticator;
  readonly publicServer: PublicServer;
  readonly adminServer: AdminServer;
}

/**
 * All of the change, or none of it: what may be refused comes first, then nothing can fail any more. Rejects with
 * `SourcesRefused`, and when `signal` aborts before anything was done.
 */
export async function reconfigure(
  parts: RunningParts,
  { running, next }: { readonly running: Config; readonly next: Config },
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, outbound, fanOut, authenticator, publicServer, adminServer } = parts;
  const policy = parts.policyOf(next);
  const isAuthSame = isSameConfig(running.auth, next.auth);
  const nextAuthenticator = isAuthSame ? undefined : createAuthenticator(next.auth, { clock, log, outbound });
  const change = await prepared(parts, { running, next }, signal);

  outbound.use(next.outbound.allow);
  if (next.log.level !== running.log.level) log.setLevel(next.log.level); // else --quiet stays quiet
  publicServer.useOrigins(next.listen.origins);
  adminServer.useToken(next.admin.token);
  if (nextAuthenticator !== undefined) {
    authenticator.use(nextAuthenticator);
    publicServer.reauthenticate(next.shutdown.spreadMs);
  }
  if (!isSameConfig(running.entitlements, next.entitlements)) fanOut.setPolicy(policy);
  await change.commit();
}

/**
 * What a source says of its options depends on where it may go: meanwhile, what was allowed and what will be is. One that stopped
 * because of that is tried again.
 */
async function prepared(
  { outbound, sources }: RunningParts,
  { running, next }: { readonly running: Config; readonly next: Config },
  signal: AbortSignal,
): Promise<PreparedSources> {
  const isOutboundSame = isSameConfig(running.outbound, next.outbound);
  if (isOutboundSame) return sources.prepare(next.sources, signal);
  outbound.use([...running.outbound.allow, ...next.outbound.allow]);
  try {
    return await sources.prepare(next.sources, signal, { retry: 'stopped' });
  } catch (error) {
    outbound.use(running.outbound.allow);
    throw error;
  }
}
