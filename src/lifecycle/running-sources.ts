// The sources that this process reads, and how another configuration changes them: what is the same keeps running, and so does what
// only gets at the same records in another way; what differs is read anew while its values stay (stale) with subscribers, what is
// gone takes its paths with it.

import { OptionsRejected, type Source } from '../../connectors/contract.js';
import type { Clock } from '../clock.js';
import { isSameConfig } from '../config/difference.js';
import type { SourceConfig } from '../config/config.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';

export interface RunningSourcesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The connector's source. Contacts nobody yet. */
  readonly connect: (config: SourceConfig) => Source;
  /** Whether all that the source needs is there. Rejects with the contract's errors. */
  readonly probe: (config: SourceConfig, source: Source, signal: AbortSignal) => Promise<void>;
  /** The reader of a source into its lane of the log, which it claims. */
  readonly createIngest: (config: SourceConfig, source: Source) => Ingest;
}

/** A source whose options its upstream refused. */
export interface RefusedSource {
  readonly name: string;
  readonly reason: string;
}

/** Nothing has been changed: the upstreams of some sources refused their options. */
export class SourcesRefused extends Error {
  override readonly name = 'SourcesRefused';
  readonly sources: readonly RefusedSource[];

  constructor(sources: readonly RefusedSource[]) {
    super(sources.map(({ name, reason }) => `${name}: ${reason}`).join('; '));
    this.sources = sources;
  }
}

interface Running {
  /** Others are put in its place that only the source itself is concerned with. */
  config: SourceConfig;
  readonly source: Source;
  readonly ingest: Ingest;
  readonly stopping: AbortController;
  /** Resolved before it begins to read, and when it has ended. */
  ended: Promise<void>;
}

interface Arrival {
  readonly config: SourceConfig;
  readonly source: Source;
}

/** A change that has been tried as far as it can be without changing anything. */
export interface PreparedSources {
  /** Carries it out. Never refuses. Once. */
  commit(): Promise<void>;
}

/** How long an upstream may take to let a new source in, until the change is made all the same: it may be down just now. */
const PROBE_MS: Ms = 10_000;

/** Invariant: of each name there is at most one reader that runs. Changes come one at a time. */
export class RunningSources {
  readonly #options: RunningSourcesOptions;
  #running: readonly Running[];

