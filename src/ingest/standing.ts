// What a source is doing, put together from what its connector says and from what holds up ingest itself; told to the log, so that
// subscribers know whether they can trust its values, and to the operator's log, once per change.

import type { Clock } from '../clock.js';
import type { LogWriter } from '../log/log.js';
import type { IngestLog } from './rejection.js';
import type { SourceState, SourceStatus } from './status.js';

/** What holds up ingest while the upstream may be well. Of several, the one named first here is shown. */
const OBSTACLES = ['storage', 'schemas', 'flood'] as const;
export type ObstacleKind = (typeof OBSTACLES)[number];

/** In the operator's log. */
const EVENTS: Readonly<Record<SourceState, string>> = {
  starting: 'source-starting',
  live: 'source-live',
  stale: 'source-stale',
  degraded: 'source-degraded',
  stopped: 'source-stopped',
};

export interface Obstacle {
  readonly state: 'stale' | 'degraded';
  readonly reason: string;
  /** Whether the values of the source can be trusted all the same. */
  readonly isFresh: boolean;
}

export interface StandingOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly writer: LogWriter;
  readonly log: IngestLog;
  /** Facts for the operator's log at every change. */
  readonly facts: () => Readonly<Record<string, unknown>>;
}

/** Invariant: `status` is what was said last of connector and obstacles, and the log has been told whether that is fresh. */
export class Standing {
  readonly #options: StandingOptions;
  readonly #obstacles = new Map<ObstacleKind, Obstacle>();
  #said: Pick<SourceStatus, 'reason'> & { readonly state: Exclude<SourceState, 'degraded'> };
  #status: SourceStatus;
  #isFresh = false;

  constructor(options: StandingOptions) {
    this.#options = options;
    this.#said = { state: 'starting', reason: undefined };
    this.#status = { ...this.#said, since: options.clock.now(), progress: undefined };
  }

  get status(): SourceStatus {
    return this.#status;
  }

  /** Whether the connector follows its upstream, and nothing holds up ingest. */
  get isFollowing(): boolean {
    return this.#said.state === 'live' && this.#obstacles.size === 0;
  }

  progress(progress: SourceStatus['progress']): void {
    this.#status = { ...this.#status, progress };
  }

  /** What the connector says, or what came of it. */
  say(state: Exclude<SourceState, 'degraded'>, reason?: string): void {
    this.#said = { state, reason };
    this.#change();
  }

  /** Until {@link clear}. */
  obstruct(kind: ObstacleKind, obstacle: Obstacle): void {
    this.#obstacles.set(kind, obstacle);
    this.#change();
  }

  clear(kind: ObstacleKind): void {
    if (this.#obstacles.delete(kind)) this.#change();
  }

  /** Of a source that is out of contact, or stopped, only what is as bad is shown in place of that. */
  #shownObstacle(): Obstacle | undefined {
    if (this.#said.state === 'stopped') return undefined;
    const kind = OBSTACLES.find((each) => this.#obstacles.has(each));
    const obstacle = kind === undefined ? undefined : this.#obstacles.get(kind);
    return obstacle?.state === 'degraded' && this.#said.state === 'stale' ? undefined : obstacle;
  }

  #change(): void {
    const { clock, writer, log, name, facts } = this.#options;
    const obstacle = this.#shownObstacle();
    const { state, reason } = obstacle ?? this.#said;
    const isFresh = this.#said.state === 'live' && (obstacle?.isFresh ?? true);
    const former = this.#status;
    const isSame = former.state === state && former.reason === reason;
    if (isSame && this.#isFresh === isFresh) return;
    const since = former.state === state ? former.since : clock.now();
    const isOver = state === 'live' || state === 'stopped';
    this.#status = { state, since, reason, progress: isOver ? undefined : former.progress };
    this.#isFresh = isFresh;
    writer.markSource(isFresh ? { state: 'live' } : { state: 'stale', since });
    if (isSame) return;
    const line = { source: name, reason, ...facts() };
    if (state === 'stale' || state === 'degraded') log.warn(EVENTS[state], line);
    else log.info(EVENTS[state], line);
  }
}
