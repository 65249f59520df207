// Takes up a changed configuration while the process runs: all of it, or nothing. What is wrong with it is said exactly as at a
// start, and what ran before still runs. How a change is carried out is the pipeline's.

import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { differenceOf } from '../config/difference.js';
import type { Finding } from '../config/finding.js';
import type { LoadedConfig } from '../config/load.js';
import { TailraceError } from '../errors.js';
import type { ReloadFinding, ReloadReport } from '../server/admin-api.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';
import { SourcesRefused } from './running-sources.js';

/** What asked for it: SIGHUP, a file that changed, the operator's API. */
export type ReloadTrigger = 'signal' | 'file' | 'api';

export interface ReloadingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly running: Config;
  /** Reads the configuration and the files that it names anew; throws `file-unreadable`. undefined: it came from no file. */
  readonly read: (() => LoadedConfig | Promise<LoadedConfig>) | undefined;
  /** Carries out a change, or rejects with {@link SourcesRefused} and changes nothing. */
  readonly reconfigure: (
    change: { readonly running: Config; readonly next: Config },
    signal: AbortSignal,
  ) => Promise<void>;
}

/** The last attempt, for metrics and for `/v1/status`. */
export interface ReloadState {
  readonly success: boolean;
  /** Wall time at which what runs was taken up. */
  readonly appliedAt: Ms;
}

/** Invariant: one reload at a time, in the order in which they were asked for; `#running` is what the process does. */
export class Reloading {
  readonly #options: ReloadingOptions;
  readonly #stopping = new AbortController();
  #running: Config;
  #state: ReloadState;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReloadingOptions) {
    this.#options = options;
    this.#running = options.running;
    this.#state = { success: true, appliedAt: options.clock.now() };
  }

  get running(): Config {
    return this.#running;
  }

  get state(): ReloadState {
    return this.#state;
  }

  /** Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    const reloaded = this.#last.then(() => this.#reload(trigger));
    this.#last = reloaded;
    return reloaded;
  }

  /** From here on nothing is taken up. Resolves when a reload that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#last;
  }

  async #reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    const report = this.#stopping.signal.aborted ? refusal(STOPPING) : await this.#attempt();
    const { clock, log } = this.#options;
    const success = report.outcome !== 'rejected';
    this.#state = {
      success,
      appliedAt: report.outcome === 'applied' ? clock.now() : this.#state.appliedAt,
    };
    if (report.outcome === 'rejected') {
      for (const { code, ...facts } of report.findings)
        log.error('config-mistake', { finding: code, ...facts });
      log.error('config-reload-rejected', { trigger, findings: report.findings.length });
    } else if (report.outcome === 'applied') {
      log.info('config-reloaded', { trigger, changes: report.changes });
    } else {
      log.info('config-unchanged', { trigger });
    }
    return report;
  }

  async #attempt(): Promise<ReloadReport> {
    try {
      const { read, reconfigure } = this.#options;
      if (read === undefined) return { outcome: 'unchanged' };
      const { config, findings } = await read();
      const errors = findings.filter(({ severity }) => severity === 'error');
      if (config === undefined) return { outcome: 'rejected', findings: errors.map(reported) };
      const { changes, needRestart } = differenceOf(this.#running, config);
      if (changes.length === 0) return { outcome: 'unchanged' };
      if (needRestart.length > 0) return refusal(...needRestart.map(restartFinding));
      await reconfigure({ running: this.#running, next: config }, this.#stopping.signal);
      this.#running = config;
      return { outcome: 'applied', changes };
    } catch (error) {
      return this.#refused(error);
    }
  }

  #refused(error: unknown): ReloadReport {
    if (error instanceof SourcesRefused) {
      return refusal(
        ...error.sources.map(({ name, reason }) => ({
          code: 'source-options-rejected',
          message: reason,
          path: `sources.${name}`,
        })),
      );
    }
    if (error instanceof TailraceError) return refusal({ code: error.code, message: error.message });
    if (this.#stopping.signal.aborted) return refusal(STOPPING);
    this.#options.log.error('unexpected', { error });
    return refusal({ code: 'unexpected', message: 'a bug: see the log' });
  }
}

const STOPPING: ReloadFinding = { code: 'stopping', message: 'the process is about to end' };

function refusal(...findings: ReloadFinding[]): ReloadReport {
  return { outcome: 'rejected', findings };
}

function restartFinding(path: string): ReloadFinding {
  const message = `${path} is taken up by a restart only; put the former value back, or restart the process`;
  return { code: 'needs-restart', message, path, docs: 'docs/config.md#the-file' };
}

function reported({ code, message, suggestion, path, file, line, column, docs }: Finding): ReloadFinding {
  const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
  return { code, message: message + hint, path, file, line, column, docs };
}