  constructor(configs: readonly SourceConfig[], options: RunningSourcesOptions) {
    const { connect, createIngest } = options;
    this.#options = options;
    this.#running = configs.map((config) => {
      const source = connect(config);
      return waiting({ config, source }, createIngest(config, source));
    });
  }

  /** In the order of the configuration. */
  get ingests(): readonly Ingest[] {
    return this.#running.map(({ ingest }) => ingest);
  }

  /** The reader of that source; undefined: there is none, or it has stopped for good. */
  reading(name: string): Ingest | undefined {
    return this.ingests.find((each) => each.name === name && each.status.state !== 'stopped');
  }

  /** Begins to read. Once, before anything else. */
  start(): void {
    for (const each of this.#running) begin(each);
  }

  /**
   * Connects to what is new or differs. Rejects with {@link SourcesRefused} where an upstream says that it can never work, and
   * when `signal` aborts. `retry`: also those that are the same and have stopped, of which what it was about has changed.
   */
  async prepare(
    configs: readonly SourceConfig[],
    signal: AbortSignal,
    { retry }: { readonly retry?: 'stopped' } = {},
  ): Promise<PreparedSources> {
    const isLeftOff = ({ ingest }: Running) => retry === 'stopped' && ingest.status.state === 'stopped';
    const isKept = (config: SourceConfig) =>
      this.#running.some((each) => isSameConfig(each.config, config) && !isLeftOff(each));
    const arrivals = configs
      .filter((config) => !isKept(config))
      .map((config): Arrival => ({ config, source: this.#options.connect(config) }));
    const probed = await Promise.all(arrivals.map((arrival) => this.#probe(arrival, signal)));
    const refused = probed.filter((each) => typeof each === 'object');
    if (refused.length > 0 || signal.aborted) {
      await Promise.all(arrivals.map(({ source }) => source.close()));
      signal.throwIfAborted();
      throw new SourcesRefused(refused);
    }
    const reached = new Set(arrivals.filter((_, index) => probed[index] === 'reached'));
    return { commit: () => this.#commit(configs, arrivals, reached) };
  }

  /** Stops reading. Values stay where they are. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map(end));
    await Promise.all(this.#running.map(({ ingest }) => ingest.release()));
  }

  async #probe(
    { config, source }: Arrival,
    signal: AbortSignal,
  ): Promise<RefusedSource | 'reached' | 'unknown'> {
    const { clock, log, probe } = this.#options;
    const { name } = config;
    const late = new AbortController();
    const cancel = clock.after(PROBE_MS, () => late.abort());
    const until = AbortSignal.any([signal, late.signal]);
    try {
      await Promise.race([probe(config, source, until), aborted(until)]);
      return 'reached';
    } catch (error) {
      if (error instanceof OptionsRejected) return { name, reason: error.message };
      if (!signal.aborted) log.warn('source-not-reached', { source: name, error });
    } finally {
      cancel();
    }
    return 'unknown';
  }

  /** Whether the source that runs under this name goes on with the options, which work and are all that differs. */
  #adopt({ config }: Arrival): boolean {
    const running = this.#running.find((each) => each.config.name === config.name);
    if (running === undefined || running.ingest.status.state === 'stopped') return false;
    const isAllElseSame = isSameConfig({ ...config, options: running.config.options }, running.config);
    if (!isAllElseSame || running.source.adopt?.(config.options.reveal()) !== true) return false;
    running.config = config;
    this.#options.log.info('source-options-adopted', { source: config.name });
    return true;
  }

  /** Paths of different sources never meet in one configuration, so all that must go is gone before anything new is read. */
  async #commit(
    configs: readonly SourceConfig[],
    prepared: readonly Arrival[],
    reached: ReadonlySet<Arrival>,
  ): Promise<void> {
    const { createIngest } = this.#options;
    const adopted = new Set(prepared.filter((arrival) => reached.has(arrival) && this.#adopt(arrival)));
    const arrivals = prepared.filter((arrival) => !adopted.has(arrival));
    await Promise.all([...adopted].map(({ source }) => source.close()));
    const arriving = new Map(arrivals.map((arrival) => [arrival.config.name, arrival]));
    const named = new Set(configs.map(({ name }) => name));
    const leaving = this.#running.filter(({ config: { name } }) => arriving.has(name) || !named.has(name));
    await Promise.all(leaving.map(end));
    for (const { config, ingest } of leaving) if (!named.has(config.name)) await ingest.retire();

    const created: Running[] = [];
    for (const { config, source } of arrivals) {
      const former = leaving.find((each) => each.config.name === config.name)?.ingest;
      await former?.release();
      const ingest = createIngest(config, source);
      if (former !== undefined) await ingest.inherit(former);
      created.push(waiting({ config, source }, ingest));
    }
    for (const each of created) begin(each);
    const all = [...this.#running.filter((each) => !leaving.includes(each)), ...created];
    const order = new Map(configs.map(({ name }, index) => [name, index]));
    this.#running = all.sort((a, b) => (order.get(a.config.name) ?? 0) - (order.get(b.config.name) ?? 0));
  }
}

function waiting(arrival: Arrival, ingest: Ingest): Running {
  return { ...arrival, ingest, stopping: new AbortController(), ended: Promise.resolve() };
}

function begin(source: Running): void {
  source.ended = source.ingest.run(source.stopping.signal);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('there was no answer in time')), { once: true });
  });
}

function end({ stopping, ended }: Running): Promise<void> {
  stopping.abort();
  return ended;
}
