// The table of contents as code: each stage of a record's way is built here, given what it needs, and joined to the next.
// It holds no logic. docs/architecture.md walks one record through it.

import type { Source } from '../connectors/contract.js';
import { connectors } from '../connectors/registry.js';
import type { Clock } from './clock.js';
import type { Config, SourceConfig } from './config/config.js';
import { compilePolicy, type Policy } from './entitle/policy.js';
import { FanOut } from './fanout/fan-out.js';
import { Ingest } from './ingest/ingest.js';
import { LoggedDeadLetters } from './ingest/rejection.js';
import { Loading } from './lifecycle/loading.js';
import type { LogWriter } from './log/log.js';
import { MemoryLog } from './log/memory-log.js';
import { compileMapping } from './map/compile.js';
import type { Mapping } from './map/mapping.js';
import { AdminServer } from './server/admin-server.js';
import { createAuthenticator } from './server/auth/authenticator.js';
import type { PageHandler } from './server/pages.js';
import { PublicServer } from './server/public-server.js';
import type { Log } from './telemetry/logger.js';
import { createMetrics } from './telemetry/metrics.js';
import { version } from './version.js';

export interface PipelineDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts a start that is still under way. */
  readonly signal: AbortSignal;
  /** What the public port serves beside the wire; the demo's page. */
  readonly pages?: PageHandler;
}

export interface RunningPipeline {
  /** Resolves when every source has loaded, or has failed for long enough to be served stale. */
  readonly ready: Promise<void>;
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** Stops accepting, tells clients, flushes, closes sources. Idempotent. */
  stop(): Promise<void>;
}

/** Builds the `single` role from a checked configuration. Resolves when both ports listen; sources may still be loading. */
export async function startPipeline(config: Config, deps: PipelineDeps): Promise<RunningPipeline> {
  const { clock, log } = deps;

  // From the log to the sessions: cache, entitle, diff, encode, fan-out.
  const fanOut = new FanOut({ clock, policy: policyOf(config), limits: config.limits, ...config.fanout });
  const memoryLog = new MemoryLog(clock, fanOut);
  fanOut.partitions = () => memoryLog.partitions;

  // From the sources to the log: decode, map, own.
  const ingests = config.sources.map((source) =>
    ingestOf(source, config, memoryLog.claim(source.name), deps),
  );
  const loading = new Loading(clock, log, ingests);

  // The sockets.
  const authenticator = createAuthenticator(config.auth, { clock, log });
  const publicServer = new PublicServer({
    ...deps,
    fanOut,
    authenticator,
    listen: config.listen,
    limits: config.limits,
  });
  const metrics = createMetrics({
    version,
    isInsecure: config.auth.kind === 'none',
    sources: () => ingests.map(({ name, status, counts }) => ({ source: name, state: status.state, counts })),
    fanOut: () => fanOut.counts(),
    server: () => publicServer.traffic,
  });
  const adminServer = new AdminServer({
    listen: config.admin,
    metrics: () => metrics.scrape(),
    readiness: () => loading.checks(),
  });

  const publicAddress = await publicServer.listen();
  const adminAddress = await adminServer.listen();
  const reading = new AbortController();
  const finished = Promise.all(ingests.map((ingest) => ingest.run(reading.signal)));

  const stop = async () => {
    loading.stop();
    await publicServer.stop(config.shutdown.graceMs / 2);
    reading.abort();
    await finished;
    fanOut.stop();
    await adminServer.stop();
  };
  let stopped: Promise<void> | undefined;
  return {
    ready: loading.ready,
    publicUrl: `http://${publicAddress.host}:${publicAddress.port}`,
    adminUrl: `http://${adminAddress.host}:${adminAddress.port}`,
    stop: () => (stopped ??= stop()),
  };
}

function ingestOf(
  source: SourceConfig,
  config: Config,
  writer: LogWriter,
  { clock, log }: PipelineDeps,
): Ingest {
  const sourceLog = log.child({ source: source.name });
  const { maxValueBytes, maxDepth, maxKeys } = config.limits;
  return new Ingest({
    name: source.name,
    source: createSource(source, sourceLog),
    mapping: mappingOf(source),
    keyFormat: source.format.key,
    valueFormat: source.format.value,
    limits: { maxBytes: maxValueBytes, maxDepth, maxKeys, numbers: source.numbers },
    contended: source.contended,
    writer,
    clock,
    log,
    deadLetters: new LoggedDeadLetters(sourceLog, clock),
  });
}

function createSource({ name, type, options }: SourceConfig, log: Log): Source {
  const connector = connectors.find((each) => each.type === type);
  if (connector === undefined) throw new Error(`no connector of type ${type}`);
  return connector.create(options.reveal(), { name, log });
}

/** The configuration has been checked, so its rules compile. */
function policyOf(config: Config): Policy {
  const compiled = compilePolicy(config.entitlements, 1);
  if (!compiled.ok) throw new Error('the entitlements were not checked', { cause: compiled.errors });
  return compiled.policy;
}

/** The same for the rules of a source. */
function mappingOf(source: SourceConfig): Mapping {
  const compiled = compileMapping(source.map);
  if (!compiled.ok)
    throw new Error(`the mapping of ${source.name} was not checked`, { cause: compiled.mistakes });
  return compiled.mapping;
}
