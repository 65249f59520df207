// Tailrace from its log on: the parts that src/pipeline.ts joins, with a log that the benchmark writes to.

import { systemClock } from '../../src/clock.js';
import { compilePolicy, type Policy } from '../../src/entitle/policy.js';
import type { RuleConfig } from '../../src/entitle/rule.js';
import { FanOut } from '../../src/fanout/fan-out.js';
import type { LogWriter } from '../../src/log/log.js';
import { MemoryLog } from '../../src/log/memory-log.js';
import type { Authenticator } from '../../src/server/auth/authenticator.js';
import { PublicServer } from '../../src/server/public-server.js';
import { createLog } from '../../src/telemetry/logger.js';
import { parsePath, type TopicPath } from '../../src/topic/path.js';
import { entryKeyOf, type EntryKey, type Update } from '../../src/topic/update.js';
import { utf8FromBytes, type JsonText } from '../../src/topic/utf8.js';
import type { Strategy, StrategyOptions } from './strategy.js';
import type { Change } from './workload.js';

/** The defaults of the product, but for the rate at which clients may come. */
export const LIMITS = {
  conflateFromBytes: 256 * 1024,
  conflateAfterMs: 2_000,
  stallTimeoutMs: 30_000,
  visiblePathsPerSubscription: 10_000,
  beatMs: 10_000,
  maxMessageBytes: 64 * 1024,
  authTimeoutMs: 10_000,
  filtersPerSession: 1_000,
  filters: 1_000_000,
  inboundPerSecond: 20,
  inboundBurst: 60,
  upgradesPerSecond: 1_000_000,
  unauthenticatedSessions: 20_000,
  sessions: 20_000,
};

/** A token is the name of the one role that its bearer has. */
const authenticator: Authenticator = {
  authenticate: (token) =>
    Promise.resolve({
      ok: true,
      principal: { subject: 'somebody', roles: token === undefined ? [] : [token], claims: {} },
      expiresAt: undefined,
    }),
};

interface NamedPath {
  readonly path: TopicPath;
  readonly key: EntryKey;
}

export class TailraceStrategy implements Strategy {
  readonly #fanOut: FanOut;
  readonly #server: PublicServer;
  readonly #writer: LogWriter;
  readonly #paths: readonly NamedPath[];

  constructor({ paths, rules, flushWindowMs }: StrategyOptions) {
    this.#fanOut = new FanOut({ clock: systemClock, policy: policyOf(rules), limits: LIMITS, flushWindowMs });
    const memoryLog = new MemoryLog(systemClock, this.#fanOut);
    this.#writer = memoryLog.claim('bench');
    this.#server = new PublicServer({
      clock: systemClock,
      log: createLog({ level: 'error', style: 'text' }),
      fanOut: this.#fanOut,
      authenticator,
      listen: { host: '127.0.0.1', port: 0, origins: [] },
      limits: LIMITS,
    });
    this.#paths = paths.map(namedPath);
  }

  async listen(): Promise<number> {
    return (await this.#server.listen()).port;
  }

  publish(changes: readonly Change[]): void {
    const at = Date.now();
    const updates = changes.map(({ path: index, value }): Update => {
      const { path, key } = this.#paths[index] as NamedPath;
      return { key, path, value: utf8FromBytes(value) as JsonText, at };
    });
    void this.#writer.append(updates, at);
  }

  conflated(): number {
    return this.#fanOut.counts().delivery.conflated;
  }
}

function namedPath(text: string): NamedPath {
  const parsed = parsePath(text);
  if (!parsed.ok) throw new Error(`${text} ${parsed.fault}`);
  return { path: parsed.path, key: entryKeyOf('', parsed.path) };
}

export function policyOf(rules: readonly RuleConfig[]): Policy {
  const compiled = compilePolicy(rules, 1);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.policy;
}
