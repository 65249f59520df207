// The way out of the process for everything that speaks HTTP: sources, signing keys, schema registries, token endpoints. What is let
// through can change while it is used.

import { lookup } from 'node:dns';
import type { Outbound } from '../../connectors/contract.js';
import { Guard, type ResolveAll } from './guard.js';
import { cutRefused, GuardedHttpAgent, GuardedHttpsAgent } from './guarded-agents.js';
import { guardedFetch } from './guarded-fetch.js';

export interface OutboundOptions {
  /** Ranges, addresses, and the words `private` and `loopback`, as in the configuration; beside what is public. */
  readonly allow: readonly string[];
  /** In the place of the system's. */
  readonly resolve?: ResolveAll;
}

export interface ConfiguredOutbound extends Outbound {
  /** From now on this is allowed. Connections to what is not any more end. */
  use(allow: readonly string[]): void;
}

/** Throws a TypeError where `allow` has what is no entry. Keeps the process from ending only while a request is under way. */
export function createOutbound({ allow, resolve = lookup }: OutboundOptions): ConfiguredOutbound {
  const guard = new Guard(allow, resolve);
  const httpAgent = new GuardedHttpAgent(guard);
  const httpsAgent = new GuardedHttpsAgent(guard);
  return {
    httpAgent,
    httpsAgent,
    fetch: guardedFetch({ httpAgent, httpsAgent }),
    use(next) {
      guard.use(next);
      for (const agent of [httpAgent, httpsAgent]) cutRefused(agent, guard);
    },
  };
}
