// The table of contents as code: each stage of a record's way is built here, given what it needs, and joined to the next.
// It holds no logic. docs/architecture.md walks one record through it.

import type { Outbound, Source } from '../connectors/contract.js';
import type { Clock } from './clock.js';
import { policyOf, readingOf } from './config/compiled.js';
import type { Config, Limits, SourceConfig } from './config/config.js';
import type { LoadedConfig } from './config/load.js';
import { FanOut } from './fanout/fan-out.js';
import { Ingest } from './ingest/ingest.js';
import { deadLetterSink, probeDeadLetters } from './lifecycle/dead-letter-sink.js';
import { Loading } from './lifecycle/loading.js';
import { reconfigure } from './lifecycle/reconfigure.js';
import { Reloading, type ReloadTrigger } from './lifecycle/reloading.js';
import { filtersThatFit } from './lifecycle/heap-share.js';
import { RunningSources } from './lifecycle/running-sources.js';
import { makeSource } from './lifecycle/source-maker.js';
import { stopPlan, type StopKind } from './lifecycle/stop-plan.js';
import type { LogWriter } from './log/log.js';
import { MemoryLog } from './log/memory-log.js';
import { createOutbound } from './outbound/outbound.js';
import type { ReloadReport } from './server/admin-api.js';
import { AdminServer } from './server/admin-server.js';
import { statusOf } from './server/admin-status.js';
import { createAuthenticator } from './server/auth/authenticator.js';
import { CurrentAuthenticator } from './server/auth/current-authenticator.js';
import type { PageHandler } from './server/pages.js';
import { PublicServer } from './server/public-server.js';
import { droppedLogLines, type RootLog } from './telemetry/logger.js';
import { createMetrics } from './telemetry/scrape.js';
import { ProcessMeter } from './telemetry/process-meter.js';
import { version } from './version.js';

export interface PipelineDeps {
  readonly clock: Clock;
  readonly log: RootLog;
  /** Aborts a start that is still under way. */
  readonly signal: AbortSignal;
  /** Reads the configuration anew, for reloads; throws `file-unreadable`. Absent: what it was started with stays. */
  readonly readConfig?: () => LoadedConfig | Promise<LoadedConfig>;
  /** As whoever started it named it, for `/v1/status`. */
  readonly configFile?: string;
  /** What the public port serves beside the wire; the demo's page. */
  readonly pages?: PageHandler;
}

export interface RunningPipeline {
  /** Resolves when every source has loaded, or has failed for long enough to be served stale. */
  readonly ready: Promise<void>;
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** Takes up what the configuration says now, all of it or nothing. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport>;
  /** What runs: the last configuration that was taken up. */
  readonly config: Config;
  /** Unready at once; then tells clients and closes them, closes sources and ports. The first call decides how. */
  stop(kind?: StopKind): Promise<void>;
}

