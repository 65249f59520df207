// `tailrace run`: starts the pipeline, says so, and stops it in order when it is told to.

import { systemClock, type Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { ConnectorTypes } from '../config/sources.js';
import { TailraceError } from '../errors.js';
import type { LoadedConfig } from '../config/load.js';
import type { ReloadTrigger } from '../lifecycle/reloading.js';
import type { StopKind } from '../lifecycle/stop-plan.js';
import type { ReloadReport } from '../server/admin-api.js';
import type { RootLog } from '../telemetry/logger.js';
import { readConfigFile, factsOf } from './config-file.js';
import { findingText } from '../config/finding.js';
import { EXIT, exitCodeOf, type ExitCode } from './exit-code.js';
import { filesOf, listenForReloads } from './reload-requests.js';
import type { Output } from './output.js';
import type { SignalSource, StopRequests } from './stop-requests.js';

/** What runs, as src/pipeline.ts gives it. */
export interface RunningPipeline {
  /** Resolves when every source has loaded, or has failed for long enough to be served stale. */
  readonly ready: Promise<void>;
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** What runs: the last configuration that was taken up. */
  readonly config: Config;
  /** Takes up what the configuration says now, all of it or nothing. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport>;
  /** Unready at once; then tells clients and closes them, closes sources and ports. The first call decides how. */
  stop(kind?: StopKind): Promise<void>;
}

export interface PipelineDeps {
  readonly log: RootLog;
  readonly clock: Clock;
  /** Aborts a start that is still under way. */
  readonly signal: AbortSignal;
  /** Reads the configuration anew, for reloads. Throws `file-unreadable`. */
  readonly readConfig: () => Promise<LoadedConfig>;
  /** As it was named. */
  readonly configFile: string;
}

/** Resolves when both ports listen; sources may still be loading. */
export type StartPipeline = (config: Config, deps: PipelineDeps) => Promise<RunningPipeline>;

export interface RunOptions {
  readonly config: string;
  readonly quiet?: boolean;
}

export interface RunContext {
  readonly output: Output;
  readonly connectors: ConnectorTypes;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly stops: StopRequests;
  readonly signals: SignalSource;
  readonly startPipeline: StartPipeline;
  /** Called once the level is known. `isForPeople`: a person reads it at a terminal. */
  readonly openLog: (level: Config['log']['level']) => {
    readonly log: RootLog;
    readonly isForPeople: boolean;
  };
}

/** Returns when it has stopped. */
export async function run(options: RunOptions, context: RunContext): Promise<ExitCode> {
  const file = new ConfigOnDisk(options.config, context);
  const { config, findings } = await file.read();
  const quietest = options.quiet === true && config?.log.level !== 'error' ? 'warn' : undefined;
  const { log, isForPeople } = context.openLog(quietest ?? config?.log.level ?? 'info');
  for (const finding of findings) {
    if (isForPeople) context.output.notice(findingText(finding));
    else if (finding.severity === 'warning') log.warn(finding.code, factsOf(finding));
    else log.error('config-mistake', { finding: finding.code, ...factsOf(finding) });
  }
  if (config === undefined) {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    log.error('config-rejected', { file: options.config, errors });
    return EXIT.config;
  }
  log.info('starting', { version: context.version, node: process.version, config: options.config });
  if (config.auth.kind === 'none') {
    log.warn('auth-none', {
      host: config.listen.host,
      meaning: 'everybody on this machine is let in, without a role',
    });
  }
  return await runPipeline(config, log, { ...context, file });
}

async function runPipeline(
  config: Config,
  log: RootLog,
  context: RunContext & { readonly file: ConfigOnDisk },
): Promise<ExitCode> {
  const { stops, startPipeline, signals, file } = context;
  let pipeline: RunningPipeline;
  try {
    const readConfig = () => file.read();
    const deps = { log, clock: systemClock, signal: stops.signal, readConfig, configFile: file.path };
    pipeline = await startPipeline(config, deps);
  } catch (error) {
    if (stops.signal.aborted) return EXIT.fine;
    const known = startError(error);
    log.error(known instanceof TailraceError ? known.code : 'unexpected', { error: known });
    return exitCodeOf(known);
  }
  log.info('listening', { publicUrl: pipeline.publicUrl, adminUrl: pipeline.adminUrl });
  const reloads = listenForReloads({
    signals,
    clock: systemClock,
    files: () => (pipeline.config.reload.watch ? file.files : []),
    reload: (trigger) => pipeline.reload(trigger),
  });
  let hasFailed = false;
  const kind = await Promise.race([
    pipeline.ready.then(
      () => {
        if (!stops.signal.aborted) log.info('ready', { sources: config.sources.length });
        return stops.requested;
      },
      (error: unknown) => {
        if (stops.signal.aborted) return stops.requested;
        log.error('unexpected', { error });
        hasFailed = true;
        return 'at-once' as const;
      },
    ),
    stops.requested,
  ]);
  reloads.release();
  const { graceMs } = pipeline.config.shutdown;
  const code = await stopWithin(pipeline, kind, { log, graceMs });
  return hasFailed ? EXIT.failed : code;
}

/** The configuration as it is on disk, and which files that is. */
class ConfigOnDisk {
  readonly #path: string;
  readonly #context: RunContext;
  #files: readonly string[];

  constructor(path: string, context: RunContext) {
    this.#path = path;
    this.#context = context;
    this.#files = [path];
  }

  get path(): string {
    return this.#path;
  }

  /** As of the last {@link read}. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Rejects with `file-unreadable`. */
  async read(): Promise<LoadedConfig> {
    const loaded = await readConfigFile(this.#path, this.#context.connectors, this.#context.env);
    this.#files = filesOf(this.#path, loaded);
    return loaded;
  }
}

async function stopWithin(
  pipeline: RunningPipeline,
  kind: StopKind,
  { log, graceMs }: { readonly log: RootLog; readonly graceMs: number },
): Promise<ExitCode> {
  log.info('stopping', { kind, graceMs });
  const since = systemClock.monotonic();
  let cancel = (): void => undefined;
  const timeout = new Promise<'late'>((resolve) => {
    cancel = systemClock.after(graceMs, () => resolve('late'));
  });
  const outcome = await Promise.race([pipeline.stop(kind).then(() => 'stopped' as const), timeout]);
  cancel();
  if (outcome === 'late') {
    log.error('stop-timed-out', { graceMs });
    return EXIT.failed;
  }
  log.info('stopped', { tookMs: Math.round(systemClock.monotonic() - since) });
  return EXIT.fine;
}

/** A port that is taken is no bug. Node tells it by the code of the error. */
function startError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return error;
  const address = error instanceof Error && 'address' in error ? String(error.address) : '';
  const port = error instanceof Error && 'port' in error ? String(error.port) : '';
  const why = {
    EADDRINUSE: 'is in use by another process',
    EACCES: 'needs a privilege',
    EADDRNOTAVAIL: 'is not of this machine',
  };
  return new TailraceError('address-unavailable', `${address}:${port} ${why[code]}`, { cause: error });
}
