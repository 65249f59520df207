// When a process is ready for clients: each source has been read to the end that it had at the start, or has failed for so long
// that serving without it is better. Once ready, it is ready until it is told to stop: a later outage shows as stale paths.

import type { Cancel, Clock } from '../clock.js';
import type { SourceStatus } from '../ingest/status.js';
import type { ReadinessCheck } from '../server/admin-api.js';
import type { Log } from '../telemetry/logger.js';
import type { Ms } from '../topic/update.js';

/** What loading looks at: src/ingest has one per source. */
export interface LoadingSource {
  readonly name: string;
  readonly paths: number;
  readonly status: SourceStatus;
}

/** A source that cannot be read for so long holds up nobody any more. */
const GIVE_UP_AFTER_MS: Ms = 60_000;
const LOOK_EVERY_MS: Ms = 100;
const TELL_EVERY_MS: Ms = 2_000;

/** Invariant: a name in `#waitingFor` is a source that is neither loaded nor given up; names only leave it. */
export class Loading {
  readonly ready: Promise<void>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sources: () => readonly LoadingSource[];
  readonly #waitingFor: Set<string>;
  readonly #since: Ms;
  #isDraining = false;
  #toldAt: Ms;
  #cancel: Cancel = () => undefined;
  #resolve: () => void = () => undefined;

  /** `sources`: those of the configuration now. Only those that there are at the beginning are waited for. */
  constructor(clock: Clock, log: Log, sources: () => readonly LoadingSource[]) {
    this.#clock = clock;
    this.#log = log;
    this.#sources = sources;
    this.#waitingFor = new Set(sources().map(({ name }) => name));
    this.#since = clock.monotonic();
    this.#toldAt = this.#since;
    this.ready = new Promise((resolve) => (this.#resolve = resolve));
    this.#look();
  }

  /** For `/readyz`: one check per source, and that the process is not about to end. */
  checks(): readonly ReadinessCheck[] {
    const sources = this.#sources().map((source) => ({
      name: `source ${source.name}`,
      isReady: !this.#waitingFor.has(source.name),
      detail: describe(source),
    }));
    const isReady = !this.#isDraining;
    return [...sources, { name: 'sessions', isReady, detail: isReady ? 'accepted' : 'draining' }];
  }

  /** Whether every source is loaded or given up: a balancer may have sent clients here. */
  get isLoaded(): boolean {
    return this.#waitingFor.size === 0;
  }

  /** The process is told to stop: not ready from this moment on. Lets go of its timer; `ready` stays as it is. */
  drain(): void {
    this.#isDraining = true;
    this.#cancel();
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const sources = this.#sources();
    for (const name of this.#waitingFor)
      if (!sources.some((each) => each.name === name)) this.#waitingFor.delete(name);
    for (const { name, status } of sources) {
      const hasFailed = status.state === 'stopped' || now - this.#since >= GIVE_UP_AFTER_MS;
      const isLoading = status.progress !== undefined && status.state !== 'degraded';
      if (isLoaded(status) || (hasFailed && !isLoading)) this.#waitingFor.delete(name);
    }
    if (this.#waitingFor.size === 0) return this.#resolve();
    if (now - this.#toldAt >= TELL_EVERY_MS) this.#tell(now);
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #tell(now: Ms): void {
    this.#toldAt = now;
    for (const source of this.#sources()) {
      if (!this.#waitingFor.has(source.name)) continue;
      const { done, total } = source.status.progress ?? {};
      this.#log.info('source-loading', {
        source: source.name,
        done,
        total,
        paths: source.paths,
        reason: source.status.reason,
      });
    }
  }
}

/** A source that was never live before it became degraded still says how far it has come. */
function isLoaded({ state, progress }: SourceStatus): boolean {
  return state === 'live' || (state === 'degraded' && progress === undefined);
}

/** `37 % of 2100000 records`, or the state and why. */
function describe({ status, paths }: LoadingSource): string {
  const { state, reason, progress } = status;
  if (progress !== undefined && progress.total > 0) {
    return `${Math.floor((100 * progress.done) / progress.total)} % of ${progress.total} records`;
  }
  return reason === undefined ? `${state}, ${paths} paths` : `${state}: ${reason}`;
}
