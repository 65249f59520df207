// `tailrace run`: starts the pipeline, says so, and stops it in order when it is told to.

import { systemClock, type Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { ConnectorTypes } from '../config/sources.js';
import { TailraceError } from '../errors.js';
import type { Log } from '../telemetry/logger.js';
import { readConfigFile, factsOf } from './config-file.js';
import { findingText } from '../config/finding.js';
import { EXIT, exitCodeOf, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import type { StopRequests } from './stop-requests.js';

/** What runs, as src/pipeline.ts gives it. */
export interface RunningPipeline {
  /** Resolves when every source has loaded, or has failed for long enough to be served stale. */
  readonly ready: Promise<void>;
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** Stops accepting, tells clients, flushes, closes sources. Idempotent. */
  stop(): Promise<void>;
}

export interface PipelineDeps {
  readonly log: Log;
  readonly clock: Clock;
  /** Aborts a start that is still under way. */
  readonly signal: AbortSignal;
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
  readonly startPipeline: StartPipeline;
  /** Called once the level is known. `isForPeople`: a person reads it at a terminal. */
  readonly openLog: (level: Config['log']['level']) => { readonly log: Log; readonly isForPeople: boolean };
}

/** Returns when it has stopped. */
export async function run(options: RunOptions, context: RunContext): Promise<ExitCode> {
  const loaded = readConfigFile(options.config, context.connectors, context.env);
  const { config, findings } = loaded;
  const quietest = options.quiet === true && config?.log.level !== 'error' ? 'warn' : undefined;
  const { log, isForPeople } = context.openLog(quietest ?? config?.log.level ?? 'info');
  for (const finding of findings) {
    if (isForPeople) context.output.notice(findingText(finding));
    else log[finding.severity === 'error' ? 'error' : 'warn'](finding.code, factsOf(finding));
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
  return await runPipeline(config, log, context);
}

async function runPipeline(config: Config, log: Log, context: RunContext): Promise<ExitCode> {
  const { stops, startPipeline } = context;
  let pipeline: RunningPipeline;
  try {
    pipeline = await startPipeline(config, { log, clock: systemClock, signal: stops.signal });
  } catch (error) {
    if (stops.signal.aborted) return EXIT.fine;
    const known = startError(error);
    log.error(known instanceof TailraceError ? known.code : 'unexpected', { error: known });
    return exitCodeOf(known);
  }
  log.info('listening', { publicUrl: pipeline.publicUrl, adminUrl: pipeline.adminUrl });
  const failed = await Promise.race([
    pipeline.ready.then(
      () => {
        if (!stops.signal.aborted) log.info('ready', { sources: config.sources.length });
        return stops.requested;
      },
      (error: unknown) => (stops.signal.aborted ? undefined : { error }),
    ),
    stops.requested,
  ]);
  if (failed !== undefined) log.error('unexpected', { error: failed.error });
  const code = await stopWithin(pipeline, log, config.shutdown.graceMs);
  return failed === undefined ? code : EXIT.failed;
}

async function stopWithin(pipeline: RunningPipeline, log: Log, graceMs: number): Promise<ExitCode> {
  log.info('stopping', { graceMs });
  const since = systemClock.monotonic();
  let cancel = (): void => undefined;
  const timeout = new Promise<'late'>((resolve) => {
    cancel = systemClock.after(graceMs, () => resolve('late'));
  });
  const outcome = await Promise.race([pipeline.stop().then(() => 'stopped' as const), timeout]);
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
