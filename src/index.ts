// The door of the package for programs that run Tailrace in their own process: `import { Tailrace } from 'tailrace'`. It ends no
// process and listens for no signal; that is for who embeds it. What is built and joined is src/pipeline.ts.

import { connectors as builtIn } from '../connectors/registry.js';
import type { SourceType } from '../connectors/contract.js';
import { factsOf, loadConfigText, readConfigFile } from './cli/config-file.js';
import { filesOf } from './cli/reload-requests.js';
import { systemClock } from './clock.js';
import type { Config } from './config/config.js';
import { findingText, type Finding } from './config/finding.js';
import type { LoadedConfig } from './config/load.js';
import { connectorFault } from './config/outside-connectors.js';
import { SOURCE_SCHEMA } from './config/schemas.js';
import { TailraceError } from './errors.js';
import { watchConfig } from './lifecycle/config-watch.js';
import type { StopKind } from './lifecycle/stop-plan.js';
import { startPipeline, type RunningPipeline } from './pipeline.js';
import type { ReloadReport } from './server/admin-api.js';
import { createLog, type LogLevel, type RootLog } from './telemetry/logger.js';

export * from '../connectors/contract.js';
export type { Finding } from './config/finding.js';
export type { ReloadFinding, ReloadReport } from './server/admin-api.js';
export { TailraceError } from './errors.js';

/** A configuration as an object, as one would write it in YAML. Files that it names count from the working directory. */
export type WrittenConfig = Readonly<Record<string, unknown>>;

/** One line of the log: an event with its facts. Never payloads, keys or secrets. */
export interface LogLine {
  readonly level: LogLevel;
  /** ISO 8601. */
  readonly time: string;
  /** `source-live`, `config-reloaded`, or of an error a code of docs/errors.md. */
  readonly event: string;
  readonly [fact: string]: unknown;
}

export interface TailraceOptions {
  /** Path of a configuration file, which is watched as `reload.watch` says; or the configuration itself. */
  readonly config: string | WrittenConfig;
  /** Beside those that are built in; sources of one are configured under its `type`. */
  readonly connectors?: readonly SourceType<never>[];
  /** What `{ env: NAME }` and `TAILRACE__…` refer to. Left out: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes the log. Left out: JSON lines on stderr. */
  readonly log?: (line: LogLine) => void;
}

/** The configuration has mistakes. The message lists all of them with their lines. */
export class ConfigRejected extends TailraceError {
  /** Mistakes, and warnings too, in the order of the file. */
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super('config-rejected', findings.map(findingText).join('\n'));
    this.findings = findings;
  }
}

/** Invariant: what it started is stopped by {@link stop} and by nothing else, and nothing of it outlives that. */
export class Tailrace {
  readonly #pipeline: RunningPipeline;
  readonly #source: ConfigSource;
  readonly #watch: { stop(): void };

  private constructor(pipeline: RunningPipeline, source: ConfigSource) {
    this.#pipeline = pipeline;
    this.#source = source;
    this.#watch = watchConfig({
      clock: systemClock,
      files: () => (pipeline.config.reload.watch ? source.files : []),
      changed: () => void pipeline.reload('file'),
    });
  }

  /**
   * Resolves when both ports listen; sources may still be loading: {@link ready}. Rejects with {@link ConfigRejected}, and with a
   * TailraceError when a file cannot be read (`file-unreadable`) or a port is taken (`address-unavailable`); nothing runs then.
   */
  static async start(options: TailraceOptions): Promise<Tailrace> {
    const source = new ConfigSource(options);
    const { config, findings } = await source.read();
    if (config === undefined) throw new ConfigRejected(findings);
    const log = logOf(config, options);
    for (const finding of findings) log.warn(finding.code, factsOf(finding));
    const { signal } = new AbortController();
    const readConfig = () => source.read();
    return new Tailrace(await startPipeline(config, { clock: systemClock, log, signal, readConfig }), source);
  }

  /** Resolves when every source has loaded, or has failed for long enough to be served stale. */
  get ready(): Promise<void> {
    return this.#pipeline.ready;
  }

  /** `http://host:port`; clients connect to `/v1/stream` there, with ws in the place of http. */
  get publicUrl(): string {
    return this.#pipeline.publicUrl;
  }

  /** `http://host:port` of metrics, health and the admin API. */
  get adminUrl(): string {
    return this.#pipeline.adminUrl;
  }

  /**
   * Takes up what the file says now, or another object: all of it or nothing. Never rejects; what is wrong with it is in the
   * report, and what ran before runs on.
   */
  reload(config?: WrittenConfig): Promise<ReloadReport> {
    if (config !== undefined) this.#source.replace(config);
    return this.#pipeline.reload('api');
  }

  /** `drain`: as SIGTERM stops the program, within `shutdown.grace`. `at-once`: as Ctrl-C does. Idempotent. */
  async stop(kind: StopKind = 'drain'): Promise<void> {
    this.#watch.stop();
    await this.#pipeline.stop(kind);
  }
}

/** Where the configuration comes from, each time that it is read. */
class ConfigSource {
  readonly #options: TailraceOptions;
  readonly #connectors: readonly SourceType<unknown>[];
  #config: string | WrittenConfig;
  #files: readonly string[] = [];

  constructor(options: TailraceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#connectors = withOwn(options.connectors ?? []);
  }

  /** That it was read from last time; none where it is an object. */
  get files(): readonly string[] {
    return this.#files;
  }

  replace(config: WrittenConfig): void {
    this.#config = config;
  }

  async read(): Promise<LoadedConfig> {
    const { env = process.env } = this.#options;
    const config = this.#config;
    if (typeof config === 'string') {
      const loaded = await readConfigFile(config, this.#connectors, env);
      this.#files = filesOf(config, loaded);
      return loaded;
    }
    this.#files = [];
    const file = { name: 'config', text: JSON.stringify(config, null, 2) };
    return loadConfigText(file, this.#connectors, { env, folder: process.cwd() });
  }
}

/** Throws a TypeError for what is no connector, or has the name of another one or of an option. */
function withOwn(own: readonly SourceType<never>[]): readonly SourceType<unknown>[] {
  const all: SourceType<unknown>[] = [...builtIn];
  const options = Object.keys(SOURCE_SCHEMA['properties'] as object);
  for (const connector of own) {
    const fault = connectorFault(connector);
    if (fault !== undefined) throw new TypeError(`options.connectors: ${fault}`);
    const { type } = connector;
    if (options.includes(type) || all.some((each) => each.type === type))
      throw new TypeError(`options.connectors: ${type} is the name of something else already`);
    all.push(connector);
  }
  return all;
}

function logOf({ log: { level } }: Config, { log }: TailraceOptions): RootLog {
  if (log === undefined) return createLog({ level, style: 'json' });
  return createLog({ level, style: 'json', write: (line) => log(JSON.parse(line) as LogLine) });
}