/** Builds the `single` role from a checked configuration. Resolves when both ports listen; sources may still be loading. */
export async function startPipeline(config: Config, deps: PipelineDeps): Promise<RunningPipeline> {
  const { clock, log } = deps;
  const outbound = createOutbound(config.outbound);

  // From the log to the sessions: cache, entitle, diff, encode, fan-out.
  let policyVersion = 0;
  const nextPolicy = (of: Config) => policyOf(of, ++policyVersion);
  const fanOut = new FanOut({ clock, policy: nextPolicy(config), limits: config.limits, ...config.fanout });
  const memoryLog = new MemoryLog(clock, fanOut);

  // From the sources to the log: decode, map, own.
  const sources = new RunningSources(config.sources, {
    clock,
    log,
    connect: (source) => makeSource(source, { log: log.child({ source: source.name }), outbound }),
    probe: async (source, connected, signal) => {
      await connected.probe(signal);
      await probeDeadLetters(source, { clock, log, outbound });
    },
    createIngest: (source, connected) =>
      ingestOf(source, connected, {
        ...deps,
        outbound,
        writer: memoryLog.claim(source.name, source),
        limits: config.limits,
      }),
  });
  const loading = new Loading(clock, log, () => sources.ingests);

  // The sockets.
  const authenticator = new CurrentAuthenticator(createAuthenticator(config.auth, { clock, log, outbound }));
  const publicServer = new PublicServer({
    ...deps,
    fanOut,
    authenticator,
    listen: config.listen,
    limits: { ...config.limits, filters: Math.min(config.limits.filters, filtersThatFit()) },
  });

  // The operator.
  const meter = new ProcessMeter();
  const status = {
    version,
    startedAt: clock.now(),
    now: () => clock.now(),
    config: () => ({
      ...(deps.configFile !== undefined && { file: deps.configFile }),
      ...reloading.state,
    }),
    sources: () => sources.ingests,
    fanOut: () => fanOut.counts(),
    server: () => publicServer.traffic,
    sessions: () => publicServer.sessions(),
    process: () => meter.read(),
    refusals: () => adminServer.refusals,
  };
  const adminServer = new AdminServer({
    clock,
    log,
    listen: config.admin,
    metrics: () => metrics.scrape(),
    readiness: () => loading.checks(),
    status: () => statusOf(status, loading.checks()),
    reload: () => reloading.reload('api'),
    receiver: (name) => sources.ingests.find((ingest) => ingest.name === name)?.receiver,
    replay: (name) => {
      const ingest = sources.reading(name);
      return ingest && ((records) => ingest.replay(records));
    },
    confirmable: (name) => sources.reading(name),
  });

  // Another configuration while it runs.
  const parts = {
    clock,
    log,
    outbound,
    policyOf: nextPolicy,
    fanOut,
    sources,
    authenticator,
    publicServer,
    adminServer,
  };
  const reloading: Reloading = new Reloading({
    ...deps,
    running: config,
    read: deps.readConfig,
    reconfigure: (change, signal) => reconfigure(parts, change, signal),
  });
  const metrics = createMetrics({
    version,
    role: 'single',
    get isInsecure() {
      return reloading.running.auth.kind === 'none';
    },
    reload: () => reloading.state,
    sources: () => sources.ingests.map((ingest) => ingest.figures()),
    fanOut: () => fanOut.counts(),
    server: () => publicServer.traffic,
    logLinesDropped: droppedLogLines,
    adminRefusals: () => adminServer.refusals,
    pushes: () => adminServer.pushes,
  });

  const stop = async (kind: StopKind) => {
    const plan = stopPlan(kind, reloading.running.shutdown, { isKnown: loading.isLoaded });
    loading.drain();
    await reloading.stop();
    await publicServer.stop(plan);
    await sources.stop();
    fanOut.stop();
    await adminServer.stop();
    meter.stop();
  };
  let stopped: Promise<void> | undefined;
  const stopOnce = (kind: StopKind = 'at-once') => (stopped ??= stop(kind));

  const listening = listenOn(publicServer, adminServer);
  const [publicAddress, adminAddress] = await listening.catch(async (error: unknown) => {
    await stopOnce(); // who embeds this goes on
    throw error;
  });
  sources.start();
  return {
    ready: loading.ready,
    publicUrl: `http://${publicAddress.host}:${publicAddress.port}`,
    adminUrl: `http://${adminAddress.host}:${adminAddress.port}`,
    reload: (trigger) => reloading.reload(trigger),
    get config() {
      return reloading.running;
    },
    stop: stopOnce,
  };
}

async function listenOn(publicServer: PublicServer, adminServer: AdminServer) {
  return [await publicServer.listen(), await adminServer.listen()] as const;
}

interface IngestDeps extends PipelineDeps {
  readonly outbound: Outbound;
  readonly writer: LogWriter;
  readonly limits: Limits;
}

function ingestOf(
  source: SourceConfig,
  connected: Source,
  { clock, log, outbound, writer, limits }: IngestDeps,
): Ingest {
  return new Ingest({
    ...readingOf(source, limits, {
      outbound,
      onUnusableSchema: (id, reason) =>
        log.warn('schema-unusable', { source: source.name, schema: id, reason }),
    }),
    name: source.name,
    source: connected,
    contended: source.contended,
    expireAfterMs: source.expireAfterMs,
    maxPaths: source.maxPaths,
    atomic: source.atomic,
    writer,
    clock,
    log,
    onFlood: source.deadLetters.onFlood,
    deadLetters: deadLetterSink(source, { clock, log, outbound }),
  });
}
